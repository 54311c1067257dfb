"""Doors out: which question each route asks, in what shape it answers, and what it refuses."""

import csv
import io
import json

import pyarrow as pa
import pytest

from penstock.model.errors import InvalidInput, Unavailable
from penstock.model.time import DAY, HOUR, MINUTE
from penstock.query.port import (
    Aggregate,
    Batteries,
    Consumption,
    DeadLetters,
    Events,
    Latest,
    LedgerQuestion,
    ReceiptQuestion,
    Recent,
    Select,
    Series,
    Status,
)

NOW = 1_769_860_800_000
COLUMNS = {
    "ts": pa.array([NOW, NOW - 1, None], pa.int64()),
    "sensor_id": ["=cmd()", "m1", "-1"],
    "site_id": ["plant", "a,b", 'q"q'],
    "metric": ["power_w", "power_w", "power_w"],
    "value": [1.5, float("nan"), -2.0],
    "unit": ["W", "W", "W"],
}

QUESTIONS = {
    "/v1/sensors/m1/recent": Recent(tenant="acme", where=Select(sensor="m1")),
    "/sensors/m1/recent?limit=7": Recent(tenant="acme", where=Select(sensor="m1"), limit=7),
    "/v1/sensors/hq/101/recent?metric=temperature&site=s&unit=degC&cursor=c": Recent(
        tenant="acme", where=Select(sensor="hq/101", metric="temperature", site="s"), unit="degC", cursor="c"
    ),
    f"/v1/sensors/m1/recent?from={NOW - 5}&to=2026-01-31T13:00:00%2B01:00": Recent(
        tenant="acme", where=Select(sensor="m1"), start=NOW - 5, end=NOW
    ),
    "/v1/sensors/m1/recent?to=2026-01-31T13:00:00+01:00": Recent(tenant="acme", where=Select(sensor="m1"), end=NOW),
    "/v1/sites/plant/agg": Aggregate(tenant="acme", where=Select(site="plant"), start=NOW - HOUR, end=NOW),
    f"/sites/plant/agg?window=15m&from={NOW - 3 * HOUR}&to={NOW - HOUR}&metric=power_w&group_by=sensor,room&unit=kW": Aggregate(
        tenant="acme", where=Select(site="plant", metric="power_w"), start=NOW - 3 * HOUR, end=NOW - HOUR,
        window=15 * MINUTE, group_by=("sensor", "room"), unit="kW",
    ),
    f"/v1/sites/plant/agg?window=1d&from={NOW - DAY}&zone=Europe/Berlin": Aggregate(
        tenant="acme", where=Select(site="plant"), start=NOW - DAY, end=NOW, window="1d", zone="Europe/Berlin"
    ),
    f"/v1/sites/plant/agg?window=1mo&from={NOW - DAY}": Aggregate(
        tenant="acme", where=Select(site="plant"), start=NOW - DAY, end=NOW, window="1mo"
    ),
    f"/v1/sites/plant/agg?window=1d&from={NOW - DAY}": Aggregate(
        tenant="acme", where=Select(site="plant"), start=NOW - DAY, end=NOW, window=DAY
    ),
    f"/v1/sites/plant/agg?to={NOW - HOUR}": Aggregate(
        tenant="acme", where=Select(site="plant"), start=NOW - 2 * HOUR, end=NOW - HOUR
    ),
    "/v1/sensors/hq/m1/energy": Consumption(
        tenant="acme", where=Select(sensor="hq/m1"), start=NOW - 7 * DAY, end=NOW
    ),
    f"/v1/sites/plant/energy?from={NOW - DAY}&window=1h&zone=Europe/Berlin&sensor=m*&group_by=sensor&cumulative=true": Consumption(
        tenant="acme", where=Select(site="plant", sensor="m*"), start=NOW - DAY, end=NOW, window="1h",
        zone="Europe/Berlin", group_by=("sensor",), cumulative=True,
    ),
    f"/sites/plant/energy?to={NOW}&kind=counter&metric=water&counter_max=1e5&tolerance=0.1&max_rate=9&method=trapezoid&max_hold=15m": Consumption(
        tenant="acme", where=Select(site="plant", metric="water"), start=NOW - 7 * DAY, end=NOW, kind="counter",
        counter_max=1e5, tolerance=0.1, max_rate=9.0, method="trapezoid", max_hold=15 * MINUTE,
    ),
    "/v1/latest": Latest(tenant="acme"),
    "/v1/latest?site=a&sensor=b*&metric=c&building=d&room=e&unit=kW&limit=5&cursor=x": Latest(
        tenant="acme", where=Select(site="a", sensor="b*", metric="c", building="d", room="e"), unit="kW", limit=5,
        cursor="x",
    ),
    "/v1/series?metric=temperature": Series(tenant="acme", where=Select(metric="temperature")),
    "/v1/battery-readings/search?battery_id=b*&site=s&soc_lt=0.2&voltage_v_gt=-48.5&limit=3": Batteries(
        tenant="acme", battery="b*", site="s", above={"voltage_v": -48.5}, below={"soc": 0.2}, limit=3
    ),
    f"/battery-readings/search?from={NOW - 9}&to={NOW}&cursor=x": Batteries(
        tenant="acme", start=NOW - 9, end=NOW, cursor="x"
    ),
    "/v1/events?criticality_gt=-4&limit=2": Events(tenant="acme", criticality_above=-4, limit=2),
    f"/v1/events?from={NOW - 9}&to={NOW}": Events(tenant="acme", start=NOW - 9, end=NOW),
    "/v1/system/ledger": LedgerQuestion(tenant="acme"),
    "/v1/system/status": Status(tenant="acme"),
    "/v1/dead-letters?limit=4": DeadLetters(tenant="acme", limit=4),
}  # fmt: skip


