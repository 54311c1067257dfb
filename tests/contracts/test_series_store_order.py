"""Order does not matter: any permutation, repetition, splitting and grouping of the same readings, by any number of
workers, ends in the same store.

HYPOTHESIS_PROFILE=nightly looks at 10,000 histories per test and adapter instead of a few hundred.
"""

import asyncio
import itertools
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from penstock.model.batch import SEQ_BASE
from penstock.model.frame import Frame
from penstock.model.ledger import Counts, Part
from penstock.model.series import Attributes
from penstock.model.time import DAY, HOUR, MINUTE, SECOND
from penstock.store.series import Filter, SeriesStore
from penstock.store.series.memory import MemorySeriesStore
from tests.contracts.stores import (
    ADAPTERS,
    POWER,
    REMOTE,
    T0,
    TEMPERATURE,
    Adapter,
    FixedClock,
    bits,
    event,
    frame,
    ids_of,
)

# Before all readings, so that upkeep, which is told the time, rolls up hours that have gone cold as well as dirty ones.
EARLY = FixedClock(T0)
WIDTHS = (SECOND, MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, DAY)
NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
RANGES = ((T0, T0 + 4 * DAY), (T0 + 61_234, T0 + 2 * DAY + 3_723_001))
EXAMPLES = {"memory": 60, "duckdb": 25}


def thorough(adapter: Adapter) -> settings:
    """As many examples as the profile asks for; by default so many that all tests here look at a few hundred."""
    loaded = settings()
    return settings(loaded, max_examples=max(EXAMPLES[adapter.name], loaded.max_examples if NIGHTLY else 0))


# Edges of every rollup, and values whose sums depend on the order of addition.
OFFSETS = st.one_of(
    st.sampled_from([0, 1, 30_000, 59_999, 60_000, 899_999, 900_000, HOUR - 1, HOUR, DAY - 1, DAY, 2 * DAY + 1]),
    st.integers(0, 3 * DAY),
)
VALUES = st.sampled_from([0.1, 0.2, 0.3, 1 / 3, 1e16, -1e16, 1.0, -7.25])
ROWS = st.tuples(
    st.sampled_from([POWER, REMOTE, TEMPERATURE]), OFFSETS.map(lambda ms: T0 + ms), VALUES, st.integers(1, 3)
)
VERSIONS = st.sampled_from([1, 2, 3, SEQ_BASE, SEQ_BASE + 1, SEQ_BASE + 2])  # stamps, and seqs that beat them all
CORRECTED = st.tuples(st.sampled_from([POWER, REMOTE]), st.sampled_from([T0, T0 + 1, T0 + HOUR]), VALUES, VERSIONS)
PARTS = st.sampled_from(["http", "line", "tcp"])
SENSOR = (POWER.site, POWER.sensor)


@dataclass(frozen=True)
class History:
    """Frames, and an order of doing: commit a group of frames by number, maintain at an instant, or reopen."""

    frames: list[Frame]
    steps: list[tuple[str, list[int] | int]]


@st.composite
def histories(draw: st.DrawFn, *, reopen: bool) -> History:
    rows = draw(st.lists(ROWS, min_size=1, max_size=40))
    rows += draw(st.lists(st.sampled_from(rows), max_size=5))
    cuts = sorted(draw(st.lists(st.integers(0, len(rows)), max_size=6)))
    frames = [_frame(draw, i, rows[a:b]) for i, (a, b) in enumerate(zip([0, *cuts], [*cuts, len(rows)], strict=True))]
    names = ["e1", "e2", "e3"]
    frames += [
        frame(name=f"ev{i}", events=[event(name, T0 + names.index(name)) for name in said], stamp=1)
        for i, said in enumerate(draw(st.lists(st.lists(st.sampled_from(names), min_size=1, max_size=3), max_size=2)))
    ]
    arrivals = draw(st.permutations(range(len(frames))))
    arrivals += draw(st.lists(st.sampled_from(arrivals), max_size=4))
    steps: list[tuple[str, list[int] | int]] = []
    while arrivals:
        size = draw(st.integers(1, 4))
        steps.append(("commit", arrivals[:size]))
        arrivals = arrivals[size:]
        kinds = ["none", "maintain", "maintain", "reopen"] if reopen else ["none", "maintain"]
        steps += draw(st.lists(st.tuples(st.sampled_from(kinds), st.integers(T0, T0 + 8 * DAY)), max_size=3))
    return History(frames, steps)


