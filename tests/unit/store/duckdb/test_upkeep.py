"""Upkeep: what is rolled up, compacted and expired, and that no answer changes by it."""

from __future__ import annotations

from contextlib import asynccontextmanager

import duckdb
import numpy as np
import pytest

from penstock.model.batch import Batch
from penstock.model.findings import Findings, Refused
from penstock.model.frame import Frame
from penstock.model.ledger import Part
from penstock.model.partials import partials_at
from penstock.model.series import SeriesKey
from penstock.model.time import DAY, HOUR, MINUTE
from penstock.store.series import Filter
from penstock.store.series.duckdb import DuckConfig, DuckSeriesStore, selects

START = 1_763_683_200_000  # 2025-11-21T00:00Z
WIDTHS = (1_000, MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 6 * HOUR, DAY, 7 * DAY)


class SettableClock:
    def __init__(self, ms: int) -> None:
        self.ms = ms

    def now(self) -> int:
        return self.ms


class Probe:
    """A store on a file, its clock, and a look into its tables."""

    def __init__(self, path, **config) -> None:
        self.path = path
        self.clock = SettableClock(START)
        self.store = DuckSeriesStore(DuckConfig(path, **config), self.clock)
        self._frames = 0

    async def put(self, step, count, start=START, series=2, seed=0):
        ts = np.repeat(start + np.arange(count) * step, series)
        codes = np.tile(np.arange(series, dtype=np.int32), count)
        value = np.random.default_rng(seed).normal(20, 5, len(ts)).round(3)
        keys = tuple(SeriesKey("s", f"m{i}", "power_w", "W") for i in range(series))
        self._frames += 1
        batch = Batch("t", keys, codes, ts, value, np.full(len(ts), self._frames, np.int64))
        await self.store.commit([Frame(f"f{self._frames}", "t", self._frames, (Part("r", "x", len(ts)),), batch)])

    async def upkeep(self, now):
        self.clock.ms = now
        pieces = 0
        while await self.store.maintain(now):
            pieces += 1
            assert pieces < 1_000
        return pieces

    async def ids(self):
        return np.array([info.id for info in await self.store.find("t", Filter())], np.int32)

    async def answers(self, start, end):
        ids = await self.ids()
        return {width: (await self.store.aggregate("t", ids, start, end, width)).partials for width in WIDTHS}

    async def count(self, table):
        await self.store.close()
        with duckdb.connect(str(self.path), read_only=True) as db:
            ((rows,),) = db.execute(f"SELECT count(*) FROM {table}").fetchall()
        self.store = DuckSeriesStore(DuckConfig(self.path), self.clock)
        await self.store.open()
        return rows


@asynccontextmanager
async def _probe(tmp_path, **config):
    probe = Probe(tmp_path / "s.duckdb", **config)
    await probe.store.open()
    try:
        yield probe
    finally:
        await probe.store.close()


def _equal(a, b):
    return all(np.array_equal(getattr(a, name), getattr(b, name)) for name in a.__slots__)


