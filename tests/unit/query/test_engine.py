import asyncio
from contextlib import asynccontextmanager, suppress

import pytest

from penstock.model.errors import InvalidInput, NotFound, Unavailable
from penstock.model.event import Event
from penstock.model.ledger import DeadLetter, Part
from penstock.model.series import SeriesKey
from penstock.model.time import DAY, MINUTE
from penstock.query.engine import Engine
from penstock.query.port import (
    Aggregate,
    Batteries,
    DeadLetters,
    Events,
    Latest,
    LedgerQuestion,
    Metrics,
    Pipeline,
    ReceiptQuestion,
    Recent,
    Select,
    Series,
    Status,
)
from tests.unit.query.query_world import T0, World

POWER = SeriesKey("hq", "m1", "power_w", "W")


def event(name: str, ts: int, criticality: int) -> Event:
    return Event(name, ts, f"said {ts}", criticality, f"message {name}", "gate")


async def test_an_answer_says_how_fresh_it_is():
    world = World()
    world.fresh_to = world.time - 250
    world.flying = {"acme": {"http": 1}}
    answer = await world.ask(Latest(tenant="acme"))
    assert (answer.as_of, answer.staleness_ms, answer.complete) == (world.fresh_to, 250, False)
    world.flying = {}
    answer = await world.ask(Latest(tenant="acme"))
    assert (answer.as_of, answer.staleness_ms, answer.complete) == (world.time, 0, True)


async def test_an_answer_is_complete_when_its_range_is_past_and_nothing_is_in_flight():
    world = World()
    await world.put([(POWER, T0, 1.0)])

    async def complete(end: int | None) -> bool:
        return (await world.ask(Recent(tenant="acme", where=Select(), start=0, end=end))).complete

    assert await complete(world.time)
    assert await complete(None)
    assert not await complete(world.time + 1)
    world.flying = {"acme": {"http": 3}}
    assert not await complete(world.time)
    assert not await complete(None)


class _Noting:
    """A store that notes which questions are called small."""

    def __init__(self, store):
        self._store = store
        self.small = []

    @asynccontextmanager
    async def view(self):
        async with self._store.view() as view:
            yield _Noting._View(view, self.small)

    class _View:
        def __init__(self, view, small):
            self._view = view
            self._small = small

        async def together(self, ask, *, small=False):
            self._small.append(small)
            return await self._view.together(ask, small=small)


@pytest.mark.parametrize(
    ("question", "small"),
    [
        (Recent(tenant="acme", where=Select(sensor="m1"), limit=100), True),
        (Recent(tenant="acme", where=Select(sensor="m1"), limit=100_000), False),
        (Latest(tenant="acme"), True),
        (Aggregate(tenant="acme", where=Select(room="r1"), start=T0, end=T0 + DAY, window=15 * MINUTE), True),
        (Aggregate(tenant="acme", where=Select(room="r1"), start=T0, end=T0 + 365 * DAY, window=0), True),
        (Aggregate(tenant="acme", where=Select(room="r1"), start=T0, end=T0 + DAY, window=MINUTE), False),
        (Aggregate(tenant="acme", where=Select(room="r1"), start=T0, end=T0 + DAY, window="1m"), False),
        (Batteries(tenant="acme"), False),
        (Series(tenant="acme"), False),
    ],
)
async def test_only_what_gives_few_rows_may_be_tried_on_the_event_loop(question, small):
    world = World()
    await world.put([(POWER._replace(sensor="m1"), T0, 1.0)])
    store = _Noting(world.store)
    engine = Engine(store, world, world, world.metrics)
    with suppress(NotFound):  # the room
        await engine.ask(question)
    assert store.small == [small]


async def test_data_is_answered_while_the_bus_is_away_but_not_called_complete():
    world = World()
    await world.put([(POWER, T0, 1.0)])
    world.bus_is_away = True
    answer = await world.ask(Latest(tenant="acme"))
    assert (answer.table.num_rows, answer.complete) == (1, False)
    with pytest.raises(Unavailable):
        await world.ask(LedgerQuestion(tenant="acme"))


async def _land(world: World, ts: int, after: float) -> None:
    await asyncio.sleep(after)
    await world.put([(POWER, ts, 2.0)])
    world.flying = {}


