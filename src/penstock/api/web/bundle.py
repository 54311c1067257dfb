"""The web app's files as its build left them: which of them a path means, and in which of its forms a client gets it.

The build puts `.br` and `.gz` beside a file that they make smaller. A file is read when it is first asked for and again when it
has changed on disk; what is held is never more than the bundle.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final, NamedTuple

from penstock.api.accept import takes_coding

__all__ = ["Bundle", "Form"]

_CODINGS: Final = {"br": ".br", "gzip": ".gz"}
"""Content coding → suffix, the smallest first."""
_HASHED: Final = "assets/"
"""Below it every name holds a hash of the content, so what a name means never changes."""
_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}


class Form(NamedTuple):
    """A file in one of its forms.

    body     as it is sent
    media    its type
    coding   of `body`; None for the file itself
    etag     strong: equal only for equal bodies
    hashed   whether its name stands for its content
    """

    body: bytes
    media: str
    coding: str | None
    etag: str
    hashed: bool


class _Read(NamedTuple):
    signature: tuple[int, int]
    body: bytes
    etag: str


class Bundle:
    """The files below `root`, which may be missing: a checkout in which nobody has built the app."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._held: dict[Path, _Read] = {}

    @property
    def is_built(self) -> bool:
        """Whether there is an app at all."""
        return (self._root / "index.html").is_file()

    def find(self, path: str, accept_encoding: str = "") -> Form | None:
        """The file at `path` (as in a URL, below the root) for a client that takes `accept_encoding`; None if there is none."""
        media = _TYPES.get(Path(path).suffix)
        if media is None or (plain := self._file(path)) is None:
            return None
        for coding, suffix in _CODINGS.items():
            if takes_coding(accept_encoding, coding) and (coded := self._file(path + suffix)) is not None:
                return Form(coded.body, media, coding, coded.etag, path.startswith(_HASHED))
        return Form(plain.body, media, None, plain.etag, path.startswith(_HASHED))

    def _file(self, path: str) -> _Read | None:
        try:
            file = (self._root / path).resolve()
            if not file.is_relative_to(self._root.resolve()):
                return None
            stat = file.stat()
            signature = stat.st_mtime_ns, stat.st_size
            held = self._held.get(file)
            if held is None or held.signature != signature:
                body = file.read_bytes()
                # Not of the time of change: builds that can be repeated give every file the same one.
                etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
                held = self._held[file] = _Read(signature, body, etag)
        except (OSError, ValueError):  # nothing there, a folder, or a name that no file can have
            return None
        return held
