"""Each value's story, and why there is none."""

import numpy as np
import pytest

from penstock.model.batch import SEQ_BASE, Batch
from penstock.model.errors import InvalidInput
from penstock.model.findings import NOTHING_FOUND, Converted, Findings, Refused
from penstock.model.frame import Frame
from penstock.model.ledger import DeadLetter, Part
from penstock.model.series import SeriesKey
from penstock.model.time import DAY, HOUR
from penstock.query.engine import Engine
from penstock.query.port import Answer, Explain, ReceiptQuestion
from penstock.store.series import Trace
from penstock.store.series.memory import MemorySeriesStore
from tests.unit.query.query_world import T0, World

KEY = SeriesKey("hq", "t1", "temperature", "K")
CELSIUS = Converted("temperature", "degC", "temperature", "K", 1.0, 273.15)


class Forgetful(MemorySeriesStore):
    """A store whose receipts are over."""

    async def trace(self, tenant: str, series: int, ts: int) -> Trace:
        kept = await super().trace(tenant, series, ts)
        return kept._replace(arrivals=tuple(arrival._replace(passage=None) for arrival in kept.arrivals))


class Desk:
    """A world in which requests of one reading come in."""

    def __init__(self) -> None:
        self.world = World()

    async def send(
        self,
        name: str,
        value: float,
        *,
        key: SeriesKey = KEY,
        ts: int = T0,
        seq: int = 0,
        findings: Findings = NOTHING_FOUND,
    ) -> None:
        stamp = self.world.time * 1000
        batch = Batch(
            "acme",
            (key,),
            np.zeros(1, np.int32),
            np.array([ts]),
            np.array([value]),
            np.array([SEQ_BASE + seq if seq else stamp]),
        )
        part = Part(f"r-{name}", "http", 1, len(findings.refused), findings=findings)
        self.world.time += 40
        await self.world.store.commit([Frame(name, "acme", stamp, (part,), batch)])

    async def ask(
        self, sensor: str = "t1", metric: str = "temperature", ts: int = T0, site: str | None = None
    ) -> Answer:
        return await self.world.ask(Explain(tenant="acme", sensor=sensor, metric=metric, ts=ts, site=site))

    async def code(self, **asked) -> str:
        answer = await self.ask(**asked)
        assert not answer.meta["found"]
        return answer.meta["reasons"][0]["code"]


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_a_value_is_told_with_conversion_receipt_and_latencies(desk: Desk):
    admitted = desk.world.time
    await desk.send("a", 294.65, findings=Findings((CELSIUS,)))
    answer = await desk.ask()
    meta = answer.meta
    assert (meta["value"], meta["unit"], meta["site_id"], meta["stamp"]) == (294.65, "K", "hq", admitted * 1000)
    [conversion] = meta["conversions"]
    assert (conversion["sent_value"], conversion["sent_unit"], conversion["offset"]) == (21.5, "degC", 273.15)
    assert meta["latency"] == {"device_to_door_ms": admitted - T0, "door_to_committed_ms": 40}
    assert meta["decision"]["code"] == "only_version"
    [row] = answer.table.to_pylist()
    assert (row["receipt"], row["frames"], row["source"], row["wins"]) == ("r-a", ["a"], "http", True)
    assert row["admitted_ts"] == admitted


async def test_the_metric_may_be_asked_for_as_it_was_sent(desk: Desk):
    await desk.send("a", 294.65)
    assert (await desk.ask(metric="temperature_c")).meta["value"] == 294.65


@pytest.mark.parametrize(
    ("first", "second", "code"),
    [
        ((1.0, 0), (2.0, 0), "later_admission"),
        ((1.0, 0), (2.0, 3), "seq_over_stamp"),
        ((1.0, 3), (2.0, 0), "seq_over_stamp"),
        ((1.0, 3), (2.0, 4), "higher_seq"),
        ((1.0, 3), (2.0, 3), "greater_value"),
        ((1.0, 0), (1.0, 0), "equal_values"),
    ],
)
async def test_the_decision_names_the_rule(desk: Desk, first, second, code):
    for name, (value, seq) in (("a", first), ("b", second)):
        await desk.send(name, value, seq=seq)
    answer = await desk.ask()
    assert answer.meta["decision"]["code"] == code
    assert answer.table.column("wins").to_pylist().count(True) == 1


async def test_what_was_stored_and_beaten_is_called_replaced(desk: Desk):
    await desk.send("a", 1.0)
    await desk.send("b", 2.0, seq=9)
    await desk.send("c", 3.0)
    answer = await desk.ask()
    assert (answer.meta["value"], answer.meta["seq"]) == (2.0, 9)
    assert answer.table.column("fate").to_pylist() == ["replaced", "stored", "superseded"]


async def test_a_series_of_several_sites_needs_its_site(desk: Desk):
    await desk.send("a", 1.0)
    await desk.send("b", 2.0, key=KEY._replace(site="plant"))
    with pytest.raises(InvalidInput, match="hq, plant"):
        await desk.ask()
    assert (await desk.ask(site="plant")).meta["value"] == 2.0


