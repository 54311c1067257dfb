"""Every route as a pure function from its parameters to an `Ask`: the request, and how its answer is read. No I/O here.

Times are aware datetimes, epoch milliseconds or RFC 3339 text; `*` in a name stands for any run of characters.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Generic, Literal, TypeVar
from urllib.parse import quote

import msgspec

from penstock_client.query import Query, When, epoch_ms
from penstock_client.rows import (
    AggregateRow,
    EnergyRow,
    Event,
    Explanation,
    LedgerRow,
    Page,
    QueryRow,
    Reading,
    Receipt,
    SeriesRow,
    Verdicts,
)

__all__ = [
    "ARROW",
    "JSON",
    "Ask",
    "Pages",
    "aggregate",
    "energy",
    "events",
    "explain",
    "latest",
    "ledger",
    "query",
    "receipt",
    "recent",
    "send_body",
    "series",
    "stream",
    "write",
    "write_events",
]

JSON = "application/json"
ARROW = "application/vnd.apache.arrow.stream"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ask(Generic[T]):
    """One request, and how its answer is read.

    params   query parameters in order; None was left out
    headers  beside the credential
    """

    method: str
    path: str
    read: Callable[[bytes], T]
    params: tuple[tuple[str, str], ...] = ()
    content: bytes | None = None
    headers: tuple[tuple[str, str], ...] = (("accept", JSON),)

    def with_params(self, **changed: str) -> Ask[T]:
        """With parameters added or replaced."""
        kept = tuple(pair for pair in self.params if pair[0] not in changed)
        return replace(self, params=kept + tuple(changed.items()))

    def param(self, name: str) -> str | None:
        """One parameter's text."""
        return dict(self.params).get(name)


@dataclass(frozen=True, slots=True)
class Pages(Generic[T]):
    """An ask that answers rows; it can be asked as an Arrow stream as well."""

    ask: Ask[Page[T]]

    @property
    def arrow(self) -> Ask[bytes]:
        """The same, answered as an Arrow IPC stream."""
        ask = self.ask
        headers = (*(h for h in ask.headers if h[0] != "accept"), ("accept", ARROW))
        return Ask(ask.method, ask.path, bytes, ask.params, ask.content, headers)


def latest(
    *,
    site: str | None = None,
    sensor: str | None = None,
    metric: str | None = None,
    building: str | None = None,
    room: str | None = None,
    unit: str | None = None,
    limit: int | None = None,
) -> Pages[Reading]:
    """The newest reading of each series."""
    return _get(Page[Reading], "/v1/latest", dict(locals()))


def recent(
    sensor: str,
    *,
    metric: str | None = None,
    site: str | None = None,
    start: When | None = None,
    end: When | None = None,
    unit: str | None = None,
    limit: int | None = None,
) -> Pages[Reading]:
    """The newest readings of a sensor in [start, end), newest first."""
    given = dict(locals())
    del given["sensor"]
    return _get(Page[Reading], f"/v1/sensors/{_part(sensor)}/recent", given)


def series(
    *,
    site: str | None = None,
    sensor: str | None = None,
    metric: str | None = None,
    building: str | None = None,
    room: str | None = None,
    limit: int | None = None,
) -> Pages[SeriesRow]:
    """What is measured where, and since when."""
    return _get(Page[SeriesRow], "/v1/series", dict(locals()))


def aggregate(
    site: str,
    *,
    window: str = "1m",
    zone: str | None = None,
    start: When | None = None,
    end: When | None = None,
    metric: str | None = None,
    group_by: Sequence[str] = (),
    unit: str | None = None,
) -> Pages[AggregateRow]:
    """Count, sum, mean, min, max, first, last and time-weighted mean per window of a site; the last hour without times."""
    given = dict(locals()) | {"group_by": ",".join(group_by) or None}
    del given["site"]
    return _get(Page[AggregateRow], f"/v1/sites/{_part(site)}/agg", given)


def energy(
    *,
    sensor: str | None = None,
    site: str | None = None,
    window: str = "1d",
    zone: str | None = None,
    start: When | None = None,
    end: When | None = None,
    kind: Literal["auto", "counter", "power"] | None = None,
    metric: str | None = None,
    group_by: Sequence[str] = (),
    cumulative: bool | None = None,
) -> Pages[EnergyRow]:
    """Energy per window of a sensor, or of a site (then `sensor` selects its meters). Raises ValueError without either."""
    given = dict(locals()) | {"group_by": ",".join(group_by) or None}
    del given["site"]
    if site is not None:
        return _get(Page[EnergyRow], f"/v1/sites/{_part(site)}/energy", given)
    if sensor is None:
        raise ValueError("energy needs a sensor or a site")
    del given["sensor"]
    return _get(Page[EnergyRow], f"/v1/sensors/{_part(sensor)}/energy", given)