@pytest.mark.parametrize("url", QUESTIONS)
async def test_a_route_asks_its_question(world, client, url):
    answer = await client.get(url)
    assert answer.status_code == 200, answer.text
    assert world.reader.asked == [QUESTIONS[url]]


@pytest.mark.parametrize(
    ("url", "hint"),
    [
        ("/v1/sensors/m1/recent?limt=10", "did you mean limit? there are "),
        ("/v1/latest?planet=x", "there are "),
        ("/v1/latest?limit=ten", None),
    ],
)
async def test_an_unknown_parameter_is_answered_with_those_that_there_are(client, url, hint):
    problem = (await client.get(url)).json()
    assert problem["code"] == "invalid_parameters"
    assert problem.get("hint", "").startswith(hint) if hint else "hint" not in problem


@pytest.mark.parametrize(
    ("url", "status", "code"),
    [
        ("/v1/sensors/m1/recent?limit=0", 422, "invalid_parameters"),
        ("/v1/sensors/m1/recent?limit=200001", 422, "invalid_parameters"),
        ("/v1/sensors/m1/recent?limit=ten", 422, "invalid_parameters"),
        ("/v1/sensors/m1/recent?limt=10", 422, "invalid_parameters"),
        ("/v1/sensors/m1/recent?from=yesterday", 400, "invalid_timestamp"),
        ("/v1/sensors/m1/recent?to=2026-01-31T12:00:00", 400, "naive_timestamp"),
        ("/v1/sites/plant/agg?window=fast", 400, "invalid_duration"),
        ("/v1/sites/plant/agg?window=367d", 400, "invalid_duration"),
        ("/v1/sites/plant/agg?window=60w", 400, "invalid_window"),
        ("/v1/sites/plant/agg?window=7m&zone=UTC", 400, "invalid_window"),
        ("/v1/sites/plant/agg?zone=Mars", 400, "unknown_zone"),
        ("/v1/sites/plant/agg?group_by=colour", 400, "invalid_group"),
        (f"/v1/sites/plant/agg?from={NOW}&to={NOW}", 400, "empty_range"),
        ("/v1/battery-readings/search?soc=0.2", 400, "unknown_parameter"),
        ("/v1/battery-readings/search?_gt=0.2", 400, "unknown_parameter"),
        ("/v1/battery-readings/search?soc_lt=low", 400, "invalid_number"),
        ("/v1/battery-readings/search?soc_lt=nan", 400, "invalid_number"),
        ("/v1/battery-readings/b*", 400, "invalid_name"),
        ("/v1/events?criticality_gt=4.5", 422, "invalid_parameters"),
        ("/v1/events?criticality_gt=99999999999", 422, "invalid_parameters"),
        ("/v1/buildings/h*/rooms/1/temperature/average", 400, "invalid_name"),
        ("/v1/buildings/hq/rooms/1/temperature/average?method=median", 422, "invalid_parameters"),
    ],
)
async def test_a_question_that_makes_no_sense_is_refused_before_it_is_asked(world, client, url, status, code):
    answer = await client.get(url)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert world.reader.asked == []


