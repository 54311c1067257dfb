"""Server-sent events of a platform, reconnecting for as long as somebody watches."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import httpx2

from penstock.app.client import error_from, locate, unreachable
from penstock.app.config import Settings
from penstock.app.console import note

__all__ = ["watch"]

_SILENCE: Final = 60.0
"""Seconds without even a heartbeat after which a connection counts as broken; the platform sends one every 15 s."""
_LONGEST_PAUSE: Final = 10.0


def watch(
    settings: Settings, *, site: str | None, sensor: str | None, metric: str | None, events: bool
) -> Iterator[tuple[str, Sequence[Mapping[str, Any]]]]:
    """(kind, rows) as they arrive, kind being readings, events or gap, without end.

    Raises what the platform refuses (NotAllowed, InvalidInput), and Unavailable when it cannot be reached the first time.
    """
    url, key, verify = locate(settings)
    given = {"site": site, "sensor": sensor, "metric": metric, "events": "true" if events else None}
    params = {name: value for name, value in given.items() if value is not None}
    timeout = httpx2.Timeout(10.0, read=_SILENCE)
    connected, pause, place = False, 0.25, _Place()
    with httpx2.Client(
        base_url=url, headers={"Authorization": f"Bearer {key}"}, verify=verify, timeout=timeout, trust_env=False
    ) as http:
        while True:
            try:
                with http.stream("GET", "/v1/stream", params=params, headers=place.header) as response:
                    if response.is_error:
                        response.read()
                        raise error_from(response)
                    if not connected:
                        note("· watching; Ctrl-C ends")
                    connected, pause = True, 0.25
                    yield from _messages(response.iter_lines(), place)
                note("· the platform ended the stream; connecting again")
            except httpx2.TransportError as error:
                if not connected:
                    raise unreachable(url, error) from None
                note(f"· connection lost ({type(error).__name__}); connecting again")
            threading.Event().wait(random.uniform(pause / 2, pause))
            pause = min(pause * 2, _LONGEST_PAUSE)


@dataclass(slots=True)
class _Place:
    """Where the stream goes on after its connection was lost: the id of the last message."""

    last: str = ""

    @property
    def header(self) -> Mapping[str, str]:
        return {"Last-Event-ID": self.last} if self.last else {}


def _messages(lines: Iterator[str], place: _Place) -> Iterator[tuple[str, Sequence[Mapping[str, Any]]]]:
    kind, data, named = "message", "", ""
    for line in lines:
        if line.startswith("id:"):
            named = line[3:].strip()
        elif line.startswith("event:"):
            kind = line[6:].strip()
        elif line.startswith("data:"):
            data += line[5:].strip()
        elif not line:
            if data:
                document = json.loads(data)
                yield kind, document if isinstance(document, list) else [document]
            place.last = named or place.last
            kind, data, named = "message", "", ""
