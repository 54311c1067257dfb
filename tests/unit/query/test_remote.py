import asyncio
import math

import msgspec
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.bus.memory import MemoryBus
from penstock.bus.wire import error_reply
from penstock.model.errors import (
    Backpressure,
    Conflict,
    InvalidInput,
    Misconfigured,
    NotAllowed,
    NotFound,
    PenstockError,
    Poison,
    RowError,
    TooLarge,
    Unavailable,
)
from penstock.model.series import SeriesKey
from penstock.query.codec import decode_question, decode_reply, encode_answer, encode_error, encode_question
from penstock.query.port import Aggregate, Answer, Batteries, Latest, Question, Recent, Select, Series, Status
from penstock.query.remote import GROUP, SUBJECT, RemoteReader, serve
from tests.unit.query.query_world import T0, World

POWER = SeriesKey("hq", "m1", "power_w", "W")


@pytest.fixture
async def bus():
    memory = MemoryBus()
    await memory.open()
    yield memory
    await memory.close()


class Failing:
    def __init__(self, error: Exception) -> None:
        self.error = error

    async def ask(self, question: Question) -> Answer:
        raise self.error


async def test_the_remote_answers_as_the_engine_does(bus):
    world = World()
    await world.put([(POWER, T0 + i, float(i)) for i in range(10)])
    await world.put([(POWER._replace(metric="soc", unit="1"), T0, 0.5)])
    responder = await serve(world.engine, bus)
    remote = RemoteReader(bus)
    for question in (
        Recent(tenant="acme", where=Select(), limit=3),
        Latest(tenant="acme", where=Select(metric="power_w"), unit="kW"),
        Series(tenant="acme", limit=1),
        Series(tenant="nobody"),
        Aggregate(tenant="acme", where=Select(site="hq"), start=T0, end=T0 + 9, group_by=("sensor",)),
        Aggregate(tenant="acme", where=Select(site="hq"), start=T0, end=T0 + 9, window="1mo", zone="Europe/Berlin"),
        Batteries(tenant="acme", above={"soc": 0.1}),
        Status(tenant="acme"),
    ):
        near, far = await world.ask(question), await remote.ask(question)
        assert far.table.equals(near.table, check_metadata=True)
        assert (far.as_of, far.complete, far.next_cursor, far.meta) == (
            near.as_of,
            near.complete,
            near.next_cursor,
            near.meta,
        )
        assert far.staleness_ms == near.staleness_ms
    await responder.stop()


@pytest.mark.parametrize(
    "error",
    [
        InvalidInput("d", code="c", hint="h"),
        InvalidInput("d", rows=[RowError(3, "c", "x")]),
        TooLarge("d", hint="h"),
        NotFound("d"),
        Conflict("d"),
        Misconfigured("d"),
        Poison("d"),
        Unavailable("d", retry_after=7.5),
        Backpressure("d", code="c", retry_after=2.0),
        NotAllowed("d", authenticated=True),
        NotAllowed("d", authenticated=False, hint="h"),
        PenstockError("d", code="own"),
    ],
)
async def test_an_error_of_the_engine_is_raised_again_as_the_same(bus, error):
    responder = await serve(Failing(error), bus)
    with pytest.raises(PenstockError) as raised:
        await RemoteReader(bus).ask(Status(tenant="acme"))
    await responder.stop()
    assert type(raised.value) is type(error)
    assert vars(raised.value) == vars(error)


async def test_a_defect_is_replied_and_not_left_to_the_timeout(bus):
    responder = await serve(Failing(ZeroDivisionError("secret")), bus)
    with pytest.raises(PenstockError) as raised:
        await RemoteReader(bus, timeout=5).ask(Status(tenant="acme"))
    await responder.stop()
    assert "secret" not in raised.value.detail


async def test_an_answer_over_the_payload_bound_is_refused_with_advice():
    world = World()
    rng = iter(range(10**9))
    await world.put([(POWER, T0 + i, math.sin(next(rng)) * 1e9) for i in range(60_000)])
    bus = MemoryBus(max_payload=100_000)
    await bus.open()
    responder = await serve(world.engine, bus)
    question = Recent(tenant="acme", where=Select(), limit=60_000)
    with pytest.raises(TooLarge, match="60000 rows") as refused:
        await RemoteReader(bus).ask(question)
    rows = int(refused.value.hint.split()[3])
    fitting = await RemoteReader(bus).ask(Recent(tenant="acme", where=Select(), limit=rows))
    assert fitting.table.num_rows == rows
    await responder.stop()
    await bus.close()