async def test_on_a_quiet_system_a_writer_reads_its_own_write():
    world = World()
    await world.put([(POWER, T0, 1.0)])
    world.fresh_to, world.flying = world.time - 1000, {"acme": {"http": 1}}
    landing = asyncio.create_task(_land(world, T0 + 1, 0.01))
    answer = await world.ask(Latest(tenant="acme"))
    assert (answer.table["ts"].to_pylist(), answer.complete) == ([T0 + 1], True)
    await landing


async def test_what_is_not_there_yet_is_waited_for_before_saying_so():
    world = World()
    world.fresh_to, world.flying = world.time - 1000, {"acme": {"http": 50}}
    landing = asyncio.create_task(_land(world, T0, 0.1))
    answer = await world.ask(Recent(tenant="acme", where=Select(sensor=POWER.sensor)))
    assert (answer.table.num_rows, answer.complete) == (1, True)
    await landing


async def test_under_load_an_answer_does_not_wait_and_says_that_it_is_not_complete():
    world = World()
    await world.put([(POWER, T0, 1.0)])
    world.fresh_to, world.flying = world.time - 1000, {"acme": {"http": 50}}
    began = asyncio.get_running_loop().time()
    answer = await world.ask(Latest(tenant="acme"))
    assert (answer.complete, answer.as_of) == (False, world.fresh_to)
    assert asyncio.get_running_loop().time() - began < 0.05


async def test_while_commits_follow_one_another_an_answer_does_not_wait_for_the_few_messages_in_flight():
    world = World()
    await world.put([(POWER, T0, 1.0)])
    world.fresh_to, world.flying, world.busy = world.time - 40, {"acme": {"http": 1}}, True
    began = asyncio.get_running_loop().time()
    answer = await world.ask(Latest(tenant="acme"))
    assert (answer.complete, answer.as_of) == (False, world.fresh_to)
    assert asyncio.get_running_loop().time() - began < 0.04


async def test_while_commits_follow_one_another_what_is_not_there_yet_is_waited_for_all_the_same():
    world = World()
    world.fresh_to, world.flying, world.busy = world.time - 40, {"acme": {"http": 1}}, True
    landing = asyncio.create_task(_land(world, T0, 0.1))
    answer = await world.ask(Recent(tenant="acme", where=Select(sensor=POWER.sensor)))
    assert (answer.table.num_rows, answer.complete) == (1, True)
    await landing


async def test_freshness_is_read_before_the_data():
    world = World()
    await world.put([(POWER, T0, 1.0)])
    world.fresh_to = 1000
    world.flying = {"acme": {"http": 50}}
    real = world.store.find

    async def commits_meanwhile(*arguments):
        world.fresh_to = 2000
        return await real(*arguments)

    world.store.find = commits_meanwhile
    assert (await world.ask(Latest(tenant="acme"))).as_of == 1000


async def test_events_newest_first_above_a_criticality():
    world = World()
    await world.put(events=[event("a", T0, 5), event("b", T0 + 2, 9), event("c", T0 + 1, 7)])
    table = (await world.ask(Events(tenant="acme", criticality_above=5))).table
    assert table.to_pylist() == [
        {
            "id": n,
            "ts": T0 + i,
            "timestamp": f"said {T0 + i}",
            "criticality": c,
            "message": f"message {n}",
            "source": "gate",
        }
        for n, i, c in (("b", 2, 9), ("c", 1, 7))
    ]
    assert (await world.ask(Events(tenant="acme", start=T0 + 1, end=T0 + 2))).table["id"].to_pylist() == ["c"]
    assert (await world.ask(Events(tenant="acme", criticality_above=-(10**30)))).table.num_rows == 3
    assert (await world.ask(Events(tenant="acme", criticality_above=10**30))).table.num_rows == 0
    assert (await world.ask(Events(tenant="other"))).table.schema == table.schema
    with pytest.raises(InvalidInput):
        await world.ask(Events(tenant="acme", limit=0))


async def test_the_ledger_counts_what_is_in_flight_as_received():
    world = World()
    await world.put([(POWER, T0, 1.0), (POWER, T0, 1.0)], parts=[Part("r", "http", 2, 3)])
    world.flying = {"acme": {"http": 10, "line": 4}}
    rows = (await world.ask(LedgerQuestion(tenant="acme"))).table.to_pylist()
    zero = {"stored": 0, "duplicate": 0, "superseded": 0, "rejected": 0, "dead_lettered": 0, "difference": 0}
    assert rows == [
        {**zero, "source": "http", "received": 15, "stored": 1, "duplicate": 1, "rejected": 3, "in_flight": 10},
        {**zero, "source": "line", "received": 4, "in_flight": 4},
    ]
    assert (await world.ask(LedgerQuestion(tenant="other"))).table.num_rows == 0


