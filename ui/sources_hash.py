"""Of which sources a built web app is: `python ui/sources_hash.py` prints it, the build writes the same into BUILD.json.

SHA-256 over every file below ui/, its path relative to ui/ (forward slashes, UTF-8), NUL, its bytes, NUL; sorted by path bytewise;
then `sdk/typescript/src/schema.ts` under that name in the same form. Folders that only tools fill are left out.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

FILLED_BY_TOOLS = frozenset({"node_modules", "dist", ".build", ".vite", "gallery-out"})
SCHEMA = "sdk/typescript/src/schema.ts"
BUNDLE = "src/penstock/api/static/app"
BENCH = "tests/ui/bench"
"""The page that measures the app's parts; tests drive it."""


def sources_hash(root: Path) -> str:
    """Hex digest of the web app's sources in the checkout at `root`."""
    named = {path.relative_to(root / "ui").as_posix().encode(): path for path in _files(root / "ui")}
    digest = hashlib.sha256()
    for name, path in [*sorted(named.items()), (SCHEMA.encode(), root / SCHEMA)]:
        digest.update(name + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def fault_of_bundle(root: Path, folder: str = BUNDLE) -> str | None:
    """Why what is built into `folder` of the checkout at `root` is not to be used, and what to do; None if it may be."""
    bundle = root / folder
    if not (bundle / "index.html").is_file():
        return f"{folder} holds no web app: run `make ui`"
    try:
        built = json.loads((bundle / "BUILD.json").read_bytes())["sources"]
    except (OSError, ValueError, KeyError, TypeError):
        return f"{folder}/BUILD.json does not say of which sources the web app is: run `make ui`"
    if built != sources_hash(root):
        return f"{folder} was built from other sources than ui/ and {SCHEMA} hold: run `make ui`"
    return None


def _files(folder: Path) -> Iterator[Path]:
    for at, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in FILLED_BY_TOOLS]
        yield from (Path(at) / name for name in files)


if __name__ == "__main__":
    sys.stdout.write(sources_hash(Path(__file__).resolve().parents[1]) + "\n")