@pytest.mark.parametrize(
    ("code", "kind"), [("too_large", TooLarge), ("backpressure", Backpressure), ("own", PenstockError)]
)
def test_a_refusal_by_the_bus_itself_is_known_by_its_code(code, kind):
    with pytest.raises(PenstockError, match="why") as raised:
        decode_reply(error_reply(code, "why"))
    assert (type(raised.value), raised.value.code) == (kind, code)


async def test_without_a_query_service_it_is_unavailable_at_once(bus):
    async with asyncio.timeout(2):
        with pytest.raises(Unavailable):
            await RemoteReader(bus).ask(Status(tenant="acme"))


async def test_a_slow_service_is_unavailable_after_the_timeout(bus):
    never = asyncio.Event()

    class Slow:
        async def ask(self, question: Question) -> Answer:
            await never.wait()
            raise AssertionError

    responder = await serve(Slow(), bus)
    with pytest.raises(Unavailable):
        await RemoteReader(bus, timeout=0.05).ask(Status(tenant="acme"))
    never.set()
    await responder.stop()


async def test_a_question_that_died_with_its_service_is_asked_again_of_the_next(bus):
    """A killed process answers nothing, and the bus does not tell who asked it."""
    taken, over = asyncio.Event(), asyncio.Event()

    async def dies(_: bytes) -> bytes:
        taken.set()
        await over.wait()
        return b""

    remote = RemoteReader(bus)
    await remote.open()
    dying = await bus.respond(SUBJECT, dies, group=GROUP)
    async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        asked = [tasks.create_task(remote.ask(Status(tenant="acme"))) for _ in range(3)]
        await taken.wait()
        tasks.create_task(dying.stop())
        await asyncio.sleep(0)
        responder = await serve(World().engine, bus)
        answers = [await each for each in asked]
        over.set()
    assert [answer.meta["pending"] for answer in answers] == [{}] * 3
    await responder.stop()
    await remote.close()


async def test_a_service_that_begins_does_not_wait_for_readers_that_are_gone(bus):
    remote = RemoteReader(bus)
    await remote.open()
    await remote.close()
    await remote.close()
    async with asyncio.timeout(2):
        await (await serve(World().engine, bus)).stop()


@pytest.mark.parametrize(
    "payload", [b"", b"{}", b"\xff", b'{"ask":"recent"}', b'{"ask":"recent","tenant":"a","where":{},"x":1}']
)
async def test_a_malformed_question_is_refused_and_the_service_lives(bus, payload):
    world = World()
    responder = await serve(world.engine, bus)
    with pytest.raises(InvalidInput):
        decode_reply(await bus.request(SUBJECT, payload))
    assert (await RemoteReader(bus).ask(Status(tenant="acme"))).meta["pending"] == {}
    await responder.stop()


@given(st.binary(max_size=60))
def test_any_bytes_are_a_question_or_refused(payload):
    with pytest.raises(InvalidInput):
        decode_question(payload)


@given(st.binary(max_size=60) | st.binary(max_size=60).map(b"{".__add__))
def test_any_reply_that_is_none_is_unavailable(payload):
    with pytest.raises(Unavailable):
        decode_reply(payload)


def test_a_question_travels_as_tagged_json():
    question = Aggregate(tenant="acme", where=Select(site="hq"), start=1, end=2, group_by=("room",))
    payload = encode_question(question)
    assert msgspec.json.decode(payload) == {
        "ask": "aggregate", "tenant": "acme", "where": {"site": "hq"}, "start": 1, "end": 2, "group_by": ["room"],
    }  # fmt: skip
    assert decode_question(payload) == question


def test_large_answers_are_compressed_and_exact():
    table = pa.table({"ts": pa.array(range(100_000)), "value": pa.array([0.1] * 100_000)})
    answer = Answer(table, 5, 6, complete=True, next_cursor="c", meta={"tier": 60_000})
    payload = encode_answer(answer)
    assert len(payload) < table.nbytes / 2
    assert decode_reply(payload) == answer


def test_an_error_document_says_class_code_detail_and_hint():
    document = msgspec.json.decode(encode_error(NotFound("no such", hint="look")))
    assert document == {"error": {"code": "not_found", "detail": "no such", "kind": "NotFound", "hint": "look"}}
