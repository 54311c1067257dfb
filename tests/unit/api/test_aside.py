"""A second event loop: what runs on it comes back to its caller, is cancelled with it, and ends with it."""

import asyncio
import contextvars
import threading

import pytest

from penstock.api.aside import Aside, AskedFromAside
from penstock.model.errors import NotFound, Unavailable
from penstock.query.port import Answer, Series

ASKED = Series(tenant="acme")
WHO = contextvars.ContextVar("who", default="nobody")


@pytest.fixture
async def aside():
    aside = Aside("aside-test")
    yield aside
    await aside.close()


async def test_work_runs_in_one_other_thread_with_the_context_of_its_caller(aside):
    async def work():
        return threading.current_thread().name, threading.get_ident(), WHO.get()

    WHO.set("acme")
    first, second = await asyncio.gather(aside.run(work), aside.run(work))
    assert first == second == ("aside-test", first[1], "acme")
    assert first[1] != threading.get_ident()


async def test_an_error_reaches_the_caller(aside):
    async def work():
        raise NotFound("not here")

    with pytest.raises(NotFound, match="not here"):
        await aside.run(work)


async def test_questions_are_asked_on_the_loop_that_the_reader_belongs_to(aside):
    class Here:
        async def ask(self, question):
            assert asyncio.get_running_loop() is home
            await asyncio.sleep(0)
            if question.tenant == "gone":
                raise NotFound("not here")
            return question

    home = asyncio.get_running_loop()
    reader = AskedFromAside(Here(), home)
    assert await aside.run(lambda: reader.ask(ASKED)) is ASKED
    with pytest.raises(NotFound):
        await aside.run(lambda: reader.ask(Series(tenant="gone")))


async def test_a_caller_that_goes_cancels_its_work_and_what_that_asked(aside):
    asked, ended = asyncio.Event(), asyncio.Event()

    class Slow:
        async def ask(self, _) -> Answer:
            asked.set()
            try:
                await asyncio.Event().wait()
            finally:
                ended.set()
            raise AssertionError

    reader = AskedFromAside(Slow(), asyncio.get_running_loop())
    caller = asyncio.create_task(aside.run(lambda: reader.ask(ASKED)))
    async with asyncio.timeout(10):
        await asked.wait()
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller
        await ended.wait()


async def test_closing_ends_what_runs_and_takes_nothing_more():
    aside, begun = Aside("aside-test"), threading.Event()

    async def work():
        begun.set()
        await asyncio.Event().wait()

    caller = asyncio.create_task(aside.run(work))
    assert await asyncio.to_thread(begun.wait, 10)
    await aside.close()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert "aside-test" not in {thread.name for thread in threading.enumerate()}
    with pytest.raises(Unavailable):
        await aside.run(work)


async def test_closing_what_never_began_is_nothing():
    await Aside("aside-test").close()