@pytest.mark.parametrize("step", [7_000, 61_000, 20 * MINUTE, 5 * HOUR])
async def test_no_answer_changes_by_upkeep_whatever_the_density(tmp_path, step):
    async with _probe(tmp_path) as probe:
        count = min(4_000, 5 * DAY // step)
        end = START + count * step
        await probe.put(step, count)
        before = await probe.answers(START, end)
        await probe.upkeep(end + 3 * DAY)
        after = await probe.answers(START, end)
        assert all(_equal(before[width], after[width]) for width in WIDTHS)
        raw = await probe.store.scan("t", await probe.ids(), START + 12_345, end - 67_890)
        clipped = await probe.answers(START + 12_345, end - 67_890)
        assert all(_equal(clipped[width], partials_at(raw, width)) for width in WIDTHS)


@pytest.mark.parametrize("most", [1, 700, 5_000])
async def test_a_question_over_many_raw_readings_is_answered_some_series_at_a_time(tmp_path, monkeypatch, most):
    async with _probe(tmp_path) as probe:
        await probe.put(1_000, 1_000, series=5)
        whole = await probe.answers(START + 500, START + 900_000)
        monkeypatch.setattr(selects, "_MAX_ROWS", most)
        assert all(
            _equal(answer, whole[width])
            for width, answer in (await probe.answers(START + 500, START + 900_000)).items()
        )


async def test_rollups_are_read_once_they_are_there(tmp_path):
    async with _probe(tmp_path) as probe:
        await probe.put(10_000, 2 * 360)
        ids = await probe.ids()
        assert (await probe.store.aggregate("t", ids, START, START + 2 * HOUR, HOUR)).tier == 0
        await probe.upkeep(START + 2 * HOUR + 3 * MINUTE)
        assert (await probe.store.aggregate("t", ids, START, START + 2 * HOUR, HOUR)).tier == HOUR


async def test_an_hour_is_not_rolled_up_before_its_grace_is_over(tmp_path):
    async with _probe(tmp_path) as probe:
        await probe.put(10_000, 360)
        await probe.upkeep(START + HOUR + MINUTE)
        assert (await probe.store.state()).rolled_to <= START
        await probe.upkeep(START + HOUR + 2 * MINUTE)
        assert (await probe.store.state()).rolled_to == START + HOUR


async def test_a_late_reading_dirties_its_own_hour_of_its_own_series_and_nothing_else(tmp_path):
    async with _probe(tmp_path) as probe:
        await probe.put(10_000, 8_640, series=3)
        now = START + 90 * DAY
        await probe.upkeep(now)
        await probe.put(1, 1, start=START + 5 * HOUR + 1, series=1)
        assert (await probe.store.state()).dirty == 1
        assert await probe.count("dirty") == 1
        before = await probe.answers(START, START + DAY)
        await probe.upkeep(now)
        assert await probe.count("dirty") == 0
        after = await probe.answers(START, START + DAY)
        assert all(_equal(before[width], after[width]) for width in WIDTHS)
        assert after[HOUR].count.tolist().count(361) == 1


async def test_an_hour_rests_while_late_readings_keep_coming_but_not_for_ever(tmp_path):
    rest = 5_000
    async with _probe(tmp_path, rest=rest) as probe:
        await probe.put(10_000, 720)
        now = START + DAY
        await probe.upkeep(now)
        rolled = 0
        for second in range(0, 150, 3):
            probe.clock.ms = now + second * 1_000
            await probe.put(1, 1, start=START + second + 1, series=1)
            assert (await probe.store.state()).dirty > 0
            await probe.upkeep(probe.clock.ms)
            rolled += (await probe.store.state()).dirty == 0
        assert rolled == 2  # not fifty times: the hour never rested, so it was rolled up once a minute
        await probe.upkeep(probe.clock.ms + rest)
        assert (await probe.store.state()).dirty == 0
        raw = await probe.store.scan("t", await probe.ids(), START, START + 2 * HOUR)
        after = await probe.answers(START, START + 2 * HOUR)
        assert all(_equal(after[width], partials_at(raw, width)) for width in WIDTHS)


async def test_a_day_that_nobody_wrote_to_at_its_end_still_gets_its_rollup(tmp_path):
    async with _probe(tmp_path) as probe:
        await probe.put(10_000, 360)
        await probe.upkeep(START + HOUR + 3 * MINUTE)
        await probe.upkeep(START + 3 * DAY)
        assert await probe.count("rollup_1d") == 2


async def test_minutes_are_kept_only_where_they_are_smaller_than_the_readings(tmp_path):
    async with _probe(tmp_path) as probe:
        await probe.put(10_000, 360)  # six a minute
        await probe.put(5 * MINUTE, 12, start=START + HOUR)  # three a quarter
        await probe.upkeep(START + 2 * HOUR + 3 * MINUTE)
        assert await probe.count("rollup_1m") == 2 * 60
        assert await probe.count("rollup_15m") == 2 * 4
        assert await probe.count("rollup_1h") == 2 * 2


@pytest.mark.parametrize("day", [START - DAY, START + DAY], ids=["backfilled", "live"])
async def test_a_closed_day_is_compacted_once_and_loses_nothing(tmp_path, day):
    async with _probe(tmp_path) as probe:
        for part in range(20):
            await probe.put(20_000, 200, start=day + part * 200 * 20_000, series=5, seed=part)
        before = await probe.store.scan("t", await probe.ids(), day, day + DAY)
        assert await probe.count("loose") > 0
        await probe.upkeep(START + 4 * DAY)
        assert await probe.count("loose") == 0
        after = await probe.store.scan("t", await probe.ids(), day, day + DAY)
        assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))
        with_duplicates = await probe.store.state()
        await probe.put(20_000, 200, start=day, series=5, seed=0)
        assert (await probe.store.state()).readings == with_duplicates.readings