def _frame(draw: st.DrawFn, i: int, rows: list) -> Frame:
    split = draw(st.integers(0, len(rows)))
    parts = [Part(f"r{i // 2}", draw(PARTS), split, draw(st.integers(0, 2))), Part(f"q{i}", "csv", len(rows) - split)]
    return frame(rows, name=f"f{i}", stamp=draw(st.integers(1, 4)), parts=parts)


async def answers(store: SeriesStore) -> dict[object, object]:
    """Everything the store says about readings, events and received counts, by series key rather than by id."""
    said: dict[object, object] = {}
    found = await store.find("acme", Filter())
    ids = await ids_of(store)
    for info in found:
        said[info.key] = (info.attributes, info.first_ts, info.last_ts)
        for limit, before in ((1, None), (3, None), (2, T0 + DAY), (1000, T0 + 2 * DAY)):
            said[info.key, limit, before] = bits(await store.recent("acme", ids, limit, before), info.id)
        for start, end in RANGES:
            said[info.key, start] = bits(await store.scan("acme", ids, start, end), info.id)
            for width in WIDTHS:
                partials = (await store.aggregate("acme", ids, start, end, width)).partials
                said[info.key, start, width] = bits(partials, info.id)
    said["events"] = [row.event for row in await store.events("acme", limit=100)]
    for row in await store.ledger(None):
        assert row.counts.balance == 0
        said[row.source] = (row.counts.received, row.counts.rejected)
    return said


async def replay(adapter: Adapter, history: History, directory: Path) -> dict[object, object]:
    store = adapter.make(directory, EARLY)
    await store.open()
    try:
        for kind, what in history.steps:
            if kind == "commit":
                await store.commit([history.frames[i] for i in what])
            elif kind == "maintain":
                await store.maintain(what)
            elif kind == "reopen" and adapter.persists:
                await store.close()
                store = adapter.make(directory, EARLY)
                await store.open()
        return await answers(store)
    finally:
        await store.close()


async def once_in_order(frames: list[Frame]) -> dict[object, object]:
    oracle = MemorySeriesStore(EARLY)
    await oracle.commit(frames)
    return await answers(oracle)


def _differences(found: dict[object, object], expected: dict[object, object]) -> list[object]:
    return [name for name in found.keys() | expected.keys() if found.get(name) != expected.get(name)]


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_any_order_repetition_and_grouping_ends_in_the_same_answers(adapter):
    @thorough(adapter)
    @given(history=histories(reopen=adapter.persists))
    def check(history: History) -> None:
        with tempfile.TemporaryDirectory() as directory:
            found = asyncio.run(replay(adapter, history, Path(directory)))
        assert _differences(found, asyncio.run(once_in_order(history.frames))) == []

    check()


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_receipts_and_ledger_equal_the_oracle_for_the_same_arrivals(adapter):
    async def fates(store: SeriesStore, history: History) -> list[object]:
        await store.open()
        try:
            said: list[object] = []
            for kind, what in history.steps:
                if kind == "commit":
                    said += await store.commit([history.frames[i] for i in what])
            said += await store.ledger(None)
            for part in (part for one in history.frames for part in one.parts):
                said.append(await store.receipt("acme", part.receipt))
            totals = [row.counts for row in await store.ledger("acme")]
            assert sum(totals, start=Counts()).balance == 0
            return said
        finally:
            await store.close()

    @thorough(adapter)
    @given(history=histories(reopen=False))
    def check(history: History) -> None:
        with tempfile.TemporaryDirectory() as directory:
            found = asyncio.run(fates(adapter.make(Path(directory), EARLY), history))
        assert found == asyncio.run(fates(MemorySeriesStore(EARLY), history))

    check()


@dataclass(frozen=True)
class Shift:
    """What one worker does, one after another: commit some frames, or a piece of upkeep."""

    steps: list[list[Frame] | int]


