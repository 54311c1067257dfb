"""The virtual loop: time jumps, order follows the seed, killing unwinds, and what can never end is noticed."""

import asyncio
import random

import pytest

from tests.simulation.loop import OWNER, Stuck, VirtualLoop


def test_an_hour_of_sleep_takes_no_time_and_is_an_hour():
    loop = VirtualLoop()

    async def nap() -> float:
        await asyncio.sleep(3600)
        return loop.time()

    assert loop.run(nap()) == 3600.0


def _order(rng) -> list[int]:
    loop, seen = VirtualLoop(rng), []

    async def say(n: int) -> None:
        seen.append(n)

    async def main() -> None:
        await asyncio.gather(*(say(n) for n in range(10)))

    loop.run(main())
    return seen


def test_without_a_seed_the_order_is_that_of_arrival():
    assert _order(None) == list(range(10))


def test_ready_tasks_run_in_an_order_that_the_seed_decides():
    assert _order(random.Random(1)) == _order(random.Random(1))
    assert _order(random.Random(1)) != _order(random.Random(2))


def test_timers_fire_in_order_of_their_time_and_cancelled_ones_do_not():
    loop, seen = VirtualLoop(), []

    async def main() -> None:
        loop.call_later(3, seen.append, "c")
        loop.call_later(1, seen.append, "a")
        loop.call_later(2, seen.append, "b").cancel()
        await asyncio.sleep(5)

    loop.run(main())
    assert seen == ["a", "c"]


def test_asyncio_s_own_tools_work_in_virtual_time():
    loop = VirtualLoop(random.Random(5))

    async def main() -> str:
        lock, done = asyncio.Lock(), asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(done.wait())
            async with lock:
                loop.call_later(9, done.set)
        try:
            async with asyncio.timeout(50):
                await asyncio.Event().wait()
        except TimeoutError:
            return f"{loop.time():g}"
        return "never"

    assert loop.run(main()) == "59"


def test_waiting_for_ever_is_noticed():
    with pytest.raises(Stuck, match="for ever"):
        VirtualLoop().run(asyncio.Event().wait())


def test_a_busy_loop_is_noticed(monkeypatch):
    monkeypatch.setattr("tests.simulation.loop._STUCK", 1_000)

    async def spin() -> None:
        while True:
            await asyncio.sleep(0)

    with pytest.raises(Stuck, match="time stands still"):
        VirtualLoop().run(spin())


def test_tasks_belong_to_the_process_of_whoever_started_them():
    loop = VirtualLoop()

    async def child() -> str:
        return OWNER.get()

    async def parent() -> str:
        return await asyncio.create_task(child())

    async def main() -> tuple[str, str, int]:
        task = loop.spawn("edge", parent())
        await asyncio.sleep(0)
        alive = len(loop.alive("edge"))
        return await task, OWNER.get(), alive

    assert loop.run(main()) == ("edge", "world", 2)


def test_there_is_no_way_out_to_real_threads_or_sockets():
    loop = VirtualLoop()

    async def leave() -> None:
        await asyncio.to_thread(print)

    with pytest.raises(NotImplementedError):
        loop.run(leave())