async def test_a_refused_parameter_is_named(client):
    said = (await client.get("/v1/sensors/m1/recent?limt=10&limit=0")).json()
    assert {e["field"] for e in said["errors"]} == {"limt", "limit"}


@pytest.mark.parametrize(
    ("error", "status"),
    [(InvalidInput("too many points", code="too_many_points"), 400), (Unavailable("the store is away"), 503)],
)
async def test_what_the_reader_raises_is_told(world, client, error, status):
    world.reader.answers[Latest] = error
    answer = await client.get("/v1/latest")
    assert (answer.status_code, answer.json()["code"], answer.json()["detail"]) == (status, error.code, error.detail)
    assert ("retry-after" in answer.headers) == (status == 503)


# -- shapes


async def test_rows_are_the_default_with_freshness(world, client):
    world.reader.says(
        Latest, COLUMNS, as_of=NOW + 250, staleness_ms=7, complete=False, next_cursor="n", meta={"tier": 0}
    )
    for accept in ("", "*/*", "application/json", "text/html, */*;q=0.1"):
        answer = await client.get("/v1/latest", headers={"accept": accept})
        assert answer.headers["content-type"] == "application/json"
        assert answer.json() == {
            "data": [
                {"ts": "2026-01-31T12:00:00Z", "sensor_id": "=cmd()", "site_id": "plant", "metric": "power_w", "value": 1.5, "unit": "W"},
                {"ts": "2026-01-31T11:59:59.999Z", "sensor_id": "m1", "site_id": "a,b", "metric": "power_w", "value": None, "unit": "W"},
                {"ts": None, "sensor_id": "-1", "site_id": 'q"q', "metric": "power_w", "value": -2.0, "unit": "W"},
            ],
            "next_cursor": "n",
            "as_of": "2026-01-31T12:00:00.250Z",
            "staleness_ms": 7,
            "complete": False,
            "meta": {"tier": 0},
        }  # fmt: skip


async def test_columns_have_times_as_epoch_milliseconds(world, client):
    world.reader.says(Latest, COLUMNS)
    answer = await client.get("/v1/latest", headers={"accept": "application/vnd.penstock.columns+json"})
    said = answer.json()
    assert answer.headers["content-type"] == "application/vnd.penstock.columns+json"
    assert said["columns"]["ts"] == [NOW, NOW - 1, None]
    assert said["columns"]["value"] == [1.5, None, -2.0]
    assert (said["as_of"], said["next_cursor"], said["complete"]) == (NOW, None, True)


async def test_csv_is_safe_to_open_in_a_spreadsheet(world, client):
    world.reader.says(Latest, COLUMNS, next_cursor="n")
    answer = await client.get("/v1/latest", headers={"accept": "text/csv"})
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.text.count("\r\n") == answer.text.count("\n") == 4  # RFC 4180
    header, *rows = csv.reader(io.StringIO(answer.text, newline=""))
    assert header == list(COLUMNS)
    assert rows[0] == ["2026-01-31T12:00:00Z", "'=cmd()", "plant", "power_w", "1.5", "W"]
    assert rows[1] == ["2026-01-31T11:59:59.999Z", "m1", "a,b", "power_w", "", "W"]
    assert rows[2] == ["", "-1", 'q"q', "power_w", "-2", "W"]
    assert answer.headers["x-penstock-next-cursor"] == "n"
    assert answer.headers["x-penstock-complete"] == "true"
    assert answer.headers["x-penstock-as-of"] == "2026-01-31T12:00:00Z"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
