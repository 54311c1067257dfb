"""Doors in: every format, per-row verdicts, durable before the answer, and what Telegraf needs."""

import io
import json

import pyarrow as pa
import pytest

from penstock.bus import Lane
from penstock.model.time import DAY
from penstock.pipeline.gate import GateConfig

NOW = 1_769_860_800_000
LONG = {"sensor_id": "m1", "metric": "power_w", "value": 1.5, "ts": NOW, "site_id": "plant"}
WIDE = {
    "sensor_id": "ems-7", "ts": NOW, "power_w": 100.0, "voltage_v": 230.0, "current_a": 0.5, "site_id": "plant",
    "tags": {"phase": "L1"}, "tenant_id": "acme",
}  # fmt: skip


def arrow(rows):
    table = pa.Table.from_pylist(rows)
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def ndjson(*rows):
    return "\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows).encode()


FORMATS = {
    "object": ("application/json", json.dumps(LONG).encode()),
    "array": ("application/json; charset=utf-8", json.dumps([LONG]).encode()),
    "ndjson": ("application/x-ndjson", ndjson(LONG)),
    "ndjson too": ("application/ndjson", ndjson(LONG)),
    "jsonl": ("application/jsonl", ndjson(LONG)),
    "csv": ("text/csv; header=present", b"sensor_id,site_id,ts,power_w\nm1,plant,1769860800000,1.5\n"),
    "arrow": ("application/vnd.apache.arrow.stream", arrow([LONG])),
    "senml": ("application/senml+json", b'[{"bn": "m1:", "n": "power_w", "u": "W", "t": 1769860800, "v": 1.5}]'),
}


@pytest.mark.parametrize("name", FORMATS)
async def test_a_row_in_any_format_is_the_same_reading(world, client, name):
    kind, body = FORMATS[name]
    answer = await client.post("/v1/readings", content=body, headers={"content-type": kind})
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert (said["accepted"], said["readings"], said["rejected"], said["rejected_total"]) == (1, 1, [], 0)
    (frame,) = await world.frames()
    assert frame.parts[0].receipt == said["receipt"]
    assert frame.parts[0].source == "http"
    site = "default" if name == "senml" else "plant"  # SenML knows no sites
    assert frame.batch.keys[0][:3] == (site, "m1", "power_w")
    assert frame.batch.value.tolist() == [1.5]


async def test_a_wide_row_is_one_row_and_three_readings(world, client):
    said = (await client.post("/v1/readings", json=WIDE)).json()
    assert (said["accepted"], said["readings"]) == (1, 3)
    (frame,) = await world.frames()
    assert frame.batch.attributes["plant", "ems-7"].tags == {"phase": "L1"}


@pytest.mark.parametrize("kind", ["", "text/plain", "application/xml", "application/x-www-form-urlencoded"])
async def test_another_content_type_is_refused_naming_those_that_are_taken(client, kind):
    answer = await client.post("/v1/readings", content=b"{}", headers={"content-type": kind} if kind else {})
    assert answer.status_code == 415
    for taken in (
        "application/senml+json",
        "application/json",
        "application/x-ndjson",
        "text/csv",
        "application/vnd.apache.arrow.stream",
    ):
        assert taken in answer.json()["hint"]


