"""The pipeline at a glance: one shape for every stage, nothing invented, and reasons in words when something is wrong."""

import asyncio

import pytest

from penstock.api.processes import Process
from penstock.api.system import pipeline
from penstock.model.errors import Unavailable
from penstock.model.ledger import Counts
from penstock.model.time import DAY, MINUTE
from penstock.query.port import Latest, Pipeline

NOW = 1_769_860_800_000
LANE = {
    "messages": 2,
    "bytes": 4_000,
    "max_bytes": 10_000,
    "rows": 900,
    "rate_10s": 30.0,
    "rate_60s": 15.0,
    "lag_p50_ms": 4.0,
    "lag_p95_ms": 9.0,
    "frames": 9,
    "commits": 3,
    "failures": 0,
    "redelivered": 1,
    "dead_letters": 0,
    "as_of": NOW - 250,
}
STORE = {"series": 12, "rolled_to": NOW - 3_600_000, "dirty": 5, "late": 7}
FATES = Counts(1_000, 900, 60, 30, 10, 0)


def told(**lanes):
    known = dict.fromkeys(("readings", "events", "backlog"), LANE) | lanes
    return {"lanes": known, "store": STORE, "ledger": FATES._asdict()}


@pytest.fixture
def admin(world):
    world.reader.says(Pipeline, meta=told())
    return world.client(world.keys.create("acme", "ops", ("admin",)))


async def described(client):
    answer = await client.get("/v1/system/pipeline")
    assert answer.status_code == 200, answer.text
    return answer.json()


def stage(said, name):
    return next(s for s in said["stages"] if s["stage"] == name)


def counters(stage):
    return {c["name"]: c["value"] for c in stage["counters"]}


async def test_stages_come_in_the_order_of_the_data_and_all_look_alike(admin):
    said = await described(admin)
    assert [s["stage"] for s in said["stages"]] == ["doors", "gate", "lanes", "store", "rollups", "query", "live"]
    assert len({tuple(s) for s in said["stages"]}) == 1
    parts = [part for s in said["stages"] for part in s["parts"]]
    assert {(*part, "parts") for part in parts} == {tuple(said["stages"][0])}
    assert (said["state"], said["reasons"]) == ("ok", [])


async def test_rows_are_counted_at_their_door_and_at_the_gate(world, admin):
    good = {"sensor_id": "m1", "metric": "power_w", "value": 1.5, "ts": NOW}
    await world.client().post("/v1/readings", json=[good, {**good, "ts": NOW - 1}, {**good, "ts": 5}])
    said = await described(admin)
    (http,) = stage(said, "doors")["parts"]
    assert http["stage"] == "http"
    assert counters(http) == counters(stage(said, "doors")) == {"accepted": 2, "rejected": 1, "turned_away": 0}
    assert http["lag_p50_ms"] > 0.0
    assert counters(stage(said, "gate")) == {"rows": 2}
    assert stage(said, "gate")["bound"] == 64 << 20


async def test_rows_that_meet_a_full_disk_were_turned_away(world, admin):
    world.room.update(7, 10_000)
    good = {"sensor_id": "m1", "metric": "power_w", "value": 1.5, "ts": NOW}
    assert (await world.client().post("/v1/readings", json=[good])).status_code == 503
    said = await described(admin)
    assert counters(stage(said, "doors")) == {"accepted": 0, "rejected": 0, "turned_away": 1}
    assert said["disk"]["state"] == "full"
    assert said["reasons"] == ["the disk is full: 7 bytes are free, 1250 must be"]