async def test_every_formula_start_is_defused(world, client, start):
    world.reader.says(Latest, {"sensor_id": [start + "x", "x" + start]})
    answer = await client.get("/v1/latest", headers={"accept": "text/csv"})
    rows = list(csv.reader(io.StringIO(answer.text, newline="")))[1:]
    assert rows == [["'" + start + "x"], ["x" + start]]


async def test_arrow_keeps_types_and_freshness(world, client):
    world.reader.says(Latest, COLUMNS)
    answer = await client.get("/v1/latest", headers={"accept": "application/vnd.apache.arrow.stream"})
    table = pa.ipc.open_stream(answer.content).read_all()
    assert table.schema.field("ts").type == pa.timestamp("ms", tz="UTC")
    assert table.column("ts").cast(pa.int64()).to_pylist() == [NOW, NOW - 1, None]
    assert json.loads(table.schema.metadata[b"penstock"])["complete"] is True
    assert table.column("sensor_id").to_pylist() == COLUMNS["sensor_id"]


@pytest.mark.parametrize(
    "accept",
    ["application/json", "application/vnd.penstock.columns+json", "text/csv", "application/vnd.apache.arrow.stream"],
)
@pytest.mark.parametrize("rows", [0, 5_000])
async def test_any_number_of_rows_can_be_written_in_any_shape(world, client, accept, rows):
    world.reader.says(
        Latest,
        {
            "ts": pa.array([NOW] * rows, pa.int64()),
            "value": pa.array([1.0] * rows, pa.float64()),
            "unit": pa.array(["W"] * rows, pa.string()),
        },
    )
    answer = await client.get("/v1/latest", headers={"accept": accept})
    assert answer.status_code == 200
    if accept == "application/json":
        assert len(answer.json()["data"]) == rows


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("text/csv;q=0.5, application/json;q=0.4", "text/csv"),
        ("text/*", "text/csv"),
        ("application/json;q=0, */*", "application/vnd.penstock.columns+json"),
        ("TEXT/CSV", "text/csv"),
        ("application/*;q=0.2, text/csv;q=0.1", "application/json"),
    ],
)
async def test_the_best_acceptable_shape_is_chosen(world, client, accept, kind):
    world.reader.says(Latest, COLUMNS)
    answer = await client.get("/v1/latest", headers={"accept": accept})
    assert answer.headers["content-type"].partition(";")[0] == kind
    assert answer.headers["vary"] == "accept"


@pytest.mark.parametrize("accept", ["image/png", "application/json;q=0", "text/csv;q=x", "nonsense"])
async def test_an_accept_that_nothing_meets_is_406_naming_what_there_is(client, accept):
    answer = await client.get("/v1/latest", headers={"accept": accept})
    assert answer.status_code == 406
    assert "text/csv" in answer.json()["hint"]


async def test_tags_are_json_in_rows(world, client):
    world.reader.says(Series, {"sensor_id": ["m1", "m2"], "tags": ['{"phase":"L1"}', ""], "first_ts": [NOW, NOW]})
    rows = (await client.get("/v1/series")).json()["data"]
    assert rows[0] == {"sensor_id": "m1", "tags": {"phase": "L1"}, "first_ts": "2026-01-31T12:00:00Z"}
    assert rows[1]["tags"] is None


# -- S2's average

AVERAGE = "/v1/buildings/hq/rooms/101/temperature/average"
ROW = {
    "ts": [NOW],
    "metric": ["temperature"],
    "unit": ["K"],
    "count": [3],
    "mean": [294.5],
    "time_weighted_mean": [294.0],
    "series": [2],
}


@pytest.mark.parametrize("path", [AVERAGE, AVERAGE.removeprefix("/v1")])
async def test_the_average_is_over_now_minus_15_minutes_exclusive_to_now_inclusive(world, client, path):
    world.reader.says(Aggregate, ROW)
    answer = await client.get(path)
    (question,) = world.reader.asked
    assert question == Aggregate(
        tenant="acme", where=Select(building="hq", room="101", metric="temperature"), start=NOW - 15 * MINUTE + 1,
        end=NOW, window=0, include_end=True,
    )  # fmt: skip
    assert answer.json() == {
        "building": "hq", "room": "101", "metric": "temperature", "value": 294.5, "unit": "K", "count": 3,
        "from": "2026-01-31T11:45:00Z", "to": "2026-01-31T12:00:00Z", "method": "mean", "series": 2,
        "as_of": "2026-01-31T12:00:00Z", "staleness_ms": 120, "complete": True,
    }  # fmt: skip


