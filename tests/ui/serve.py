"""Static files over HTTP for pages that need no platform: the negative controls and the bench page."""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

__all__ = ["POLICY", "serving"]

POLICY: Final = "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'"
"""The Content-Security-Policy that the platform sends with the web app."""


class _Handler(SimpleHTTPRequestHandler):
    def __init__(self, *arguments: Any, headers_sent: Mapping[str, str], **keywords: Any) -> None:
        self._headers_sent = headers_sent
        super().__init__(*arguments, **keywords)

    def end_headers(self) -> None:
        for name, value in self._headers_sent.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing: what failed is told by the page's watch."""


@contextmanager
def serving(folder: Path, headers: Mapping[str, str] | None = None) -> Iterator[str]:
    """Origin (`http://127.0.0.1:port`) under which the files of `folder` are served until the block ends."""
    handler = functools.partial(_Handler, directory=str(folder), headers_sent=headers or {})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
