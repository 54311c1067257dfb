"""Penstock's series under Prometheus's names: which labels a series has, and which series a selector means."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec
import pyarrow as pa

from penstock.api.prometheus.expressions import Matcher
from penstock.api.prometheus.matchers import matching
from penstock.api.prometheus.matrix import NAME, Labels, execution
from penstock.query.port import Reader, Select, Series

__all__ = ["MAX_SERIES", "Catalogue", "Found", "Known", "metric_name"]

MAX_SERIES: Final = 20_000
"""Series that one request may look through."""

_NOT_IN_METRICS: Final = re.compile(r"[^a-zA-Z0-9_:]")
_NOT_IN_LABELS: Final = re.compile(r"[^a-zA-Z0-9_]")
_OWN: Final = ("site", "sensor", "building", "room", "equipment", "unit", "metric")
_EXACT: Final = ("site", "sensor", "building", "room", "equipment")
"""Labels whose exact value selects in the store already."""


class Known(NamedTuple):
    """One series: its key in Penstock, the labels it has here, and epoch ms of its first and last reading."""

    site: str
    sensor: str
    metric: str
    unit: str
    labels: Labels
    first_ts: int | None
    last_ts: int | None

    def overlaps(self, start: int, end: int) -> bool:
        """Whether it may have a reading in [start, end]."""
        return self.first_ts is not None and self.last_ts is not None and self.first_ts <= end and self.last_ts >= start


class Found(NamedTuple):
    """What a selector means, among the series that were looked through to find it."""

    series: Sequence[Known]
    among: Sequence[Known]

    def within(self, start: int, end: int) -> Found:
        """What of it may have readings in [start, end]."""
        return Found(*([known for known in those if known.overlaps(start, end)] for those in self))

    @property
    def first(self) -> int:
        """Epoch ms of the oldest reading of all series; there must be some."""
        return min(known.first_ts for known in self.series if known.first_ts is not None)

    @property
    def last(self) -> int:
        """Epoch ms of the newest reading of all series; there must be some."""
        return max(known.last_ts for known in self.series if known.last_ts is not None)


class Catalogue:
    """The series of one tenant during one request; a listing is asked for once."""

    def __init__(self, reader: Reader, tenant: str) -> None:
        self._reader = reader
        self._tenant = tenant
        self._listed: dict[bytes, list[Known]] = {}

    async def find(self, matchers: Sequence[Matcher]) -> Found:
        """The series that satisfy every matcher. Raises InvalidInput (too many to look through), Unavailable."""
        where = _selection(matchers)
        name = msgspec.json.encode(where)
        if name not in self._listed:
            self._listed[name] = await self._list(where)
        among = self._listed[name]
        kept = matching(matchers, [dict(known.labels) for known in among])
        return Found([among[i] for i in kept.nonzero()[0].tolist()], among)

    async def _list(self, where: Select) -> list[Known]:
        answer = await self._reader.ask(Series(tenant=self._tenant, where=where, limit=MAX_SERIES))
        if answer.next_cursor is not None:
            raise execution(
                f"the selector looks through more than {MAX_SERIES} series",
                "name a metric, a site, a building or a sensor exactly",
            )
        return sorted(_known(answer.table), key=lambda known: known.labels)


def _selection(matchers: Iterable[Matcher]) -> Select:
    """What of the matchers the store can select by; the rest is looked at here."""
    asked: dict[str, str] = {}
    for matcher in matchers:
        if matcher.op != "=" or not matcher.value or "*" in matcher.value:
            continue
        if matcher.name == NAME:
            # Any character of a metric's name may have become an underscore.
            asked["metric"] = matcher.value.replace("_", "*")
        elif matcher.name in _EXACT:
            asked[matcher.name] = matcher.value
    return Select(**asked)  # pyright: ignore[reportArgumentType] - every key is a field that holds text


def _known(table: pa.Table) -> list[Known]:
    rows: list[dict[str, Any]] = table.to_pylist()
    return [
        Known(
            row["site_id"],
            row["sensor_id"],
            row["metric"],
            row["unit"],
            _labels(row),
            row["first_ts"],
            row["last_ts"],
        )
        for row in rows
    ]


def metric_name(metric: str) -> str:
    """The metric's name with every character that Prometheus does not allow as an underscore."""
    name = _NOT_IN_METRICS.sub("_", metric)
    return f"_{name}" if name[:1].isdigit() else name


def _labels(row: Mapping[str, Any]) -> Labels:
    """site, sensor, unit, and building, room, equipment and tags where they are known.

    A metric whose name had to be changed keeps the true one in `metric`, so that no two series become alike.
    """
    name = metric_name(row["metric"])
    labels = {
        NAME: name,
        "site": row["site_id"],
        "sensor": row["sensor_id"],
        "unit": row["unit"],
        "building": row["building"],
        "room": row["room"],
        "equipment": row.get("equipment"),
        "metric": row["metric"] if name != row["metric"] else "",
    }
    tags: dict[str, str] = json.loads(row["tags"] or "{}")
    for key in sorted(tags):
        labels.setdefault(_tag_name(key), tags[key])
    return tuple(sorted((name, value) for name, value in labels.items() if value))


def _tag_name(key: str) -> str:
    """The label of a tag; one that would hide another label is called `tag_…`."""
    name = _NOT_IN_LABELS.sub("_", key)
    if not name or name in _OWN or name[0].isdigit() or name.startswith("__"):
        return f"tag_{name}"
    return name