async def test_a_difference_in_the_ledger_shows():
    world = World()
    await world.put([], parts=[Part("r", "http", 0, 0)])
    [row] = (await world.ask(LedgerQuestion(tenant="acme"))).table.to_pylist()
    assert row["difference"] == 0
    tenant = world.store._tenants["acme"]
    tenant.sources["http"] = tenant.sources["http"]._replace(received=7)
    [row] = (await world.ask(LedgerQuestion(tenant="acme"))).table.to_pylist()
    assert row["difference"] == 7


async def test_a_receipt_is_one_row_once_something_of_it_is_committed():
    world = World()
    await world.put([(POWER, T0, 1.0)], parts=[Part("r", "http", 1, 2)])
    table = (await world.ask(ReceiptQuestion(tenant="acme", receipt="r"))).table
    assert table.drop_columns("admitted_ts").to_pylist() == [
        {
            "receipt": "r", "source": "http", "received": 3, "stored": 1, "duplicate": 0, "superseded": 0, "rejected": 2,
            "dead_lettered": 0, "in_flight": 0, "committed_ts": world.time,
        }
    ]  # fmt: skip
    for tenant, receipt in (("acme", "x"), ("other", "r")):
        none = (await world.ask(ReceiptQuestion(tenant=tenant, receipt=receipt))).table
        assert (none.num_rows, none.schema) == (0, table.schema)


async def test_dead_letters_show_their_bytes_as_text():
    world = World()
    letters = [
        DeadLetter(f"d{i}", "nats", T0 + i, "bad", "why", payload) for i, payload in enumerate((b"\xffa", "ü".encode()))
    ]
    await world.put(parts=[Part("r", "nats", 0)], dead_letters=letters)
    rows = (await world.ask(DeadLetters(tenant="acme"))).table.to_pylist()
    assert [(r["id"], r["received_ts"], r["payload"]) for r in rows] == [("d1", T0 + 1, "ü"), ("d0", T0, "\\xffa")]


async def test_the_pipeline_is_told_for_all_tenants_together():
    world = World()
    await world.put([(POWER, T0, 1.0)])
    await world.put([(POWER, T0, 1.0), (POWER, T0 + 1, 2.0)], tenant="other")
    told = (await world.ask(Pipeline(tenant="acme"))).meta
    assert (told["ledger"]["received"], told["ledger"]["stored"]) == (3, 3)
    assert told["store"]["series"] == 2
    assert told["lanes"].keys() == {"readings"}


async def test_status_and_metrics_answer_in_meta():
    world = World()
    await world.put([(POWER, T0, 1.0)])
    world.flying = {"acme": {"http": 2}, "other": {"secret": 1}}
    status = await world.ask(Status(tenant="acme"))
    assert status.table.num_columns == 0
    assert status.meta["store"]["series"] == 1
    assert status.meta["pending"] == {"http": 2}
    assert status.meta["lanes"] == {"readings": {"messages": 2, "bytes": 512, "max_bytes": 1024}}
    assert (await world.ask(Metrics(tenant="acme"))).meta["text"] == "penstock_up 1\n"


async def test_no_question_shows_another_tenant():
    world = World()
    await world.put([(POWER, T0, 1.0), (POWER._replace(metric="soc", unit="1"), T0, 0.5)], parts=[Part("r", "http", 2)])
    await world.put(events=[event("a", T0, 5)], dead_letters=[DeadLetter("d", "http", T0, "c", "d", b"")])
    for question in (
        Series(tenant="other"),
        Recent(tenant="other", where=Select()),
        Latest(tenant="other"),
        Aggregate(tenant="other", where=Select(), start=0, end=T0 * 2, window=0),
        Batteries(tenant="other"),
        Events(tenant="other"),
        ReceiptQuestion(tenant="other", receipt="r"),
        LedgerQuestion(tenant="other"),
        DeadLetters(tenant="other"),
    ):
        assert (await world.ask(question)).table.num_rows == 0, question
        own = type(question)(**{f: getattr(question, f) for f in question.__struct_fields__} | {"tenant": "acme"})
        assert (await world.ask(own)).table.num_rows > 0, own
