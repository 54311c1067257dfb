"""A Reader that answers `Series` and `Query` from lists of readings, and what it was asked."""

import fnmatch
import json
from collections import defaultdict

import pyarrow as pa

from penstock.model.errors import InvalidInput
from penstock.query.port import Answer, Hold, Query, Release, Series, Within

PLACES = {"site": "site_id", "sensor": "sensor_id"}


class TableReader:
    """`most` rows of raw readings per answer; one more is refused as the engine refuses it."""

    def __init__(self, most=200_000):
        self.most = most
        self.asked = []
        self.held, self.within = set(), []
        self.series = []

    def add(self, metric, readings, *, site="hq", sensor="s1", unit="W", **more):
        """A series of (ts, value)s; `more` is any of building, room, equipment, tags."""
        self.series.append(
            {"site_id": site, "sensor_id": sensor, "metric": metric, "unit": unit, "building": "", "room": "",
             "equipment": "", "tags": {}, **more, "readings": sorted(readings)}
        )  # fmt: skip

    async def ask(self, question):
        match question:
            case Hold():
                self.held.add("view")
                return Answer(pa.table({}), 0, 0, True, meta={"view": "view", "revision": 1})
            case Release():
                self.held.remove(question.view)
                return Answer(pa.table({}), 0, 0, True)
            case Within():
                assert question.view in self.held
                self.within.append(question.question)
                question = question.question
        self.asked.append(question)
        if isinstance(question, Series):
            return Answer(self._listing(question), 0, 0, True)
        assert isinstance(question, Query)
        rows = [row for name, fetch in question.fetch.items() for row in self._rows(question, name, fetch)]
        if len(rows) > self.most:
            raise InvalidInput(f"{len(rows)} points", code="too_many_points")
        fields = ("name", "ts", "metric", "unit", "site_id", "sensor_id", "value", "count")
        kinds = (pa.string(), pa.int64(), *(pa.string(),) * 4, pa.float64(), pa.int64())
        columns = zip(*rows, strict=True) if rows else [[] for _ in fields]
        arrays = [pa.array(list(column), kind) for column, kind in zip(columns, kinds, strict=True)]
        return Answer(pa.table(arrays, names=fields), 0, 0, True)

    def _found(self, where):
        asked = {name: getattr(where, name) for name in ("site", "sensor", "metric", "building", "room", "equipment")}
        return [
            series
            for series in self.series
            if all(text is None or fnmatch.fnmatchcase(series[PLACES.get(n, n)], text) for n, text in asked.items())
        ]

    def _listing(self, question):
        rows = [
            {**{k: v for k, v in s.items() if k != "readings"}, "tags": json.dumps(s["tags"]),
             "first_ts": s["readings"][0][0] if s["readings"] else None,
             "last_ts": s["readings"][-1][0] if s["readings"] else None}
            for s in self._found(question.where)
        ]  # fmt: skip
        names = (
            "site_id",
            "sensor_id",
            "metric",
            "unit",
            "building",
            "room",
            "equipment",
            "tags",
            "first_ts",
            "last_ts",
        )
        kinds = (*(pa.string(),) * 8, pa.int64(), pa.int64())
        return pa.table([pa.array([row[n] for row in rows], kind) for n, kind in zip(names, kinds, strict=True)], names)

    def _rows(self, question, name, fetch):
        for s in self._found(fetch.where):
            inside = [(ts, value) for ts, value in s["readings"] if question.start <= ts < question.end]
            key = (s["metric"], "1" if fetch.fn == "count" else s["unit"], s["site_id"], s["sensor_id"])
            if fetch.fn == "raw":
                for ts, value in inside:
                    yield (name, ts, *key, value, 1)
                continue
            windows = defaultdict(list)
            for ts, value in inside:
                windows[ts // question.window * question.window if question.window else question.start].append(value)
            for start, values in sorted(windows.items()):
                made = {"count": len, "sum": sum, "min": min, "max": max, "last": lambda v: v[-1]}[fetch.fn](values)
                yield (name, start, *key, float(made), len(values))
