"""Questions that read a view several times in one thread."""

from __future__ import annotations

import asyncio
import threading

import pytest

from penstock.store.series import Filter
from penstock.store.series.duckdb import DuckConfig, DuckSeriesStore
from tests.contracts.stores import T0, TEMPERATURE, frame


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
