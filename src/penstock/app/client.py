"""HTTP client: finds the platform and its key, waits while it comes back, and turns problem documents back into errors."""

from __future__ import annotations

import contextlib
import ssl
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import httpx2

from penstock.app.config import Settings
from penstock.app.console import note
from penstock.app.datadir import DataDir
from penstock.app.pauses import Pauses
from penstock.app.probe import trust_only
from penstock.model.errors import (
    Conflict,
    InvalidInput,
    NotAllowed,
    NotFound,
    PenstockError,
    RowError,
    TooLarge,
    Unavailable,
)

__all__ = ["Client", "Target", "error_from", "locate", "unreachable"]

_LOOPBACK = {"127.0.0.1", "::1", "localhost"}
_PATIENCE_S: Final = 15.0
"""How long a question is repeated while the platform is there and cannot answer, as in the seconds after a part of it has ended."""
_CUT_OFF: Final = (httpx2.ReadError, httpx2.WriteError, httpx2.RemoteProtocolError)
"""Somebody was there, and went while it was asked."""


def locate(settings: Settings) -> Target:
    """The platform to talk to. Raises Unavailable when none is running, NotAllowed when no key is known.

    The key of the data directory is only ever sent to this machine.
    """
    data = DataDir(settings.data)
    url, verify = settings.url, True
    if not url:
        state = data.read_state()
        if state is None and not settings.is_explicit("http"):
            raise Unavailable(
                f"no platform is running on {data.path}",
                code="not_running",
                hint="start one with `penstock up`, or name one: --data DIR, --url http://host:8080",
            )
        url = state.url if state else f"http://{settings.http.reachable}"
        if state and state.tls_cert:
            verify = trust_only(Path(state.tls_cert))
    key = settings.key or settings.bootstrap_key
    if not key and urlsplit(url).hostname in _LOOPBACK:
        key = data.read_local_key() or ""
    if not key:
        raise NotAllowed(
            f"no API key for {url}",
            authenticated=False,
            hint="set PENSTOCK_KEY; `penstock keys create` on that machine makes one",
        )
    return Target(url.rstrip("/"), key, verify)


class Target(NamedTuple):
    """A platform: its URL, an API key, and what to trust of its TLS (True: the system's authorities)."""

    url: str
    key: str
    verify: ssl.SSLContext | bool = True

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}


class Client:
    """One platform, for the length of a `with` block. Every failure is raised as the error that the platform meant.

    What only reads is repeated while that may help, and a line on stderr says so. What changes something is sent once.
    """

    def __init__(self, settings: Settings, *, timeout: float = 30.0, patience: float = _PATIENCE_S) -> None:
        """`timeout`: seconds for connecting, and for each wait for bytes; `patience`: seconds in which questions are repeated."""
        target = locate(settings)
        self._patience = patience
        self.url = target.url
        self._http = httpx2.Client(
            base_url=target.url, headers=target.headers, verify=target.verify, timeout=timeout, trust_env=False
        )

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def get(self, path: str, **params: Any) -> Any:
        """The JSON answer; parameters that are None are left out."""
        given = {name.rstrip("_"): value for name, value in params.items() if value is not None}
        return self._ask("GET", path, params=given)

    def read(self, path: str, accept: str, **params: Any) -> bytes:
        """The answer in the media type `accept`, as it came."""
        return self._send("GET", path, params=params, headers={"accept": accept}).content

    def post(self, path: str, body: bytes, content_type: str, **headers: str) -> Any:
        """The JSON answer to `body`."""
        return self._ask("POST", path, content=body, headers={"content-type": content_type, **headers})

    def delete(self, path: str) -> None:
        """Remove what is at a path; that it is gone already is as well."""
        with contextlib.suppress(NotFound):
            self._send("DELETE", path)

    def pieces(self, path: str) -> Iterator[bytes]:
        """A body of any size, piece by piece. Raises Unavailable when it breaks off."""
        try:
            with self._http.stream("GET", path) as response:
                if response.is_error:
                    response.read()
                    raise error_from(response)
                yield from response.iter_bytes()
        except httpx2.TransportError as error:
            raise unreachable(self.url, error) from None

    def _ask(self, method: str, path: str, **more: Any) -> Any:
        return self._send(method, path, **more).json()

    def _send(self, method: str, path: str, **more: Any) -> httpx2.Response:
        pauses, told = Pauses(self._patience), False
        while True:
            try:
                response = self._http.request(method, path, **more)
            except httpx2.TransportError as error:
                failure = unreachable(self.url, error)
                if not isinstance(error, _CUT_OFF):
                    raise failure from None
            else:
                if not response.is_error:
                    return response
                refusal = error_from(response)
                if not isinstance(refusal, Unavailable):
                    raise refusal
                failure = refusal
            if method != "GET":
                raise failure
            pause = pauses.after(failure)
            if not told:
                note(f"· {failure.detail}: asking again for up to {self._patience:g} s, Ctrl-C ends")
                told = True
            threading.Event().wait(pause)


def unreachable(url: str, error: Exception) -> Unavailable:
    """The platform could not be talked to."""
    return Unavailable(
        f"{url} cannot be reached: {error or type(error).__name__}", hint="is it running? `penstock status` tells"
    )


def error_from(response: httpx2.Response) -> PenstockError:
    """The error that a problem document tells, with its row errors; the body must have been read."""
    problem: Mapping[str, Any] = {}
    try:
        problem = response.json()
        detail, code, hint = str(problem["detail"]), str(problem["code"]), problem.get("hint")
    except (ValueError, KeyError, TypeError):
        detail, code, hint = f"{response.url} answered {response.status_code}", None, None
    status = response.status_code
    if status in {401, 403}:
        return NotAllowed(detail, authenticated=status == 403, hint=hint)
    if status in {429, 502, 503, 504}:
        return Unavailable(detail, code=code, hint=hint, retry_after=_seconds(response.headers.get("retry-after")))
    if status in {400, 422} and (rows := _rows(problem.get("errors"))):
        return InvalidInput(detail, code=code, hint=hint, rows=rows)
    kinds: dict[int, type[PenstockError]] = {404: NotFound, 409: Conflict, 413: TooLarge}
    kind = kinds.get(status, InvalidInput if status < 500 else PenstockError)
    return kind(detail, code=code, hint=hint)


def _rows(errors: Any) -> list[RowError]:
    """Verdicts on rows; an error of another kind has no row and is left to the detail."""
    listed = errors if isinstance(errors, list) else []
    return [
        RowError(e["row"], str(e["code"]), str(e["detail"])) for e in listed if {"row", "code", "detail"} <= e.keys()
    ]


def _seconds(text: str | None) -> float:
    try:
        return float(text or 1.0)
    except ValueError:
        return 1.0