# -- missing


async def test_a_refused_reading_is_told_with_its_reason(desk: Desk):
    refused = Refused(1, "hq", "t1", "temperature", T0 + 5, "value_out_of_range", "below 0 K")
    await desk.send("a", 1.0, findings=Findings((), {"value_out_of_range": 1}, (refused,)))
    answer = await desk.ask(ts=T0 + 5)
    assert [reason["code"] for reason in answer.meta["reasons"]] == ["refused", "after_last"]
    assert answer.meta["reasons"][0]["receipt"] == "r-a"
    assert answer.meta["refused"][0]["detail"] == "below 0 K"


@pytest.mark.parametrize("ts", [str(T0 + 5), '"2026-01-01T00:00:00.005Z"'], ids=["number", "text"])
async def test_a_dead_lettered_reading_is_told(desk: Desk, ts):
    payload = f'not JSON\n{{"sensor_id":"t1","metric":"temperature_c","ts":{ts},"value":1}}'.encode()
    letter = DeadLetter("d1", "nats", T0, "value_out_of_range", "why", payload)
    await desk.world.put([(KEY, T0, 1.0)], parts=[Part("r", "nats", 1)], dead_letters=[letter])
    answer = await desk.ask(ts=T0 + 5)
    assert (answer.meta["reasons"][0]["code"], answer.meta["reasons"][0]["dead_letter"]) == ("dead_lettered", "d1")
    assert await desk.code(ts=T0 + 6) == "after_last"


async def test_what_may_be_on_its_way_is_told_with_how_much(desk: Desk):
    await desk.send("a", 1.0)
    desk.world.flying = {"acme": {"http": 3}}
    answer = await desk.ask(ts=T0 + 5)
    assert (answer.meta["reasons"][0]["code"], answer.meta["reasons"][0]["rows"]) == ("in_flight", 3)
    assert not answer.complete
    desk.world.bus_is_away = True
    assert await desk.code(ts=T0 + 5) == "in_flight"


@pytest.mark.parametrize(
    ("asked", "close"),
    [
        ({"sensor": "t2"}, ["t1"]),
        ({"metric": "temperatur"}, ["temperature"]),
        ({"site": "plant"}, ["hq"]),
        ({"sensor": "zzzzzz"}, []),
    ],
    ids=["sensor", "metric", "site", "nothing-like-it"],
)
async def test_an_unknown_series_is_told_with_names_that_are_close(desk: Desk, asked, close):
    await desk.send("a", 1.0)
    answer = await desk.ask(**asked)
    [reason] = answer.meta["reasons"]
    assert (reason["code"], reason["close"]) == ("series_unknown", close)


async def test_gaps_are_told_with_the_readings_around_them(desk: Desk):
    for n, ts in enumerate((T0, T0 + 3 * DAY)):
        await desk.send(f"f{n}", float(n), ts=ts)
    for ts, code in ((T0 - 1, "before_first"), (T0 + HOUR, "never_received"), (T0 + 4 * DAY, "after_last")):
        answer = await desk.ask(ts=ts)
        assert answer.meta["reasons"][0]["code"] == code
        first, last = {"ts": T0, "value": 0.0}, {"ts": T0 + 3 * DAY, "value": 1.0}
        before, after = answer.meta["nearest"]["before"], answer.meta["nearest"]["after"]
        assert before == (None if ts < T0 else first if ts < T0 + 3 * DAY else last)
        assert after == (first if ts < T0 else last if ts < T0 + 3 * DAY else None)
    assert await desk.code(ts=desk.world.time + DAY) == "in_future"


async def test_a_receipt_tells_frames_times_reasons_and_conversions(desk: Desk):
    refused = Refused(1, "hq", "t1", "temperature", T0, "value_out_of_range", "below 0 K")
    await desk.send("a", 294.65, findings=Findings((CELSIUS,), {"value_out_of_range": 1}, (refused,)))
    answer = await desk.world.ask(ReceiptQuestion(tenant="acme", receipt="r-a"))
    [row] = answer.table.to_pylist()
    assert (row["committed_ts"] - row["admitted_ts"], row["rejected"]) == (40, 1)
    assert answer.meta["frames"] == ("a",)
    assert answer.meta["reasons"] == {"value_out_of_range": 1}
    assert answer.meta["conversions"][0]["sent_unit"] == "degC"


async def test_what_is_no_longer_kept_is_said_so(desk: Desk):
    desk.world.store = Forgetful(desk.world)
    await desk.send("a", 1.0)
    engine = Engine(desk.world.store, desk.world, desk.world, desk.world.metrics)
    answer = await engine.ask(Explain(tenant="acme", sensor="t1", metric="temperature", ts=T0))
    assert answer.meta["decision"]["code"] == "not_kept"
    assert answer.table.column("receipt").to_pylist() == [None]