def events(
    *,
    criticality_above: int | None = None,
    start: When | None = None,
    end: When | None = None,
    limit: int | None = None,
) -> Pages[Event]:
    """Events in [start, end), newest first, above a criticality."""
    given = {"criticality_gt": criticality_above, "start": start, "end": end, "limit": limit}
    return _get(Page[Event], "/v1/events", given)


def ledger() -> Pages[LedgerRow]:
    """Every row's fate, per source."""
    return _get(Page[LedgerRow], "/v1/system/ledger", {})


def query(asked: Query | str) -> Pages[QueryRow]:
    """Lines fetched and computed by the platform's query engine; text is in its query language."""
    if isinstance(asked, str):
        return Pages(Ask("GET", "/v1/query", _query_page, (("q", asked),)))
    ask = Ask("POST", "/v1/query", _query_page, content=msgspec.json.encode(asked), headers=_BODY)
    return Pages(ask)


def explain(sensor: str, metric: str, ts: When, *, site: str | None = None) -> Ask[Explanation]:
    """Why a reading is what it is, or why there is none."""
    given = {"sensor_id": sensor, "metric": metric, "ts": ts, "site_id": site}
    return Ask("GET", "/v1/explain", _reader(Explanation), _params(given))


def receipt(receipt_id: str) -> Ask[Receipt]:
    """What became of a write. NotFound in the first moments after it."""
    return Ask("GET", f"/v1/receipts/{_part(receipt_id)}", _reader(Receipt))


def write(rows: Iterable[Mapping[str, Any]], *, key: str | None = None, source: str | None = None) -> Ask[Verdicts]:
    """Send rows as docs/formats.md describes them; times may be datetimes. Durable when answered.

    `key` is the Idempotency-Key (a new one without it): the same rows under the same key count once. `source` is the name
    in the ledger.
    """
    body = msgspec.json.encode(list(rows), enc_hook=_no_other_types)
    return send_body("/v1/readings", body, key=key, source=source)


def write_events(
    rows: Iterable[Mapping[str, Any]], *, key: str | None = None, source: str | None = None
) -> Ask[Verdicts]:
    """Send events: `criticality`, `timestamp`, `eventMessage`, optionally `source` and `id`. Durable when answered."""
    return send_body("/v1/events", msgspec.json.encode(list(rows)), key=key, source=source)


def send_body(
    path: str, body: bytes, *, key: str | None = None, source: str | None = None, encoding: str | None = None
) -> Ask[Verdicts]:
    """JSON rows that are already bytes, packed by `encoding` (gzip) or not."""
    headers = [*_BODY, ("idempotency-key", key or uuid.uuid4().hex)]
    if source is not None:
        headers.append(("x-penstock-source", source))
    if encoding is not None:
        headers.append(("content-encoding", encoding))
    return Ask("POST", path, _reader(Verdicts), content=body, headers=tuple(headers))


def stream(
    *,
    site: str | None = None,
    sensor: str | None = None,
    metric: str | None = None,
    events: Literal["false", "true", "only"] = "false",
) -> Ask[bytes]:
    """Rows as they arrive, as server-sent events; endless."""
    return Ask("GET", "/v1/stream", bytes, _params(dict(locals())), headers=(("accept", "text/event-stream"),))


_BODY = (("accept", JSON), ("content-type", JSON))
_RENAMED = {"start": "from", "end": "to"}
_QUERY_MEMBERS = frozenset(QueryRow.__struct_fields__) - {"groups"}


def _get(kind: type[Page[T]], path: str, given: Mapping[str, Any]) -> Pages[T]:
    return Pages(Ask("GET", path, _reader(kind), _params(given)))


def _reader(kind: type[T]) -> Callable[[bytes], T]:
    return msgspec.json.Decoder(kind).decode


def _params(given: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple((_RENAMED.get(name, name), _text(value)) for name, value in given.items() if value is not None)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(epoch_ms(value)) if isinstance(value, datetime) else str(value)


def _part(name: str) -> str:
    return quote(name, safe="")


def _query_page(body: bytes) -> Page[QueryRow]:
    page = msgspec.json.decode(body, type=Page[dict[str, Any]])
    rows = [
        {name: value for name, value in row.items() if name in _QUERY_MEMBERS}
        | {"groups": {name: value for name, value in row.items() if name not in _QUERY_MEMBERS}}
        for row in page.data
    ]
    return Page(
        data=msgspec.convert(rows, list[QueryRow]),
        as_of=page.as_of,
        staleness_ms=page.staleness_ms,
        complete=page.complete,
        next_cursor=page.next_cursor,
        meta=page.meta,
    )


def _no_other_types(value: Any) -> Any:
    """NumPy's and similar scalars."""
    item = getattr(value, "item", None)
    if callable(item):
        return item()
    raise TypeError(f"{value!r} is a {type(value).__name__}, which no row can hold")
