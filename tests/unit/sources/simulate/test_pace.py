import asyncio
import random

import pytest

from penstock.model.errors import Backpressure, InvalidInput, PenstockError, Unavailable
from penstock.model.time import DAY, HOUR, MINUTE
from penstock.sources.simulate import Delivery, Ems, Faults, Progress, Stream, demo_history, replay, run

from .rows import MONDAY, SITES, by_process, events_of, rows_of, small_fleets

END = MONDAY + 5 * MINUTE


class SimulatedTime:
    """A clock that only sleeping moves."""

    def __init__(self, now: int = MONDAY) -> None:
        self._now = float(now)
        self.slept: list[float] = []

    def now(self) -> int:
        return int(self._now)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self._now += seconds * 1000
        await asyncio.sleep(0)


class Receiver:
    """Takes deliveries, and remembers when."""

    def __init__(self, time: SimulatedTime) -> None:
        self.time = time
        self.taken: list[Delivery] = []
        self.at: list[int] = []

    async def __call__(self, delivery: Delivery) -> None:
        await asyncio.sleep(0)
        self.taken.append(delivery)
        self.at.append(self.time.now())


def expected(faults: Faults) -> list[Delivery]:
    stream = Stream(small_fleets(), faults=faults, seed=1)
    return [*stream.take(MONDAY, END), *stream.flush()]


async def test_a_run_in_real_time_emits_exactly_the_stream_as_it_becomes_due():
    time = SimulatedTime()
    receiver = Receiver(time)
    stream = Stream(small_fleets(), faults=Faults(), seed=1)
    progress = await run(stream, time, receiver, until=END, senders=1, sleep=time.sleep)
    assert by_process(receiver.taken) == by_process(expected(Faults()))
    assert events_of(receiver.taken) == events_of(expected(Faults()))
    assert progress.readings == stream.tally.sent
    assert progress.events == stream.tally.events
    assert progress.until == END
    assert progress.retries == 0
    assert time.now() == pytest.approx(END, abs=1)
    for delivery, at in zip(receiver.taken, receiver.at, strict=True):
        newest = delivery.events[-1].ts if delivery.draft is None else int(delivery.draft.ts.max())
        assert newest < at + 2


async def test_a_speedup_from_the_past_takes_less_time_and_never_sends_the_future():
    time = SimulatedTime(MONDAY)
    receiver = Receiver(time)
    start = MONDAY - HOUR
    await run(
        Stream(Ems(SITES), seed=1), time, receiver, start=start, until=MONDAY, speedup=60, step=30_000, sleep=time.sleep
    )
    assert sum(time.slept) == pytest.approx(60, rel=0.05)
    assert {r[5] // 60_000 for r in rows_of(receiver.taken)} == set(range(start // 60_000, MONDAY // 60_000))


async def test_an_infinite_speedup_catches_up_without_sleeping_then_keeps_real_time():
    time = SimulatedTime(MONDAY)
    receiver = Receiver(time)
    stream = Stream(Ems(SITES), seed=1)
    await run(
        stream, time, receiver, start=MONDAY - HOUR, until=MONDAY + MINUTE, speedup=float("inf"), sleep=time.sleep
    )
    assert sum(time.slept) == pytest.approx(60, abs=0.1)
    assert stream.tally.sent == 21 * 3 * 6 * 61


@pytest.mark.parametrize("senders", [1, 3])
async def test_an_outage_costs_no_reading_and_is_waited_out(senders):
    time = SimulatedTime()
    receiver = Receiver(time)
    refusals = iter([Unavailable("away", retry_after=7.0)] * 4 + [Backpressure("full", retry_after=3.0)])

    async def emit(delivery: Delivery) -> None:
        for refusal in refusals:
            raise refusal
        await receiver(delivery)

    stream = Stream(small_fleets(), faults=Faults(), seed=1)
    progress = await run(stream, time, emit, until=END, senders=senders, sleep=time.sleep, rng=random.Random(1))
    assert progress.retries == 5
    assert sorted(rows_of(receiver.taken)) == sorted(rows_of(expected(Faults())))
    assert len([s for s in time.slept if s >= 7.0]) == 4


async def test_backoff_grows_at_random_above_what_the_answer_asks_for():
    time = SimulatedTime()
    refusals = iter([Unavailable("away", retry_after=2.0)] * 9)

    async def emit(_: Delivery) -> None:
        for refusal in refusals:
            raise refusal

    history = Stream(Ems(SITES), seed=1).take(MONDAY, MONDAY + MINUTE)[:1]
    await replay(history, emit, sleep=time.sleep, rng=random.Random(3))
    assert len(time.slept) == 9
    assert all(2.0 <= s <= 2.0 + 0.2 * 2**i for i, s in enumerate(time.slept))
    assert max(time.slept) > 5
    assert len(set(time.slept)) == 9


async def test_a_full_buffer_stops_generation_and_nothing_is_dropped():
    generated = 0
    gate = asyncio.Event()

    def source():
        nonlocal generated
        stream = Stream(Ems(SITES[:1], meters=10, step=1000), seed=1)
        for i in range(100):
            for delivery in stream.take(MONDAY + i * 10_000, MONDAY + (i + 1) * 10_000):
                generated += len(delivery)
                yield delivery

    taken: list[Delivery] = []

    async def emit(delivery: Delivery) -> None:
        await gate.wait()
        taken.append(delivery)

    running = asyncio.create_task(replay(source(), emit, max_buffered=3000, senders=2))
    for _ in range(200):
        await asyncio.sleep(0)
    assert 3000 <= generated <= 3000 + 300  # ten drafts in the buffer, one in the producer's hands
    gate.set()
    progress = await running
    assert progress.readings == generated == 100 * 300
    assert len(rows_of(taken)) == generated


async def test_a_delivery_larger_than_the_buffer_passes():
    history = Stream(Ems(SITES), seed=1).take(MONDAY, MONDAY + HOUR)
    receiver = Receiver(SimulatedTime())
    await replay(history, receiver, max_buffered=10)
    assert len(receiver.taken) == len(history)


async def test_any_other_error_ends_the_run_as_it_was_raised():
    async def emit(_: Delivery) -> None:
        raise InvalidInput("no such tenant")

    with pytest.raises(InvalidInput, match="no such tenant"):
        await replay(demo_history(1, MONDAY - DAY, MONDAY), emit)


async def test_a_run_without_end_is_cancelled_cleanly():
    time = SimulatedTime()
    receiver = Receiver(time)
    progress = Progress()
    running = asyncio.create_task(run(Stream(Ems(SITES), seed=1), time, receiver, progress=progress, sleep=time.sleep))
    async with asyncio.timeout(10):
        while progress.readings < 1000:
            await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert len(asyncio.all_tasks()) == 1


async def test_a_pace_that_makes_no_sense_is_refused():
    with pytest.raises(PenstockError, match="speedup 0"):
        await run(Stream(Ems(SITES), seed=1), SimulatedTime(), Receiver(SimulatedTime()), speedup=0)
