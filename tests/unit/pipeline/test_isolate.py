"""A store that refuses some rows gets all the others, exactly once, whatever crashes on the way."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.bus import HEADER_ID, Lane, encode_frame, tenant_subject
from penstock.bus.memory import MemoryBus
from penstock.model.batch import Batch
from penstock.model.errors import Unavailable
from penstock.model.event import make_event
from penstock.model.frame import Frame
from penstock.model.ledger import Part
from penstock.model.series import Attributes, SeriesKey
from penstock.model.time import format_time
from penstock.pipeline.isolate import MAX_TRIALS, isolate
from penstock.pipeline.runner import Runner, RunnerConfig
from penstock.store.series import Filter
from penstock.store.series.memory import MemorySeriesStore

NOW = 1_763_700_000_000
KEYS = tuple(SeriesKey("s", f"m{i}", "power_w", "W") for i in range(3))
POISON = -1.0


class FixedClock:
    def now(self) -> int:
        return NOW


class Crash(Exception):
    """The process ends here."""


class PickyStore(MemorySeriesStore):
    """Cannot hold the value POISON, events of criticality 666 or the building `bad`; `plan` says how each call ends."""

    plan: Sequence[str] = ()
    calls = 0

    async def commit(self, frames):
        fate = self._next()
        if fate == "away":
            raise Unavailable("the store is away")
        if fate == "crash before":
            raise Crash
        for frame in frames:
            self._refuse(frame)
        receipts = await super().commit(frames)
        if fate == "crash after":
            raise Crash
        return receipts

    async def rehearse(self, frame):
        fate = self._next()
        if fate == "away":
            raise Unavailable("the store is away")
        if fate.startswith("crash"):
            raise Crash
        self._refuse(frame)

    def _next(self) -> str:
        self.calls += 1
        return self.plan[self.calls - 1] if self.calls <= len(self.plan) else "fine"

    @staticmethod
    def _refuse(frame):
        if (frame.batch.value == POISON).any() or any(event.criticality == 666 for event in frame.events):
            raise ValueError("cannot hold this")
        if any(said.building == "bad" for said in frame.batch.attributes.values()):
            raise LookupError("no such building")


def frame_of(number: int, sizes: Sequence[int], poisoned: Sequence[int], building: str = "") -> Frame:
    n = sum(sizes)
    value = np.arange(n) / 4.0
    value[list(poisoned)] = POISON
    batch = Batch(
        "acme",
        KEYS,
        (np.arange(n) % 3).astype(np.int32),
        NOW - number * 10_000 - np.arange(n, dtype=np.int64),
        value,
        np.full(n, NOW * 1000),
        {("s", "m0"): Attributes(building)} if building else {},
    )
    parts = tuple(Part(f"r{number}-{i}", f"src{i % 2}", size, 1) for i, size in enumerate(sizes))
    return Frame(f"f{number}", "acme", NOW * 1000, parts, batch)


async def run_to_the_end(frames: Sequence[Frame], plan: Sequence[str]) -> PickyStore:
    """Publish everything, then start a commit loop again after every crash until the bus is empty."""
    bus, store = MemoryBus(ack_wait=0.05), PickyStore(FixedClock())
    store.plan = plan
    await bus.open()
    for frame in frames:
        subject = tenant_subject(Lane.READINGS, frame.tenant)
        await bus.publish(Lane.READINGS, subject, encode_frame(frame), {HEADER_ID: frame.id})
    async with asyncio.timeout(60):
        while (await bus.pending(Lane.READINGS)).messages:
            task = asyncio.create_task(Runner(bus, store, FixedClock(), RunnerConfig(idle_wait=0.01)).run())
            while not task.done() and (await bus.pending(Lane.READINGS)).messages:
                await asyncio.sleep(0.002)
            task.cancel()
            with pytest.raises((asyncio.CancelledError, BaseExceptionGroup)):
                await task
    await bus.close()
    return store


async def values_of(store: PickyStore) -> dict[tuple[str, int], float]:
    found: dict[tuple[str, int], float] = {}
    for info in await store.find("acme", Filter()):
        readings = await store.scan("acme", np.array([info.id], np.int32), 0, 2**62)
        found |= {(info.key.sensor, ts): v for ts, v in zip(readings.ts.tolist(), readings.value.tolist(), strict=True)}
    return found


@settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.lists(st.integers(1, 6), min_size=1, max_size=3).flatmap(
            lambda sizes: st.tuples(st.just(sizes), st.sets(st.integers(0, sum(sizes) - 1), max_size=4))
        ),
        min_size=1,
        max_size=3,
    ),
    st.lists(st.sampled_from(["fine"] * 4 + ["crash before", "crash after"]), max_size=25),
)
def test_good_rows_are_stored_and_bad_ones_in_letters_exactly_once_whatever_crashes(shapes, plan):
    frames = [frame_of(number, sizes, sorted(bad)) for number, (sizes, bad) in enumerate(shapes)]

    async def check() -> None:
        store = await run_to_the_end(frames, plan)
        rows = {
            (f.batch.keys[s].sensor, ts): v
            for f in frames
            for s, ts, v in zip(f.batch.series.tolist(), f.batch.ts.tolist(), f.batch.value.tolist(), strict=True)
        }
        assert await values_of(store) == {row: value for row, value in rows.items() if value != POISON}
        letters = await store.dead_letters("acme", 100)
        dead = [json.loads(line) for letter in letters for line in letter.payload.splitlines()]
        assert sorted((r["sensor_id"], r["ts"]) for r in dead) == sorted(r for r, v in rows.items() if v == POISON)
        for row in await store.ledger("acme"):
            parts = [part for frame in frames for part in frame.parts if part.source == row.source]
            assert row.counts.received == sum(part.accepted + part.rejected for part in parts)
            assert row.counts.dead_lettered == sum(letter.rows for letter in letters if letter.source == row.source)
            assert (row.counts.balance, row.counts.duplicate) == (0, 0)

    asyncio.run(check())


async def test_a_store_that_is_away_while_rows_are_looked_for_costs_no_row():
    store = await run_to_the_end([frame_of(0, [5], [2])], ["fine", "away", "fine", "away", "away", "fine", "away"])
    assert len(await values_of(store)) == 4
    (letter,) = await store.dead_letters("acme", 10)
    assert (letter.rows, letter.code, letter.source) == (1, "commit_valueerror", "src0")


async def test_attributes_that_the_store_refuses_are_dropped_and_cost_no_row():
    store = await run_to_the_end([frame_of(0, [5], [], building="bad")], [])
    assert len(await values_of(store)) == 5
    assert await store.dead_letters("acme", 10) == []


async def test_one_bad_row_of_many_is_found_in_few_rehearsals():
    trials = 0

    async def trial(frame: Frame) -> Exception | None:
        nonlocal trials
        trials += 1
        return ValueError("no") if (frame.batch.value == POISON).any() else None

    narrowed = await isolate(frame_of(0, [16_384], [9_999]), trial, NOW)
    assert (len(narrowed.batch), sum(part.dead_lettered for part in narrowed.parts)) == (16_383, 1)
    assert trials <= 2 * 14 + 2


async def test_a_frame_that_is_bad_throughout_ends_after_a_bounded_number_of_rehearsals():
    trials = 0

    async def trial(frame: Frame) -> Exception | None:
        nonlocal trials
        trials += 1
        return ValueError("no") if len(frame.batch) else None

    narrowed = await isolate(frame_of(0, [16_384], []), trial, NOW)
    assert (len(narrowed.batch), sum(letter.rows for letter in narrowed.dead_letters)) == (0, 16_384)
    assert trials <= MAX_TRIALS + 2


async def test_events_are_narrowed_like_readings():
    events = tuple(make_event(c, format_time(NOW), f"e{c}") for c in (1, 666, 3))
    frame = Frame("f", "acme", NOW * 1000, (Part("r", "events", 3),), Batch.empty("acme"), events)
    store = PickyStore(FixedClock())

    async def trial(piece: Frame) -> Exception | None:
        try:
            await store.rehearse(piece)
        except ValueError as error:
            return error
        return None

    narrowed = await isolate(frame, trial, NOW)
    assert [event.criticality for event in narrowed.events] == [1, 3]
    assert json.loads(narrowed.dead_letters[0].payload)["criticality"] == 666