@st.composite
def workdays(draw: st.DrawFn) -> tuple[list, list[Shift]]:
    """Rows, and the same rows dealt out: shuffled, some repeated, cut into frames anew, frames redelivered to anyone."""
    rows = draw(st.lists(CORRECTED, min_size=2, max_size=24))
    dealt = draw(st.permutations(rows)) + draw(st.lists(st.sampled_from(rows), max_size=4))
    cuts = sorted(draw(st.lists(st.integers(0, len(dealt)), max_size=10)))
    frames = [frame(dealt[a:b]) for a, b in itertools.pairwise([0, *cuts, len(dealt)])]
    frames += draw(st.lists(st.sampled_from(frames), max_size=3))
    hands: list[list[list[Frame] | int]] = [[] for _ in range(draw(st.integers(1, 4)))]
    while frames:
        size = draw(st.integers(1, 3))
        hands[draw(st.integers(0, len(hands) - 1))].append(frames[:size])
        frames = frames[size:]
    upkeep = st.lists(st.integers(T0, T0 + 3 * DAY), max_size=2)
    return rows, [Shift([*steps, *draw(upkeep)]) for steps in hands]


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_corrections_of_few_keys_by_many_workers_end_in_the_greatest_version(adapter):
    async def work(store: SeriesStore, shift: Shift) -> None:
        for step in shift.steps:
            await (store.maintain(step) if isinstance(step, int) else store.commit(step))

    async def run(rows: list, shifts: list[Shift], directory: Path) -> list[object]:
        store = adapter.make(directory, EARLY)
        await store.open()
        try:
            await asyncio.gather(*(work(store, shift) for shift in shifts))
            found = await answers(store)
            if adapter.persists:
                await store.close()
                store = adapter.make(directory, EARLY)
                await store.open()
                assert _differences(await answers(store), found) == []
        finally:
            await store.close()
        expected = await once_in_order([frame(rows)])
        return [name for name in _differences(found, expected) if name != "http"]  # repetitions are received, too

    @thorough(adapter)
    @given(workday=workdays())
    def check(workday: tuple[list, list[Shift]]) -> None:
        rows, shifts = workday
        with tempfile.TemporaryDirectory() as directory:
            assert asyncio.run(run(rows, shifts, Path(directory))) == []

    check()


SAID = [Attributes("A"), Attributes("B", "R2", tags={"a": "1"}), Attributes("", "R1"), Attributes(tags={"a": "2"})]


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_what_is_known_of_a_sensor_does_not_depend_on_order_grouping_or_reopening(adapter):
    async def told(news: list[tuple[int, int]], groups: list[int], directory: Path) -> Attributes:
        store = adapter.make(directory, EARLY)
        await store.open()
        try:
            frames = [frame([(POWER, T0, 1.0, 1)], stamp=stamp, attributes={SENSOR: SAID[i]}) for stamp, i in news]
            while frames:
                size = groups.pop()
                await store.commit(frames[: abs(size)])
                frames = frames[abs(size) :]
                if size < 0 and adapter.persists:
                    await store.close()
                    store = adapter.make(directory, EARLY)
                    await store.open()
            [info] = await store.find("acme", Filter())
            return info.attributes
        finally:
            await store.close()

    @thorough(adapter)
    @given(
        news=st.lists(st.tuples(st.integers(1, 5), st.integers(0, 3)), min_size=1, max_size=6),
        groups=st.lists(st.sampled_from([1, 2, 3, -1, -2]), min_size=6, max_size=6),
    )
    @example(news=[(1, 0), (3, 0), (2, 1)], groups=[1] * 6)
    @example(news=[(1, 0), (3, 0), (2, 1)], groups=[-1] * 6)
    @example(news=[(1, 0), (3, 0), (2, 1)], groups=[3] * 6)
    def check(news: list[tuple[int, int]], groups: list[int]) -> None:
        expected = Attributes(
            max((stamp, SAID[i].building) for stamp, i in [(0, 2), *news] if SAID[i].building or not stamp)[1],
            max((stamp, SAID[i].room) for stamp, i in [(0, 0), *news] if SAID[i].room or not stamp)[1],
            tags=dict(
                max(((stamp, sorted(SAID[i].tags.items())) for stamp, i in news if SAID[i].tags), default=(0, []))[1]
            ),
        )
        with tempfile.TemporaryDirectory() as directory:
            found = asyncio.run(told(news, list(groups), Path(directory)))
        assert found == expected

    check()


@pytest.mark.parametrize("adapter", ADAPTERS)
async def test_late_corrections_of_rolled_days_show_in_every_width(adapter, tmp_path):
    store, oracle = adapter.make(tmp_path, EARLY), MemorySeriesStore(EARLY)
    await store.open()
    rng = np.random.default_rng(3)
    base = [(POWER, T0 + int(ts) * SECOND, float(rng.normal()), 1) for ts in range(0, 2 * 86_400, 120)]
    late = [(POWER, row[1] + int(rng.integers(0, 2)), 5.0, 2) for row in base[:: 7 * 11]]
    for rows in (base, late):
        arrival = frame(rows)
        await store.commit([arrival])
        await oracle.commit([arrival])
        assert _differences(await answers(store), await answers(oracle)) == []
        for _ in range(50):
            if not await store.maintain(T0 + 20 * DAY):
                break
        assert _differences(await answers(store), await answers(oracle)) == []
    await store.close()
