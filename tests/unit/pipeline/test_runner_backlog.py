"""The commit loop with a backlog: old readings give way to new ones, and freshness is claimed only where it is known."""

from __future__ import annotations

import asyncio

import pytest

from penstock.bus import EVENTS_SUBJECT, LIVE_LANES, Lane
from penstock.bus.memory import MemoryBus
from penstock.model.errors import Unavailable
from penstock.model.time import HOUR
from penstock.pipeline.gate import Gate, GateConfig
from penstock.pipeline.runner import Runner, RunnerConfig
from penstock.store.series.memory import MemorySeriesStore
from tests.unit.pipeline.test_runner import NOW, FixedClock, _batch, _eventually, _idle, _running, _true

OLD = -2 * HOUR


class RecordingStore(MemorySeriesStore):
    """Takes a while for each commit and writes down how many rows of which age it held."""

    def __init__(self, seconds: float = 0.0) -> None:
        super().__init__()
        self.seconds = seconds
        self.commits: list[tuple[str, int]] = []

    async def commit(self, frames):
        await asyncio.sleep(self.seconds)
        rows = [ts for frame in frames for ts in frame.batch.ts.tolist()]
        self.commits.append(("old" if min(rows) < NOW - HOUR else "new", len(rows)))
        return await super().commit(frames)


@pytest.fixture
async def bus():
    bus = MemoryBus()
    await bus.open()
    yield bus
    await bus.close()


@pytest.fixture
async def store():
    store = RecordingStore()
    await store.open()
    return store


async def _pour(gate, messages, rows=100):
    for n in range(messages):
        await gate.offer(_batch(rows, start=OLD + n * rows), source="http")


async def test_the_backlog_ends_in_the_store_too(bus, store):
    await _pour(Gate(bus, FixedClock()), 5)
    async with _running(bus, store):
        await _eventually(lambda: _idle(bus))
    assert (await store.ledger("default"))[0].counts.stored == 500


async def test_without_live_data_the_backlog_is_committed_in_large_pieces(bus, store):
    await _pour(Gate(bus, FixedClock()), 12)
    async with _running(bus, store, backlog_rows=200, fetch_messages=4):
        await _eventually(lambda: _idle(bus))
    assert max(rows for _, rows in store.commits) >= 400


async def test_while_live_data_flows_a_commit_of_the_backlog_is_small(bus, store):
    store.seconds = 0.01
    gate = Gate(bus, FixedClock())
    async with _running(bus, store, backlog_rows=200):
        await gate.offer(_batch(1), source="http")
        await _eventually(lambda: _idle(bus))
        await _pour(gate, 12)
        await _eventually(lambda: _idle(bus))
    assert max(rows for age, rows in store.commits if age == "old") <= 200


async def test_the_backlog_leaves_the_store_its_share_of_the_time_while_live_data_flows(bus, store):
    store.seconds = 0.03
    gate = Gate(bus, FixedClock())
    async with _running(bus, store, backlog_rows=100, backlog_share=0.2):
        await gate.offer(_batch(1), source="http")
        await _eventually(lambda: _idle(bus))
        await _pour(gate, 4)
        began = asyncio.get_running_loop().time()
        await _eventually(lambda: _idle(bus))
        assert asyncio.get_running_loop().time() - began >= 3 * 0.03 / 0.2  # three pauses lie between four commits


async def test_freshness_of_the_live_lanes_does_not_wait_for_the_backlog(bus, store):
    runner = Runner(bus, store, FixedClock())
    runner.stats[Lane.READINGS].as_of = runner.stats[Lane.EVENTS].as_of = NOW
    runner.stats[Lane.BACKLOG].as_of = NOW - 60_000
    await _pour(Gate(bus, FixedClock()), 20)
    assert (runner.as_of(LIVE_LANES), runner.as_of()) == (NOW, NOW - 60_000)
    assert await runner.in_flight() == {Lane.READINGS: 0, Lane.EVENTS: 0, Lane.BACKLOG: 20}