async def test_retention_removes_what_is_too_old_and_the_ledger_keeps_its_sums(tmp_path):
    async with _probe(tmp_path, retention_raw=30, retention_rollups=60, retention_receipts=3) as probe:
        await probe.put(HOUR, 24)
        await probe.put(HOUR, 24, start=START + 40 * DAY)
        before = (await probe.store.ledger("t"))[0].counts
        await probe.upkeep(START + 45 * DAY)
        ids = await probe.ids()
        kept = await probe.store.scan("t", ids, 0, 2**62)
        assert len(kept.ts) == 48
        assert kept.ts.min() >= START + 40 * DAY
        assert (await probe.store.recent("t", ids, 100)).ts.min() >= START + 40 * DAY
        assert (await probe.store.ledger("t"))[0].counts == before
        assert await probe.count("receipts") == 0
        assert (await probe.store.ledger("t"))[0].counts == before


async def test_a_huge_hour_is_rolled_up_in_pieces_and_late_readings_meanwhile_are_not_missed(tmp_path, monkeypatch):
    monkeypatch.setattr("penstock.store.series.duckdb.upkeep._CHUNK_ROWS", 1_000)
    async with _probe(tmp_path) as probe:
        await probe.put(10_000, 360, series=20)
        probe.clock.ms = START + HOUR + 3 * MINUTE
        seed = 1
        while await probe.store.maintain(probe.clock.ms):
            await probe.put(1, 1, start=START + 30 * MINUTE + seed, series=20, seed=seed)
            seed += 1
            assert seed < 200
            if seed > 12:
                break
        await probe.upkeep(probe.clock.ms)
        ids = await probe.ids()
        raw = await probe.store.scan("t", ids, START, START + HOUR)
        for width in WIDTHS:
            served = (await probe.store.aggregate("t", ids, START, START + HOUR, width)).partials
            assert _equal(served, partials_at(raw, width)), width


async def test_what_explains_a_reading_goes_with_its_receipt_and_the_reading_stays(tmp_path):
    refused = Refused(0, "s", "m0", "power_w", START, "not_finite", "why")
    async with _probe(tmp_path, retention_receipts=3) as probe:
        for n, day in enumerate((0, 0, 9), 1):
            probe.clock.ms = START + day * DAY
            part = Part(f"r{n}", "x", 1, 1, findings=Findings((), {"not_finite": 1}, (refused,)))
            key = SeriesKey("s", "m0", "power_w", "W")
            batch = Batch("t", (key,), np.zeros(1, np.int32), np.array([START]), np.array([float(n)]), np.array([n]))
            await probe.store.commit([Frame(f"f{n}", "t", n, (part,), batch)])
        assert len((await probe.store.trace("t", 0, START)).arrivals) == 3
        await probe.upkeep(START + 9 * DAY)
        trace = await probe.store.trace("t", 0, START)
        assert (trace.value, trace.version) == (3.0, 3)
        told = [(a.value, a.passage.receipt if a.passage else None) for a in trace.arrivals]
        assert told == [(2.0, None), (3.0, "r3")]
        assert [said.receipt for said in await probe.store.refusals("t", "m0", "power_w", START, 9)] == ["r3"]


async def test_the_state_says_from_when_readings_are_kept(tmp_path):
    async with _probe(tmp_path, retention_raw=30) as probe:
        probe.clock.ms = START + HOUR
        assert (await probe.store.state()).kept_from == START - 30 * DAY
