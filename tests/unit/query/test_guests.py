import json

import pyarrow as pa
import pytest

from penstock.bus.memory import MemoryBus
from penstock.model.event import Event, make_event
from penstock.model.series import SeriesKey
from penstock.model.time import HOUR
from penstock.query.guests import EVENTS_QUERY, READINGS_LATEST, READINGS_QUERY, serve_guests
from penstock.query.port import Answer, Fetch, Query, Select
from tests.unit.query.query_world import T0, World

POWER = SeriesKey("hq", "m1", "power_w", "W")
SAID = [
    (3, "2026-01-01T00:00:00+01:00", "door"),
    (7, "2026-01-01T00:00:01Z", "window"),
    (7, "2026-01-01T00:00:02.5Z", 'Fenster "ü"'),
    (9, "2026-01-01T00:00:03Z", "roof"),
]  # fmt: skip


class Client:
    """A raw NATS client: bytes in, JSON out."""

    def __init__(self, bus: MemoryBus) -> None:
        self.bus = bus

    async def ask(self, subject: str, request: object) -> dict:
        payload = request if isinstance(request, bytes) else json.dumps(request).encode()
        return json.loads(await self.bus.request(subject, payload, timeout=5))


@pytest.fixture
async def world():
    return World()


@pytest.fixture
async def client(world):
    bus = MemoryBus()
    await bus.open()
    responder = await serve_guests(world.engine, bus, world, tenant="acme")
    yield Client(bus)
    await responder.stop()
    await bus.close()


async def test_the_last_x_events_above_y_come_back_as_they_were_said(world, client):
    await world.put(events=[make_event(*said) for said in SAID])
    reply = await client.ask(EVENTS_QUERY, {"limit": 2, "criticality_above": 3})
    assert reply == {
        "events": [{"criticality": c, "timestamp": t, "eventMessage": m} for c, t, m in (SAID[3], SAID[2])]
    }
    assert [e["criticality"] for e in (await client.ask(EVENTS_QUERY, {"criticality_above": 7}))["events"]] == [9]


@pytest.mark.parametrize("request_", [{}, b"", b"  ", {"limit": 10}, {"criticality_above": None}])
async def test_without_limit_it_is_ten_and_without_threshold_all(world, client, request_):
    await world.put(events=[Event(f"e{i:02}", T0 + i, "t", -5, "m") for i in range(15)])
    assert len((await client.ask(EVENTS_QUERY, request_))["events"]) == 10


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (b"not json", "invalid_request"),
        (b"\xff\xfe", "invalid_request"),
        (b"[]", "invalid_request"),
        ({"limit": 0}, "invalid_limit"),
        ({"limit": 1001}, "invalid_limit"),
        ({"limit": "10"}, "invalid_request"),
        ({"limit": True}, "invalid_request"),
        ({"limit": None}, "invalid_request"),
        ({"criticality_above": 5.5}, "invalid_request"),
        ({"criticality": 5}, "invalid_request"),
    ],
)
async def test_a_malformed_request_is_answered_with_code_and_detail(client, request_, code):
    reply = await client.ask(EVENTS_QUERY, request_)
    assert reply.keys() == {"error"}
    assert reply["error"].keys() == {"code", "detail"}
    assert reply["error"]["code"] == code


async def test_a_thousand_events_that_do_not_fit_one_message_say_so(world, client):
    await world.put(events=[Event(f"e{i}", T0 + i, "t", 1, "m" * 16_000) for i in range(1000)])
    assert len((await client.ask(EVENTS_QUERY, {"limit": 50}))["events"]) == 50
    assert (await client.ask(EVENTS_QUERY, {"limit": 1000}))["error"]["code"] == "too_large"


async def test_only_the_events_tenant_is_answered_for(world, client):
    await world.put([(POWER, T0, 1.0)], tenant="other")
    await world.put(events=[Event("e", T0, "t", 1, "m")], tenant="other")
    assert await client.ask(EVENTS_QUERY, {}) == {"events": []}
    assert (await client.ask(READINGS_LATEST, {}))["data"] == []
    assert (await client.ask(READINGS_QUERY, {"sensor_id": "m1"}))["error"]["code"] == "not_found"
    assert (await client.ask(READINGS_QUERY, {"tenant": "other"}))["error"]["code"] == "invalid_request"