async def test_good_rows_are_kept_and_bad_rows_named(world, client):
    rows = [LONG, {**LONG, "ts": NOW // 1000}, {**LONG, "ts": NOW - 1}, {"sensor_id": "m1"}, {**LONG, "ts": NOW + DAY}]
    answer = await client.post("/v1/readings", json=rows)
    assert answer.status_code == 200
    said = answer.json()
    assert said["accepted"] == 2
    assert [r["row"] for r in said["rejected"]] == [1, 3, 4]
    assert said["rejected"][0]["code"] == "looks_like_seconds"
    assert said["rejected"][2]["code"] == "timestamp_in_future"
    (frame,) = await world.frames()
    assert frame.batch.ts.tolist() == [NOW, NOW - 1]
    assert (frame.parts[0].accepted, frame.parts[0].rejected) == (2, 3)


async def test_a_line_that_is_not_json_costs_only_itself(world, client):
    body = ndjson(LONG, "{nope", {**LONG, "ts": NOW - 1})
    answer = await client.post("/v1/readings", content=body, headers={"content-type": "application/x-ndjson"})
    assert answer.json()["accepted"] == 2
    assert [r["row"] for r in answer.json()["rejected"]] == [1]
    assert len(await world.readings()) == 2


async def test_without_a_good_row_the_answer_is_400_and_the_ledger_still_counts(world, client):
    answer = await client.post("/v1/readings", json=[{**LONG, "ts": 1}, {**LONG, "ts": 2}])
    assert answer.status_code == 400
    said = answer.json()
    assert said["code"] == "no_row_accepted"
    assert said["accepted"] == 0
    assert said["errors"] == said["rejected"]
    assert [r["row"] for r in said["rejected"]] == [0, 1]
    (frame,) = await world.frames()
    assert (frame.parts[0].accepted, frame.parts[0].rejected, len(frame.batch)) == (0, 2, 0)
    assert frame.parts[0].receipt == said["receipt"]


async def test_the_list_of_refused_rows_is_bounded_and_the_total_is_said(client):
    answer = await client.post("/v1/readings", json=[LONG, *[{**LONG, "ts": 5}] * 1_500])
    said = answer.json()
    assert (answer.status_code, len(said["rejected"]), said["rejected_total"]) == (200, 1_000, 1_500)


@pytest.mark.parametrize("body", [b"[]", b"[1,", b"", b"nope", b"\xff\xfe"])
async def test_a_body_without_rows_is_refused_whole(world, client, body):
    answer = await client.post("/v1/readings", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["detail"]
    assert await world.frames() == []


async def test_a_row_of_another_tenant_is_refused(world, client):
    answer = await client.post("/v1/readings", json=[WIDE, {**WIDE, "tenant_id": "other"}])
    assert answer.json()["rejected"][0]["code"] == "tenant_mismatch"
    assert {f.tenant for f in await world.frames()} == {"acme"}


async def test_readings_before_retention_are_refused_with_a_reason(make_world):
    world = await make_world(retention_earliest=lambda: NOW - DAY)
    answer = await world.client().post("/v1/readings", json={**LONG, "ts": NOW - 2 * DAY})
    assert answer.status_code == 400
    assert answer.json()["code"] == "timestamp_before_retention"


async def test_a_sender_may_name_its_source(world, client):
    await client.post("/v1/readings", json=LONG, headers={"x-penstock-source": "file"})
    (frame,) = await world.frames()
    assert frame.parts[0].source == "file"
    for bad in ("UPPER", "a b", "x" * 33, "a=b", ""):
        answer = await client.post("/v1/readings", json=LONG, headers={"x-penstock-source": bad})
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_source")


async def test_a_repetition_under_an_idempotency_key_is_sent_once(world, client):
    headers = {"idempotency-key": "order-7"}
    first = await client.post("/v1/readings", json=LONG, headers=headers)
    again = await client.post("/v1/readings", json=LONG, headers=headers)
    assert again.json() == first.json()
    assert len(await world.frames()) == 1
    other = await client.post("/v1/readings", json={**LONG, "value": 9.0}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    assert (await client.post("/v1/readings", json=LONG, headers={"idempotency-key": "x" * 257})).status_code == 400


async def test_other_lines_under_a_key_are_a_conflict_in_influxdbs_words(client):
    headers = {"idempotency-key": "k"}
    await client.post("/api/v2/write", content=LINE, headers=headers)
    answer = await client.post("/api/v2/write", content=LINE + b"0", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


@pytest.mark.parametrize("is_lost", [False, True], ids=["what was answered", "what may not have arrived"])
async def test_a_repetition_is_judged_by_the_moment_of_its_first_try(make_world, is_lost):
    world = await make_world(retention_earliest=lambda: world.clock.now() - DAY)
    client, headers = world.client(), {"idempotency-key": "k"}
    near_the_bounds = [
        {**LONG, "ts": NOW},
        {**LONG, "ts": NOW + 301_000},  # is taken ten seconds later
        {**LONG, "ts": NOW - DAY + 1_000},  # is not
    ]
    world.bus.fail_publishes = int(is_lost)
    first = await client.post("/v1/readings", json=near_the_bounds, headers=headers)
    world.clock.ms += 10_000
    again = await client.post("/v1/readings", json=near_the_bounds, headers=headers)
    assert (first.status_code, again.status_code) == (503 if is_lost else 200, 200)
    assert (again.json()["accepted"], again.json()["rejected"][0]["code"]) == (2, "timestamp_in_future")
    frames = [frame for lane in (Lane.READINGS, Lane.BACKLOG) for frame in await world.frames(lane)]
    assert [ts for frame in frames for ts in frame.batch.ts.tolist()] == [NOW, NOW - DAY + 1_000]


@pytest.mark.parametrize(
    ("path", "kind", "body"),
    [
        ("/api/v2/write", "text/plain", b"power,sensor=m1 power_w=1.5"),
        ("/v1/readings", "application/senml+json", b'[{"n":"m1/power_w","u":"W","v":1.5}]'),
    ],
)
async def test_rows_without_a_time_keep_the_one_that_they_were_given_first(world, client, path, kind, body):
    headers = {"idempotency-key": "k", "content-type": kind}
    world.bus.fail_publishes = 1
    for status in (503, 200, 200):
        answer = await client.post(path, content=body, headers=headers)
        assert answer.status_code in {status, 204 if status == 200 else status}, answer.text
        world.clock.ms += 10_000
    assert [r[-2:] for r in await world.readings()] == [(NOW, 1.5)]
    world.clock.ms += GateConfig().retry_window
    assert (await client.post(path, content=body, headers=headers)).status_code in {200, 204}
    assert [ts for *_, ts, _ in await world.readings()] == [NOW + 30_000 + GateConfig().retry_window]


async def test_the_answer_waits_for_the_broker(world, client):
    world.bus.fail_publishes = 1
    answer = await client.post("/v1/readings", json=LONG)
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) >= 1
    assert answer.json()["retry_after_ms"] >= 1
    assert (await client.post("/v1/readings", json=LONG)).status_code == 200


@pytest.mark.parametrize(
    ("tenant", "share", "status", "code"),
    [("acme", 0.01, 429, "tenant_backpressure"), ("other", 0.01, 200, None), ("other", 1.0, 503, "backpressure")],
)
async def test_a_tenant_over_its_share_is_429_and_a_full_gate_is_503(make_world, tenant, share, status, code):
    world = await make_world(gate=GateConfig(max_bytes=100 if status == 503 else 10_000, tenant_share=share))
    world.gate._held[tenant] = 100  # what an earlier request of that tenant has waiting for the broker
    answer = await world.client().post("/v1/readings", json=[LONG])
    assert answer.status_code == status
    if code:
        assert answer.json()["code"] == code
        assert "100 of 100" in answer.json()["detail"]
        assert int(answer.headers["retry-after"]) >= 1


# -- line protocol


async def test_a_full_disk_refuses_readings_with_the_numbers_and_when_to_come_back(world, client):
    world.room.update(7, 10_000)
    refused = await client.post("/v1/readings", json=LONG, headers={"idempotency-key": "once"})
    assert refused.status_code == 503
    assert refused.headers["retry-after"] == "5"
    assert refused.json()["code"] == "disk_full"
    assert "7 bytes are free, 1250 must be" in refused.json()["detail"]
    assert (await client.post("/api/v2/write", content=LINE)).status_code == 503
    assert await world.readings() == []
    world.room.update(5_000, 10_000)
    again = await client.post("/v1/readings", json=LONG, headers={"idempotency-key": "once"})
    assert again.status_code == 200
    assert len(await world.readings()) == 1


LINE = b"power,site=plant,sensor=m1 power_w=1.5 1769860800000000000"


@pytest.mark.parametrize("path", ["/api/v2/write?org=o&bucket=b", "/write?db=telegraf&rp=autogen"])
async def test_line_protocol_is_stored_and_answered_204(world, client, path):
    answer = await client.post(path, content=LINE, headers={"content-type": "text/plain; charset=utf-8"})
    assert (answer.status_code, answer.content) == (204, b"")
    assert [r[-2:] for r in await world.readings()] == [(NOW, 1.5)]


@pytest.mark.parametrize(
    ("precision", "factor"), [("ns", 10**6), ("n", 10**6), ("us", 10**3), ("u", 10**3), ("ms", 1), ("s", 10**-3)]
)
async def test_timestamps_are_read_in_the_precision_asked_for(world, client, precision, factor):
    line = b"power,sensor=m1 power_w=1.5 %d" % int(NOW * factor)
    assert (await client.post(f"/api/v2/write?precision={precision}", content=line)).status_code == 204
    assert [r[-2] for r in await world.readings()] == [NOW]


async def test_an_unknown_precision_is_refused(client):
    answer = await client.post("/api/v2/write?precision=weeks", content=LINE)
    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid"


async def test_a_partial_write_stores_the_good_lines_and_says_why_the_others_were_dropped(world, client):
    body = LINE + b"\nbroken line here\npower,sensor=m1 power_w=2.5 5"
    answer = await client.post("/api/v2/write", content=body)
    assert answer.status_code == 400  # Telegraf logs it and does not repeat the batch
    assert answer.headers["content-type"] == "application/json"
    said = answer.json()
    assert said["code"] == "invalid"
    assert said["message"].startswith("partial write: 1 lines stored, dropped=2: line 2: ")
    assert "line 3: " in said["message"]
    assert said["error"] == said["message"]
    assert [r["row"] for r in said["rejected"]] == [1, 2]
    assert [r[-1] for r in await world.readings()] == [1.5]


async def test_lines_that_are_all_bad_are_400_and_counted(world, client):
    answer = await client.post("/api/v2/write", content=b"nope nope nope\nnope again x")
    assert answer.status_code == 400
    assert "0 lines stored, dropped=2" in answer.json()["message"]
    (frame,) = await world.frames()
    assert (frame.parts[0].source, frame.parts[0].rejected) == ("line", 2)


async def test_influx_clients_get_their_own_error_shape(world, client):
    world.bus.down = True
    answer = await client.post("/api/v2/write", content=LINE)
    assert answer.status_code == 503
    assert answer.headers["retry-after"].isdigit()
    assert answer.json()["code"] == "unavailable"
    assert answer.json()["message"]
    refused = await world.client("").post("/api/v2/write", content=LINE)
    assert (refused.status_code, refused.json()["code"]) == (401, "unauthorized")
    world.bus.down = False


async def test_a_body_too_large_for_influx_is_413_so_that_telegraf_halves_it(make_world):
    world = await make_world(max_body=100)
    answer = await world.client().post("/api/v2/write", content=LINE * 10)
    assert (answer.status_code, answer.json()["code"]) == (413, "request too large")


# -- S2

ROOM = "/v1/buildings/hq/rooms/101/temperature"


@pytest.mark.parametrize("path", [ROOM, ROOM.removeprefix("/v1")])
async def test_a_temperature_without_a_unit_is_kelvin(world, client, path):
    answer = await client.post(path, json={"value": 294.5, "ts": NOW})
    assert answer.status_code == 201
    assert (answer.json()["building"], answer.json()["room"], answer.json()["accepted"]) == ("hq", "101", 1)
    (frame,) = await world.frames()
    assert frame.batch.value.tolist() == [294.5]
    assert frame.batch.keys[0].unit == "K"
    (said,) = frame.batch.attributes.values()
    assert (said.building, said.room) == ("hq", "101")
    assert frame.parts[0].source == "s2"


@pytest.mark.parametrize(("unit", "value", "kelvin"), [("degC", 21.0, 294.15), ("°F", 32.0, 273.15), ("K", 0.0, 0.0)])
async def test_other_units_are_converted(world, client, unit, value, kelvin):
    assert (await client.post(ROOM, json={"value": value, "unit": unit, "ts": NOW})).status_code == 201
    assert [r[-1] for r in await world.readings()] == [pytest.approx(kelvin)]


@pytest.mark.parametrize(("unit", "value"), [(None, -0.5), ("degC", -273.16), ("degF", -460.0), ("W", 5.0)])
async def test_below_absolute_zero_after_conversion_is_422(world, client, unit, value):
    answer = await client.post(ROOM, json={"value": value, "ts": NOW, **({"unit": unit} if unit else {})})
    assert answer.status_code == 422
    assert answer.json()["code"] in {"value_out_of_range", "unit_mismatch"}
    assert answer.json()["errors"][0]["row"] == 0
    assert await world.readings() == []


@pytest.mark.parametrize(("content", "kind", "status"), [(b"{", "application/json", 400), (b"1", "text/plain", 415)])
async def test_a_temperature_that_cannot_be_read_is_refused(client, content, kind, status):
    assert (await client.post(ROOM, content=content, headers={"content-type": kind})).status_code == status


async def test_a_room_with_a_star_in_its_name_could_not_be_asked_for_and_is_refused(client):
    answer = await client.post("/v1/buildings/hq/rooms/1*/temperature", json={"value": 294.5, "ts": NOW})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_name")


# -- S4

BATTERY = {"battery_id": "bat 7", "ts": NOW, "soc": 0.8, "voltage_v": 51.2}


@pytest.mark.parametrize("path", ["/v1/battery-readings", "/battery-readings"])
async def test_a_battery_reading_is_created_and_told_where(world, client, path):
    answer = await client.post(path, json=BATTERY)
    assert answer.status_code == 201
    assert answer.json()["id"] == f"bat 7@{NOW}"
    assert answer.headers["location"] == f"/v1/battery-readings/bat%207@{NOW}"
    assert (answer.json()["accepted"], answer.json()["readings"]) == (1, 2)
    (frame,) = await world.frames()
    assert frame.parts[0].source == "battery"


async def test_several_battery_readings_name_the_ids_of_the_good_ones(client):
    rows = [BATTERY, {**BATTERY, "soc": 1.7}, {**BATTERY, "battery_id": "b2", "ts": NOW - 5}]
    answer = await client.post("/v1/battery-readings", json=rows)
    assert answer.status_code == 201
    assert answer.json()["ids"] == [f"bat 7@{NOW}", f"b2@{NOW - 5}"]
    assert [r["row"] for r in answer.json()["rejected"]] == [1]
    assert "location" not in answer.headers


async def test_battery_readings_come_as_lines_too(client):
    body = ndjson(BATTERY, {**BATTERY, "battery_id": "b2"})
    answer = await client.post("/v1/battery-readings", content=body, headers={"content-type": "application/x-ndjson"})
    assert answer.json()["accepted"] == 2


async def test_an_impossible_battery_reading_is_refused(client):
    answer = await client.post("/v1/battery-readings", json={**BATTERY, "soc": 85})
    assert answer.status_code == 400
    assert "percent" in answer.json()["detail"]


# -- S1

EVENT = {"criticality": 7, "timestamp": "2026-01-31T12:00:00Z", "eventMessage": "door forced"}


async def test_an_event_is_created_as_it_was_said(world, client):
    answer = await client.post("/v1/events", json=EVENT)
    assert answer.status_code == 201
    (frame,) = await world.frames(Lane.EVENTS)
    (event,) = frame.events
    assert answer.json()["id"] == event.id
    assert (event.criticality, event.timestamp, event.message) == (7, "2026-01-31T12:00:00Z", "door forced")
    assert (frame.tenant, frame.parts[0].source) == ("acme", "events")


@pytest.mark.parametrize("shape", ["array", "ndjson"])
async def test_bad_events_cost_only_themselves(world, client, shape):
    rows = [
        EVENT,
        {**EVENT, "criticality": "high"},
        {**EVENT, "timestamp": "2026-01-31T12:00:00"},
        {**EVENT, "timestamp": "1999-01-01T00:00:00Z"},
        {**EVENT, "tenant_id": "other"},
        {**EVENT, "severity": 3},
        {"criticality": 1, "timestamp": EVENT["timestamp"]},
        17,
        {**EVENT, "criticality": 9, "id": "mine", "source": "gate", "tenant_id": "acme"},
    ]
    kind, body = (
        ("application/json", json.dumps(rows).encode())
        if shape == "array"
        else ("application/x-ndjson", ndjson(*rows, "{"))
    )
    answer = await client.post("/v1/events", content=body, headers={"content-type": kind})
    assert answer.status_code == 201
    said = answer.json()
    assert said["accepted"] == 2
    assert said["ids"][1] == "mine"
    codes = {r["row"]: r["code"] for r in said["rejected"]}
    expected = {
        1: "invalid_criticality", 2: "naive_timestamp", 3: "timestamp_out_of_range", 4: "tenant_mismatch",
        5: "unknown_field", 6: "missing_field", 7: "invalid_event",
    }  # fmt: skip
    assert codes == expected if shape == "array" else {**expected, 9: "malformed_json"}
    (frame,) = await world.frames(Lane.EVENTS)
    assert frame.parts[0].rejected == len(codes)


@pytest.mark.parametrize(
    ("body", "code"), [(b"{", "malformed_json"), (b"[]", "empty_request"), (b'[{"criticality":1}]', "missing_field")]
)
async def test_without_a_good_event_the_answer_is_400(client, body, code):
    answer = await client.post("/v1/events", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (400, code)


async def test_a_process_without_doors_in_has_none(make_world):
    world = await make_world(writes=False)
    assert (await world.client().post("/v1/readings", json=LONG)).status_code == 404
    assert (await world.client().post("/v1/events", json=EVENT)).status_code == 405
