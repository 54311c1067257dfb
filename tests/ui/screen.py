"""One page of the web app under test: opened, looked at in every mode, and judged."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import BrowserContext, CDPSession, Locator, Page

from tests.ui.watch import Watch

__all__ = ["DESKTOP", "MODES", "PHONE", "PROBES", "Mode", "Screen"]

PROBES: Final = Path(__file__).with_name("probes.js")
SETTLE_SECONDS: Final = 20.0
_WCAG: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
_SETTLED: Final = "() => document.documentElement?.dataset.settled === 'true'"
_POLL: Final = 0.02
FOLLOW_SECONDS: Final = 1.0
_ANNOUNCED: Final = "[data-live-announcer] [role=img]"
"""What React Aria has read out by naming another element; it stays for some seconds, in which that element may go."""


@dataclass(frozen=True, slots=True)
class Mode:
    """How a screen is looked at. Up to 640 px wide it is a phone: its pointer is a finger."""

    width: int
    scheme: Literal["light", "dark"] = "light"
    still: bool = True
    """Whether the reader asked for reduced motion."""

    @property
    def height(self) -> int:
        return 800

    @property
    def touch(self) -> bool:
        return self.width <= 640

    @property
    def name(self) -> str:
        return f"{self.width}-{self.scheme}{'' if self.still else '-moving'}"


MODES: Final = tuple(
    Mode(width, scheme, still) for width in (1280, 360) for scheme in ("light", "dark") for still in (True, False)
)
DESKTOP: Final = MODES[0]
PHONE: Final = Mode(360)


class Screen:
    """A page in a browser context of its own. `page` is Playwright's; whatever the helpers here do not do is done with it."""

    def __init__(self, page: Page, cdp: CDPSession, watch: Watch, origin: str) -> None:
        self.page = page
        self.watch = watch
        self._cdp = cdp
        self._origin = origin

    @classmethod
    async def of(cls, context: BrowserContext, origin: str) -> Screen:
        """A new page of `context` that shows what `origin` serves."""
        watch = Watch(context, origin)
        await context.add_init_script(path=PROBES)
        page = await context.new_page()
        page.set_default_timeout(SETTLE_SECONDS * 1_000)
        return cls(page, await context.new_cdp_session(page), watch, origin)

    # -- looking

    async def open(self, path: str, mode: Mode = DESKTOP, *, settled: bool = True) -> None:
        """Load `path` in `mode`; returns once nothing is loading any more, unless `settled` is false."""
        await self.look(mode)
        await self.page.goto(self._origin + path, wait_until="commit")
        if settled:
            await self.settle()

    async def settle(self, seconds: float = SETTLE_SECONDS) -> None:
        """Wait until the app says that no question is open, and the frame that shows the answers is painted."""
        await self.until(_SETTLED, seconds, what="data-settled on <html>")
        await self.probe("afterPaint", wait=True)

    async def until(self, script: str, seconds: float = SETTLE_SECONDS, *, what: str = "") -> Any:
        """The first true value of a JavaScript function, polled; fails after `seconds` with what the watch found.

        Playwright's wait_for_function evaluates inside the page, which the page's Content-Security-Policy forbids.
        """
        deadline = time.monotonic() + seconds
        while not (value := await self.page.evaluate(script)):
            assert time.monotonic() < deadline, (
                f"{self.page.url}: {what or script} did not hold within {seconds} s: {self.watch.findings or 'nothing failed'}"
            )
            await asyncio.sleep(_POLL)
        return value

    async def look(self, mode: Mode) -> None:
        """Change window, colours, motion and pointer of the page as it is, without loading it again."""
        await self.page.emulate_media(
            color_scheme=mode.scheme, reduced_motion="reduce" if mode.still else "no-preference"
        )
        # Chromium may keep inherited colours of the other scheme: what is not drawn at all for a moment is coloured anew.
        await self.page.evaluate(
            "() => { const r = document.documentElement; if (r) { r.style.display = 'none'; void r.offsetHeight; r.style.display = ''; } }"
        )
        touch = {"enabled": True, "maxTouchPoints": 5} if mode.touch else {"enabled": False}
        await self._cdp.send("Emulation.setTouchEmulationEnabled", touch)
        await self.resize(mode.width, mode.height)

    async def resize(self, width: int, height: int = 800) -> None:
        """Another window; returns after the frame that is painted for it."""
        await self.page.set_viewport_size({"width": width, "height": height})
        if self.page.url != "about:blank":
            await self.probe("afterPaint", wait=True)

    async def probe(self, name: str, *arguments: Any, wait: bool = False) -> Any:
        """What a function of probes.js gives; with `wait`, one that calls back is waited for."""
        call = f"window.__probes.{name}"
        script = f"() => new Promise((done) => {call}(done))" if wait else f"(a) => {call}(...a)"
        return await self.page.evaluate(script) if wait else await self.page.evaluate(script, list(arguments))

    async def picture(self, path: Path) -> Path:
        """The page from top to bottom as PNG, written to `path`."""
        path.parent.mkdir(parents=True, exist_ok=True)
        await self.page.screenshot(path=path, full_page=True, animations="disabled", caret="hide")
        return path

    async def downloaded(self, offer: Locator) -> str:
        """Click what offers a file; the text of the file."""
        async with self.page.expect_download() as coming:
            await offer.click()
        download = await coming.value
        return await asyncio.to_thread(Path(await download.path()).read_text)

    # -- judging: findings in words, and the same as assertions

    async def violations(self, rules: Sequence[str] = ()) -> list[str]:
        """What axe finds against WCAG 2.2 A and AA, or only against `rules`."""
        run: Mapping[str, Any] = (
            {"type": "rule", "values": list(rules)} if rules else {"type": "tag", "values": list(_WCAG)}
        )
        if not await self.page.evaluate("() => 'axe' in window"):
            await self.page.evaluate(AXE_SCRIPT)
        options = {"runOnly": run, "resultTypes": ["violations"]}
        async with self._unrolled():
            rules_broken = await self.page.evaluate(
                "async ([what, o]) => (await axe.run(what, o)).violations", [{"exclude": [[_ANNOUNCED]]}, options]
            )
        return [
            f"axe {rule['id']}: {rule['help']}: {node['html'][:160]} ({node['failureSummary'].splitlines()[-1].strip()})"
            for rule in rules_broken
            for node in rule["nodes"]
        ]

    @contextlib.asynccontextmanager
    async def _unrolled(self) -> AsyncGenerator[None]:
        """Meanwhile the window is as high as the page: what sticks to its edges covers nothing that can be scrolled to."""
        size = self.page.viewport_size or {"width": DESKTOP.width, "height": DESKTOP.height}
        height = int(await self.page.evaluate("() => document.documentElement.scrollHeight"))
        if height <= size["height"]:
            yield
            return
        await self.resize(size["width"], height)
        try:
            yield
        finally:
            await self.resize(size["width"], size["height"])

    async def overflow(self) -> list[str]:
        """What makes the page wider than the window, and goes on to: a chart follows its room some frames later."""
        deadline = time.monotonic() + FOLLOW_SECONDS
        while (lines := await self.probe("overflow")) and time.monotonic() < deadline:
            await asyncio.sleep(_POLL)
        return [f"overflow: {line}" for line in lines]

    async def small_targets(self, least: int = 44) -> list[str]:
        """What reacts to a pointer in less than `least` × `least` px."""
        return [f"target: {line}, needs {least}" for line in await self.probe("smallTargets", least)]

    async def cut_texts(self) -> list[str]:
        """Texts that do not fit their box."""
        return [f"cut: {line}" for line in await self.probe("cutTexts")]

    async def moving(self) -> list[str]:
        """What moves on; nothing may once the reader asked for reduced motion."""
        return [f"moves: {line}" for line in await self.probe("moving")]

    async def assert_accessible(self, rules: Sequence[str] = ()) -> None:
        """No violation of WCAG 2.2 AA that axe can see."""
        _none(await self.violations(rules))

    async def assert_no_horizontal_scroll(self) -> None:
        """Nothing is wider than the window."""
        _none(await self.overflow())

    async def assert_targets(self, least: int = 44) -> None:
        """Everything that a finger hits is at least `least` px in both directions."""
        _none(await self.small_targets(least))


def _none(findings: list[str]) -> None:
    assert not findings, "\n".join(["", *findings])