async def test_the_average_may_be_time_weighted_in_another_unit_and_window(world, client):
    world.reader.says(Aggregate, {**ROW, "unit": ["degC"]})
    said = (await client.get(f"{AVERAGE}?method=time_weighted&unit=degC&window=1h")).json()
    assert (said["value"], said["unit"], said["method"], said["from"]) == (
        294.0,
        "degC",
        "time_weighted",
        "2026-01-31T11:00:00Z",
    )
    assert world.reader.asked[0].unit == "degC"


async def test_a_known_room_without_readings_in_the_window_has_no_value(world, client):
    world.reader.says(Series, {"sensor_id": ["hq/101"]})
    answer = await client.get(f"{AVERAGE}?unit=celsius")
    assert answer.status_code == 200
    assert (answer.json()["value"], answer.json()["count"], answer.json()["unit"]) == (None, 0, "degC")


async def test_an_unknown_room_is_404(world, client):
    answer = await client.get(AVERAGE)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert [type(q) for q in world.reader.asked] == [Aggregate, Series]
    assert world.reader.asked[1].tenant == "acme"


# -- single things

BATTERY = {
    "id": [f"b@7@{NOW}"],
    "battery_id": ["b@7"],
    "site_id": ["s"],
    "ts": [NOW],
    "soc": [0.8],
    "voltage_v": [float("nan")],
}


@pytest.mark.parametrize("prefix", ["/v1", ""])
async def test_a_battery_reading_is_read_by_its_id(world, client, prefix):
    world.reader.says(Batteries, BATTERY)
    answer = await client.get(f"{prefix}/battery-readings/b@7@{NOW}")
    assert world.reader.asked == [Batteries(tenant="acme", battery="b@7", ts=NOW, limit=1)]
    said = answer.json()
    assert (said["id"], said["ts"], said["soc"], said["voltage_v"]) == (f"b@7@{NOW}", "2026-01-31T12:00:00Z", 0.8, None)
    assert (said["as_of"], said["staleness_ms"], said["complete"]) == ("2026-01-31T12:00:00Z", 120, True)


@pytest.mark.parametrize("battery", ["b7", "rack/1/b7", "b@seven", "@", "b@-5", "b@²"])
async def test_a_battery_s_id_alone_asks_for_its_newest(world, client, battery):
    world.reader.says(Batteries, BATTERY)
    assert (await client.get(f"/v1/battery-readings/{battery}")).status_code == 200
    assert world.reader.asked == [Batteries(tenant="acme", battery=battery, limit=1)]


async def test_an_unknown_battery_reading_is_404(client):
    answer = await client.get("/v1/battery-readings/b7@5")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_a_receipt_says_what_became_of_the_request(world, client):
    assert (await client.get("/v1/receipts/r-1")).json()["code"] == "receipt_unknown"
    world.reader.says(
        ReceiptQuestion, {"receipt": ["r-1"], "source": ["http"], "received": [5], "stored": [4], "rejected": [1]}
    )
    said = (await client.get("/v1/receipts/r-1")).json()
    assert (said["received"], said["stored"], said["rejected"], said["complete"]) == (5, 4, 1, True)
    assert world.reader.asked[-1] == ReceiptQuestion(tenant="acme", receipt="r-1")


async def test_status_is_what_the_store_says_of_itself(world, client):
    world.reader.says(Status, meta={"store": {"series": 3}, "lanes": {"readings": {"messages": 0}}})
    said = (await client.get("/v1/system/status")).json()
    assert said["store"] == {"series": 3}
    assert said["version"]
    assert said["as_of"] == "2026-01-31T12:00:00Z"


async def test_a_process_without_doors_out_has_none(make_world):
    world = await make_world(reads=False)
    assert (await world.client().get("/v1/latest")).status_code == 404
    assert (await world.client().get("/v1/stream")).status_code == 404
