"""A gate between an SDK and the platform that fails on purpose: it refuses, or cuts the connection before or after the commit."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal
from urllib.parse import urlsplit

__all__ = ["Fault", "Gate", "opened"]

Fault = Literal["none", "429", "503", "500", "proxy", "cut_before", "cut_after"]
"""What is done to one request. `proxy`: a page that is no problem document; the cuts are before and after the platform answers."""


class Gate:
    """`url` is where the SDK goes. `choose` says each request's fault by its number, from 0."""

    def __init__(self, target: str, choose: Callable[[int], Fault]) -> None:
        self.keys: list[str] = []
        self.seen = 0
        self.choose = choose
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler(target))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def next_fault(self, key: str) -> Fault:
        with self._lock:
            number, self.seen = self.seen, self.seen + 1
            self.keys.append(key)
        return self.choose(number)

    def _handler(self, target: str) -> type[BaseHTTPRequestHandler]:
        gate, place = self, urlsplit(target)

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                fault = gate.next_fault(self.headers.get("idempotency-key", ""))
                if fault == "cut_before":
                    self.close_connection = True
                    return
                if fault in {"429", "503", "500"}:
                    self._answer(int(fault), {"content-type": "application/problem+json", "retry-after": "0"}, b"{}")
                    return
                if fault == "proxy":
                    self._answer(400, {"content-type": "text/html"}, b"<html>bad gateway of some kind</html>")
                    return
                status, headers, answer = self._forward(body)
                if fault == "cut_after":
                    self.close_connection = True
                    return
                self._answer(status, headers, answer)

            def _forward(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
                connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=30)
                try:
                    kept = {k: v for k, v in self.headers.items() if k.lower() not in {"host", "connection"}}
                    connection.request("POST", self.path, body, kept)
                    response = connection.getresponse()
                    return response.status, {"content-type": response.getheader("content-type", "")}, response.read()
                finally:
                    connection.close()

            def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Quiet."""

        return Handler


@contextmanager
def opened(target: str, choose: Callable[[int], Fault]) -> Iterator[Gate]:
    """A gate for the length of a block."""
    gate = Gate(target, choose)
    try:
        yield gate
    finally:
        gate.close()