async def test_the_data_side_is_told_as_it_tells_itself(admin):
    said = await described(admin)
    lanes, store = stage(said, "lanes"), stage(said, "store")
    assert (lanes["depth"], lanes["bound"], counters(lanes)) == (12_000, 30_000, {"messages": 6, "redelivered": 3})
    assert [part["stage"] for part in lanes["parts"]] == ["readings", "events", "backlog"]
    assert (store["rate_10s"], store["lag_p50_ms"], store["lag_p95_ms"]) == (90.0, 4.0, 9.0)
    assert counters(store).items() >= {"duplicate": 60, "superseded": 30, "rejected": 10, "late": 7}.items()
    assert (stage(said, "rollups")["depth"], stage(said, "rollups")["unit"]) == (5, "hours")
    assert said["store"] == {"series": 12, "rolled_to": "2026-01-31T11:00:00Z", "behind_ms": 250}


async def test_old_readings_on_the_backlog_do_not_make_the_store_look_slow(world, admin):
    world.reader.says(Pipeline, meta=told(backlog={**LANE, "lag_p95_ms": 90_000.0, "as_of": NOW - DAY}))
    said = await described(admin)
    assert (stage(said, "store")["lag_p95_ms"], said["store"]["behind_ms"], said["state"]) == (9.0, 250, "ok")


async def test_what_never_happened_is_null(world, admin):
    quiet = {**LANE, "lag_p50_ms": None, "lag_p95_ms": None, "as_of": 0}
    world.reader.says(Pipeline, meta=told(readings=quiet, events=quiet))
    said = await described(admin)
    assert stage(said, "store")["lag_p50_ms"] is None
    assert said["store"]["behind_ms"] is None
    assert stage(said, "query")["lag_p50_ms"] is None
    assert said["cache"] is None


async def test_questions_are_counted_but_not_those_about_the_platform(world, admin):
    await world.client().get("/v1/latest")
    world.reader.answers[Latest] = Unavailable("away")
    await world.client().get("/v1/latest")
    await described(admin)
    assert counters(stage(await described(admin), "query")) == {"asked": 2, "failed": 1}


@pytest.mark.parametrize(
    ("lane", "reason"),
    [
        ({"bytes": 8_000}, "the lane readings is 80% full"),
        ({"as_of": NOW - 31_000}, "what is acknowledged is stored 31 s later"),
    ],
    ids=["crowded", "behind"],
)
async def test_what_is_wrong_is_said(world, admin, lane, reason):
    world.reader.says(Pipeline, meta=told(readings=LANE | lane))
    said = await described(admin)
    assert (said["state"], said["reasons"]) == ("degraded", [reason])


async def test_a_crash_looping_process_is_said(world, admin):
    world.processes = [Process("core", 7, 3, (NOW - MINUTE,) * 3)]
    said = await described(admin)
    assert said["reasons"] == ["core ended 3 times within 5 minutes and is started again each time"]
    assert said["processes"][0]["state"] == "crash_looping"


async def test_without_the_data_side_the_rest_is_told(world, admin, monkeypatch):
    world.reader.answers[Pipeline] = Unavailable("nobody answers questions")
    said = await described(admin)
    assert [s["stage"] for s in said["stages"]] == ["doors", "gate", "query", "live"]
    assert (said["store"], said["reasons"]) == (None, ["the data side does not answer: nobody answers questions"])
    monkeypatch.setattr(pipeline, "_ANSWER_SECONDS", 0.05)
    world.reader.answers[Pipeline] = lambda _: asyncio.sleep(60)
    assert (await described(admin))["reasons"] == ["the data side does not answer within 0.05 s"]


async def test_the_disk_says_how_long_it_lasts_once_it_was_watched(world, admin):
    world.room.update(20_000, 100_000)
    assert (await described(admin))["disk"]["days_left"] is None
    for minute in range(61):
        world.room.growth.note(NOW + minute * MINUTE, 20_000 - minute)
    disk = (await described(admin))["disk"]
    assert (disk["bytes_per_day"], disk["watched_days"]) == (1_440, 0.042)
    assert disk["days_left"] == round((20_000 - disk["reserve_bytes"]) / 1_440, 1)


async def test_it_is_for_operators(world, admin):
    assert (await world.client().get("/v1/system/pipeline")).status_code == 403
    assert (await world.client("").get("/v1/system/pipeline")).status_code == 401
