"""Pictures of every screen, to be looked at: python -m tests.ui.pictures [--out DIR] [--only NAME ...] [--docs].

Each screen of `routes.py` is taken at 1280 and 360 px, light and dark, with the data of `penstock up --demo`. `--docs` also
writes those that README and docs show, with few colours so that they stay small.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from PIL import Image

from tests.journeys.conftest import Platform
from tests.ui.browser import launched, require_browser
from tests.ui.routes import ROUTES, Route
from tests.ui.screen import Mode
from tests.ui.stage import DEMO, Stage

__all__ = ["DOCUMENTED", "documented", "reduced"]

ROOT: Final = Path(__file__).parents[2]
DOCUMENTED: Final = {
    "fleet": Mode(1280, "dark"),
    "site": Mode(1280, "dark"),
    "building": Mode(1280, "light"),
    "batteries": Mode(1280, "light"),
}
"""Screen → how README and docs show it."""
MAX_BYTES: Final = 150_000
_MODES: Final = tuple(Mode(width, scheme) for width in (1280, 360) for scheme in ("light", "dark"))
_FOLD: Final = 900
"""Rows of px that a documented picture shows at most."""


def documented(name: str) -> Path:
    """Where the documented picture of a screen is."""
    return ROOT / "docs" / "pictures" / f"{name}.png"


def reduced(source: Path, target: Path) -> int:
    """Write the upper part of `source` with as many colours as fit MAX_BYTES; gives the size. Raises ValueError."""
    with Image.open(source) as whole:
        part = whole.convert("RGB").crop((0, 0, whole.width, min(whole.height, _FOLD)))
    for colours in (256, 128, 64, 32):
        part.quantize(colours, dither=Image.Dither.NONE).save(target, optimize=True)
        if (size := target.stat().st_size) <= MAX_BYTES:
            return size
    raise ValueError(f"{target} is {size} bytes with {colours} colours; at most {MAX_BYTES} are wanted")


async def take(stage: Stage, route: Route, out: Path) -> list[Path]:
    """All modes of one screen, from one load."""
    screen = await stage.screen(None if route.public else DEMO)
    if route.public:
        screen.watch.excuse("/v1/me")
    taken: list[Path] = []
    for mode in _MODES:
        if taken:
            await screen.look(mode)
            await screen.settle()
        else:
            await screen.open(route.path, mode)
        taken.append(await screen.picture(out / f"{route.name}-{mode.name}.png"))
    return taken


async def run(out: Path, only: Sequence[str], *, docs: bool) -> None:
    """Start the demonstration, take the pictures, say where they are and what went wrong in the pages."""
    routes = [route for route in ROUTES if not only or route.name in only]
    with tempfile.TemporaryDirectory(prefix="penstock-pictures-") as home:
        platform = Platform(Path(home), "--demo")
        try:
            platform.wait_ready().wait_history()
            async with launched(require_browser()) as browser:
                stage = Stage(browser, platform)
                for route in routes:
                    for path in await take(stage, route, out):
                        sys.stdout.write(f"{path}\n")
                for finding in await stage.close():
                    sys.stderr.write(f"{finding}\n")
        finally:
            platform.stop()
    if docs:
        for route in routes:
            if mode := DOCUMENTED.get(route.name):
                size = reduced(out / f"{route.name}-{mode.name}.png", documented(route.name))
                sys.stdout.write(f"{documented(route.name)} {size:,} bytes\n")


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.ui.pictures", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(tempfile.gettempdir()) / "penstock-pictures")
    parser.add_argument("--only", nargs="+", default=[], choices=[route.name for route in ROUTES], metavar="NAME")
    parser.add_argument("--docs", action="store_true", help="also write docs/pictures/*.png")
    chosen = parser.parse_args()
    asyncio.run(run(chosen.out, chosen.only, docs=chosen.docs))


if __name__ == "__main__":
    main()
