"""Questions that read a view several times in one thread."""

from __future__ import annotations

import asyncio
import threading

import numpy as np
import pytest

from penstock.model.errors import NotFound
from penstock.model.time import HOUR
from penstock.store.series import Filter
from penstock.store.series.duckdb import DuckConfig, DuckSeriesStore
from tests.contracts.stores import T0, TEMPERATURE, bits, frame


@pytest.fixture
async def store(tmp_path):
    store = DuckSeriesStore(DuckConfig(tmp_path / "series.duckdb"))
    await store.open()
    await store.commit([frame([(TEMPERATURE, T0, 300.0, 1)])])
    yield store
    await store.close()


async def test_all_reads_and_what_is_computed_between_are_in_one_thread_that_is_not_the_event_loops(store):
    threads = []

    async def ask(view):
        for _ in range(3):
            await view.find("acme", Filter())
            threads.append(threading.get_ident())
        return "answered"

    async with store.view() as view:
        assert await view.together(ask) == "answered"
    assert len(set(threads)) == 1
    assert threads[0] != threading.get_ident()


async def where_answered(store, ask, *, small=True):
    """What `ask` makes of the store, and whether the event loop itself made it."""
    threads = []

    async def noting(view):
        found = await ask(view)
        threads.append(threading.get_ident())
        return found

    async with store.view() as view:
        return await view.together(noting, small=small), threads == [threading.get_ident()]


def newest(limit, count=1):
    """A question for the newest readings of some series."""

    async def ask(view):
        ids = np.array([info.id for info in await view.find("acme", Filter(site="hq"))], np.int32)[:count]
        return bits(await view.recent("acme", ids, limit), 0)

    return ask


async def test_a_small_question_that_memory_answers_takes_no_way_to_a_thread(store):
    found, at_once = await where_answered(store, newest(10))
    assert at_once
    assert (found, False) == await where_answered(store, newest(10), small=False)


async def test_a_question_called_small_that_needs_the_database_is_answered_beside_the_event_loop(tmp_path):
    store = DuckSeriesStore(DuckConfig(tmp_path / "series.duckdb", hot_bytes=0))
    await store.open()
    await store.commit([frame([(TEMPERATURE, T0 + i, float(i), 1) for i in range(1_000)])])
    assert (await where_answered(store, newest(3)))[1]
    found, at_once = await where_answered(store, newest(900))
    assert not at_once
    assert (found, False) == await where_answered(store, newest(900), small=False)
    await store.close()


async def test_a_question_called_small_about_many_series_is_answered_beside_the_event_loop(store):
    others = [TEMPERATURE._replace(sensor=f"s{i}") for i in range(100)]
    await store.commit([frame([(key, T0, 1.0, 1) for key in others])])
    assert not (await where_answered(store, newest(1)))[1]

    async def one(view):
        return await view.find("acme", Filter(sensor="s7"))

    assert (await where_answered(store, one))[1]


async def test_a_question_called_small_of_many_windows_is_answered_beside_the_event_loop(store):
    def windows(width):
        async def ask(view):
            ids = np.array([info.id for info in await view.find("acme", Filter())], np.int32)
            return bits((await view.aggregate("acme", ids, T0, T0 + HOUR, width)).partials, 0)

        return ask

    assert (await where_answered(store, windows(1_000)))[1]
    assert not (await where_answered(store, windows(1)))[1]


async def test_the_event_loop_waits_for_no_commit_to_answer_a_small_question(store):
    held, go_on = threading.Event(), threading.Event()

    def commit():
        with store._guard:
            held.set()
            go_on.wait(10)

    committing = asyncio.create_task(asyncio.to_thread(commit))
    await asyncio.to_thread(held.wait, 10)
    asked = asyncio.create_task(where_answered(store, newest(10)))
    for _ in range(20):
        await asyncio.sleep(0.005)  # the loop goes on
    assert not asked.done()
    go_on.set()
    await committing
    assert (await asked)[0] == (await where_answered(store, newest(10), small=False))[0]


async def test_what_a_small_question_is_refused_for_is_told(store):
    async def ask(view):
        return await view.scan("other", np.array([0], np.int32), T0, T0 + 1)

    with pytest.raises(NotFound):
        await where_answered(store, ask)


async def test_a_question_that_waits_for_something_else_is_a_mistake_and_says_so(store):
    async def ask(view):
        await view.find("acme", Filter())
        await asyncio.sleep(0)

    async with store.view() as view:
        with pytest.raises(RuntimeError, match="awaited something else"):
            await view.together(ask)


async def test_a_question_whose_asker_has_gone_ends_with_its_next_read(store):
    begun, go_on, ended = threading.Event(), threading.Event(), threading.Event()

    async def ask(view):
        try:
            begun.set()
            go_on.wait(10)
            while True:
                await view.find("acme", Filter())
        finally:
            ended.set()

    async def asking():
        async with store.view() as view:
            await view.together(ask)

    task = asyncio.create_task(asking())
    assert await asyncio.to_thread(begun.wait, 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    go_on.set()
    assert await asyncio.to_thread(ended.wait, 10)
    assert len(await store.find("acme", Filter())) == 1


async def test_long_questions_do_not_keep_single_reads_waiting(store):
    go_on = threading.Event()

    async def ask(view):
        go_on.wait(10)
        return await view.find("acme", Filter())

    async def asking():
        async with store.view() as view:
            return await view.together(ask)

    asked = [asyncio.create_task(asking()) for _ in range(20)]
    async with asyncio.timeout(5):
        assert len(await store.find("acme", Filter())) == 1
    go_on.set()
    assert [len(found) for found in await asyncio.gather(*asked)] == [1] * 20