async def test_readings_are_rows_of_the_public_shape(world, client):
    await world.put([(POWER, T0 + i * 1500, 1000.0 * i) for i in range(4)])
    reply = await client.ask(READINGS_LATEST, {"sensor_id": "m1", "metric": "power_w", "limit": 5})
    row = {
        "ts": "2026-01-01T00:00:04.500Z",
        "sensor_id": "m1",
        "site_id": "hq",
        "metric": "power_w",
        "value": 3000.0,
        "unit": "W",
    }
    assert reply["data"] == [row]
    assert reply["complete"] is True
    assert reply["as_of"].endswith("Z")
    newest = await client.ask(READINGS_QUERY, {"sensor_id": "m1", "limit": 2, "unit": "kW"})
    assert [(r["ts"], r["value"]) for r in newest["data"]] == [
        ("2026-01-01T00:00:04.500Z", 3.0),
        ("2026-01-01T00:00:03Z", 2.0),
    ]
    ranged = await client.ask(READINGS_QUERY, {"site_id": "h*", "from": T0, "to": "2026-01-01T00:00:03Z"})
    assert [r["value"] for r in ranged["data"]] == [1000.0, 0.0]


async def test_pages_follow_each_other_by_cursor(world, client):
    await world.put([(POWER, T0 + i, float(i)) for i in range(5)])
    for subject, request in ((READINGS_QUERY, {"sensor_id": "m1"}), (READINGS_LATEST, {})):
        pages, cursor = [], None
        while not pages or cursor:
            reply = await client.ask(subject, {**request, "limit": 2, "cursor": cursor})
            pages.append([row["value"] for row in reply["data"]])
            cursor = reply["next_cursor"]
        assert pages == ([[4.0, 3.0], [2.0, 1.0], [0.0]] if subject == READINGS_QUERY else [[4.0]])


async def test_columns_come_when_asked_for(world, client):
    await world.put([(POWER, T0 + i, float(i)) for i in range(2)])
    reply = await client.ask(READINGS_QUERY, {"sensor_id": "m1", "shape": "columns"})
    assert reply["columns"]["ts"] == [T0 + 1, T0]
    assert reply["columns"]["value"] == [1.0, 0.0]
    assert "data" not in reply


async def test_a_request_with_fetch_is_a_whole_query_of_the_events_tenant():
    asked = []

    class Reader:
        async def ask(self, question):
            asked.append(question)
            columns = {"name": ["a"], "ts": [T0], "value": [1.5]}
            return Answer(pa.table(columns), T0, 0, True, meta={"tier": 0})

    bus = MemoryBus()
    await bus.open()
    responder = await serve_guests(Reader(), bus, World(), tenant="acme")
    client = Client(bus)
    query = {"start": "2026-01-01T00:00:00Z", "end": T0 + 1, "fetch": {"a": {"where": {"site": "hq"}, "fn": "max"}}}
    reply = await client.ask(READINGS_QUERY, query)
    assert reply["data"] == [{"name": "a", "ts": "2026-01-01T00:00:00Z", "value": 1.5}]
    assert reply["meta"] == {"tier": 0}
    assert asked == [Query(tenant="acme", start=T0, end=T0 + 1, fetch={"a": Fetch(where=Select(site="hq"), fn="max")})]
    await client.ask(READINGS_QUERY, query | {"start": "-1h", "end": "now"})
    assert asked[1].end - asked[1].start == HOUR
    for wrong in ({"tenant": "other"}, {"ask": "recent"}, {"window": []}, {"shape": "round"}, {"start": "noon"}):
        reply = await client.ask(READINGS_QUERY, query | wrong)
        assert reply["error"]["code"] in {"invalid_query", "invalid_timestamp"}, wrong
    assert len(asked) == 2
    await responder.stop()
    await bus.close()


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"sensor_id": "m1", "unit": "V"}, "unit_mismatch"),
        ({"sensor_id": "m9"}, "not_found"),
        ({"sensor_id": "m1", "from": "yesterday"}, "invalid_timestamp"),
        ({"sensor_id": 5}, "invalid_request"),
        ({"limit": 1001}, "invalid_limit"),
    ],
)
async def test_a_reading_request_that_cannot_be_answered_says_why(world, client, request_, code):
    await world.put([(POWER, T0, 1.0)])
    error = (await client.ask(READINGS_QUERY, request_))["error"]
    assert error["code"] == code
    assert error["detail"]
