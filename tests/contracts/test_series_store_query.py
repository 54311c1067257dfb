"""Queries of every kind give the same answer over every adapter, with upkeep done or not."""

import numpy as np
import pytest

from penstock.model.series import Attributes, SeriesKey
from penstock.model.time import DAY, HOUR, MINUTE
from penstock.query.pieces import Pieces
from penstock.query.plan import answer_query
from penstock.query.port import Fetch, Query, Select, Then
from penstock.store.series import SeriesStore
from penstock.store.series.memory import MemorySeriesStore
from tests.contracts.stores import T0, FixedClock, frame, settle

KEYS = [SeriesKey("hq", f"t{i}", "temperature", "K") for i in range(4)]
METER = SeriesKey("plant", "e1", "energy_wh", "Wh")
POWER = SeriesKey("plant", "p1", "power_w", "W")
ATTRIBUTES = {("hq", f"t{i}"): Attributes("B1", f"r{i % 2}", tags={"floor": str(i // 2)}) for i in range(4)}
NOW = T0 + 3 * DAY

FETCHES = {
    "mean": Fetch(where=Select(building="B1"), by=("room",), unit="degC"),
    "weighted": Fetch(where=Select(site="hq"), fn="time_weighted_mean", by=("sensor",)),
    "coverage": Fetch(where=Select(site="hq"), fn="coverage"),
    "p90": Fetch(where=Select(site="hq"), fn="percentile", q=90.0, by=("tag:floor",)),
    "spread": Fetch(where=Select(site="hq"), fn="stddev"),
    "levels": Fetch(
        where=Select(site="hq"), fn="max", by=("room", "sensor"), then=Then(fn="percentile", q=25.0, by=("room",))
    ),
    "delta": Fetch(fn="delta", by=("sensor",)),
    "increase": Fetch(where=Select(site="plant"), fn="increase"),
    "rate": Fetch(where=Select(metric="energy_wh"), fn="rate"),
    "energy": Fetch(where=Select(site="plant"), fn="energy", unit="kWh"),
    "before": Fetch(where=Select(building="B1"), by=("room",), unit="degC", shift="1d"),
    "raw": Fetch(where=Select(sensor="t1"), fn="raw"),
}


def readings() -> list[list]:
    """Three days of one reading in about ten minutes; the last frame holds some that come late."""
    rng = np.random.default_rng(11)
    rows = []
    for key in (*KEYS, POWER, METER):
        ts = T0 + np.sort(rng.choice(3 * DAY, 430, replace=False))
        values = np.cumsum(rng.integers(0, 90, 430)) % 20_000 if key == METER else rng.normal(300, 9, 430)
        rows += [(key, int(t), float(v), 1) for t, v in zip(ts, values, strict=True)]
    order = rng.permutation(len(rows))
    return [[rows[i] for i in part] for part in np.array_split(order, 3)]


@pytest.mark.parametrize("upkeep", [False, True], ids=["rolled up never", "rolled up between"])
async def test_a_query_has_one_answer_whatever_holds_the_readings(store: SeriesStore, upkeep: bool):
    plain = MemorySeriesStore(FixedClock())
    for part in readings():
        for each in (plain, store):
            await each.commit([frame(part, attributes={key: said for key, said in ATTRIBUTES.items() if any(r[0][:2] == key for r in part)})])  # fmt: skip
        if upkeep:
            await settle(store, NOW)
    for window, zone in ((HOUR, "UTC"), (7 * MINUTE, "UTC"), (0, "UTC"), ("1d", "Europe/Berlin"), ("auto", "UTC")):
        for fill, most in (("none", None), ("linear", 40)):
            query = Query(
                tenant="acme", start=T0 + DAY + 5, end=T0 + 3 * DAY, fetch=FETCHES, math={"change": "mean - before"}, window=window,
                zone=zone, fill=fill, max_points=most,
            )  # fmt: skip
            async with plain.view() as theirs, store.view() as ours:
                expected, _ = await answer_query(theirs, Pieces(), query, NOW)
                found, meta = await answer_query(ours, Pieces(), query, NOW)
            assert found.equals(expected)
            assert meta["revision"] == (await store.state()).revision