async def test_while_large_commits_follow_one_another_what_is_in_flight_is_told_without_the_broker(bus, store):
    store.seconds = 0.02
    gate = Gate(bus, FixedClock())
    for n in range(20):
        await gate.offer(_batch(1_000, start=n * 1_000), source="http")
    async with _running(bus, store, commit_rows=1_000, fetch_messages=1) as runner:
        asked = bus.depth
        await _eventually(lambda: _true(runner.is_busy(LIVE_LANES)))
        assert not runner.is_busy([Lane.EVENTS])
        bus.depth = None
        flying = await runner.in_flight()
        runner.stats[Lane.BACKLOG].as_of = NOW - 60_000
        behind = await runner.in_flight()
        bus.depth = asked
        assert flying[Lane.READINGS] in (1, 2)  # one is committed, one fetched ahead
        assert (flying[Lane.BACKLOG], behind[Lane.BACKLOG]) == (0, 1)  # it may wait for what is old
        await _eventually(lambda: _idle(bus))
        await _eventually(lambda: _true(not runner.is_busy(LIVE_LANES)))
        assert await runner.in_flight() == dict.fromkeys(Lane, 0)


async def test_which_readings_may_wait_is_known_once_what_an_earlier_run_left_is_committed(bus, store):
    await _pour(Gate(bus, FixedClock(), GateConfig(backlog_after=HOUR)), 1)
    runner = Runner(bus, store, FixedClock(), RunnerConfig(idle_wait=0.02, backlog_after=6 * HOUR))
    assert runner.horizon() is None
    task = asyncio.create_task(runner.run())
    await _eventually(lambda: _true(runner.horizon() == NOW - 6 * HOUR))
    assert await _idle(bus)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_what_a_killed_run_held_is_not_claimed_to_be_stored(store):
    bus = MemoryBus(ack_wait=0.3)
    await bus.open()
    gate = Gate(bus, FixedClock())
    await gate.offer(_batch(1), source="http")
    await bus.fetch(Lane.READINGS, 1, 0.0)  # by a run that is killed now
    await gate.offer(_batch(1, start=10), source="http")
    async with _running(bus, store) as runner:
        await _eventually(lambda: _true(store.commits))
        assert runner.as_of((Lane.READINGS,)) == 0
        await _eventually(lambda: _true(runner.as_of((Lane.READINGS,)) == NOW))
        assert sum(rows for _, rows in store.commits) == 2


async def test_a_raw_event_makes_nothing_fresh_that_waits_behind_it(bus):
    store = MemorySeriesStore()
    await store.open()
    inner, entered, release = store.commit, asyncio.Event(), asyncio.Event()

    async def slow(frames):
        entered.set()
        await release.wait()
        return await inner(frames)

    await bus.publish(Lane.EVENTS, EVENTS_SUBJECT, b'{"criticality": 1}', {})
    store.commit = slow
    async with _running(bus, store, fetch_messages=1) as runner:
        await entered.wait()
        await bus.publish(Lane.EVENTS, EVENTS_SUBJECT, b'{"criticality": 2}', {})
        bus.down = True  # so that what follows is not fetched
        release.set()
        await _eventually(lambda: _true(runner.stats[Lane.EVENTS].commits == 1))
        assert runner.as_of((Lane.EVENTS,)) == 0


async def test_messages_without_rows_are_bounded_in_bytes_too(bus):
    store = MemorySeriesStore()
    await store.open()
    inner, commits = store.commit, []

    async def count(frames):
        commits.append(len(frames))
        return await inner(frames)

    store.commit = count
    for _ in range(10):
        await bus.publish(Lane.EVENTS, EVENTS_SUBJECT, bytes(1_000), {})
    async with _running(bus, store, commit_bytes=2_500):
        await _eventually(lambda: _idle(bus))
    assert sum(commits) == 10
    assert max(commits) <= 2


async def test_half_of_the_commits_failing_costs_one_call_each_and_no_row_twice(bus, store):
    calls, rows = 0, 0
    inner = store.commit

    async def flaky(frames):
        nonlocal calls, rows
        calls += 1
        if calls % 2:
            raise Unavailable("the store is away")
        rows += sum(len(frame.batch) for frame in frames)
        return await inner(frames)

    store.commit = flaky
    gate = Gate(bus, FixedClock())
    async with _running(bus, store, retry_cap=0.01) as runner:
        for n in range(20):
            await gate.offer(_batch(10, start=n * 10), source="http")
        await _eventually(lambda: _idle(bus))
        failures = sum(stats.failures for stats in runner.stats.values())
    assert rows == 200
    assert calls == len(store.commits) + failures == 2 * len(store.commits)
