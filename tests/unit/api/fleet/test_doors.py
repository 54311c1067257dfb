"""Which question each door asks, and how its answer is told."""

import pytest

from penstock.model.time import DAY
from penstock.query.port import Assets, BatteryFleet, BatteryHealth, Fleet, FlowSeries, SiteFlow

NOW = 1_769_860_800_000
TIME = "2026-01-31T12:00:00Z"

QUESTIONS = {
    "/v1/assets": Assets(tenant="acme"),
    "/v1/assets?site=hq&kind=battery&state=silent&text=rack&limit=5&cursor=c": Assets(
        tenant="acme", site="hq", kind="battery", state="silent", text="rack", limit=5, cursor="c"
    ),
    "/v1/batteries": BatteryFleet(tenant="acme"),
    "/v1/batteries?sort=-temperature&site=hq&limit=3": BatteryFleet(
        tenant="acme", sort="-temperature", site="hq", limit=3
    ),
    "/v1/sites/hq/flow/series": FlowSeries(tenant="acme", site="hq", start=NOW - DAY, end=NOW),
    f"/v1/sites/hq/flow/series?from={NOW - 5 * DAY}&window=1h&zone=Europe/Berlin": FlowSeries(
        tenant="acme", site="hq", start=NOW - 5 * DAY, end=NOW, window="1h", zone="Europe/Berlin"
    ),
    f"/v1/sites/hq/flow/series?from={NOW - 60 * DAY}&window=1mo": FlowSeries(
        tenant="acme", site="hq", start=NOW - 60 * DAY, end=NOW, window="1mo"
    ),
}


@pytest.mark.parametrize("path", QUESTIONS)
async def test_a_list_is_one_question(world, client, path):
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    assert world.reader.asked == [QUESTIONS[path]]
    assert answer.json()["complete"] is True


FLEET = {
    "totals": {"sites": 1, "assets": 2, "online": 0.5, "states": {}},
    "kinds": {},
    "power": {},
    "energy": {},
    "events": {"above": 5, "since": NOW, "count": 1, "more": False},
    "freshness": {},
    "worst": [
        {"id": "b", "site_id": "hq", "name": "b", "kind": "battery", "state": "silent", "reason": "…", "ts": NOW}
    ],
}


async def test_the_fleet_is_one_document_with_times_as_text(world, client):
    world.reader.says(Fleet, {"site_id": ["hq"], "ts": [NOW]}, meta=FLEET)
    answer = (await client.get("/v1/fleet?criticality_gt=5&zone=Europe/Berlin")).json()
    assert world.reader.asked == [Fleet(tenant="acme", criticality_above=5, zone="Europe/Berlin")]
    assert answer["sites"] == [{"site_id": "hq", "ts": TIME}]
    assert answer["events"]["since"] == answer["worst"][0]["ts"] == TIME
    assert answer["as_of"] == TIME
    assert answer["totals"]["assets"] == 2


async def test_the_flow_is_one_document(world, client):
    meta = {
        "at": NOW,
        "balanced": True,
        "flows": [],
        "meters": [{"node": "pv", "id": "s", "name": "s", "power_w": 1.0, "by": "power", "ts": NOW}],
        "unassigned": [],
    }
    world.reader.says(SiteFlow, {"node": ["pv"], "power_w": [1.0], "ts": [NOW]}, meta=meta)
    answer = (await client.get(f"/v1/sites/hq/flow?at={TIME}")).json()
    assert world.reader.asked == [SiteFlow(tenant="acme", site="hq", at=NOW)]
    assert (answer["site"], answer["at"], answer["meters"][0]["ts"]) == ("hq", TIME, TIME)
    assert answer["nodes"] == [{"node": "pv", "power_w": 1.0, "ts": TIME}]


async def test_a_battery_is_one_document_and_its_id_may_hold_a_slash(world, client):
    meta = {
        "battery": {"id": "rack/7", "ts": None},
        "cycles": {"value": 3.0, "from": "estimated", "since": NOW},
        "histograms": {},
        "similar": {},
    }
    world.reader.says(BatteryHealth, {"metric": ["soc"], "ts": [NOW]}, meta=meta)
    answer = (await client.get("/v1/batteries/rack/7?site=hq")).json()
    assert world.reader.asked == [
        BatteryHealth(tenant="acme", battery="rack/7", site="hq", start=NOW - 7 * DAY, end=NOW)
    ]
    assert answer["battery"] == {"id": "rack/7", "ts": None}
    assert answer["cycles"]["since"] == answer["series"][0]["ts"] == answer["to"] == TIME


@pytest.mark.parametrize(
    "path",
    [
        "/v1/assets?kind=train",
        "/v1/assets?limit=0",
        "/v1/assets?colour=red",
        "/v1/fleet?criticality_gt=high",
        "/v1/sites/hq/flow?at=noon",
        f"/v1/sites/hq/flow/series?from={NOW}&to={NOW}",
        "/v1/sites/hq/flow/series?zone=Mars",
        f"/v1/batteries/b?from={NOW}&to={NOW - 1}",
        "/v1/batteries?limit=20000",
    ],
)
async def test_what_is_wrong_is_a_problem(world, client, path):
    answer = await client.get(path)
    assert 400 <= answer.status_code < 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert world.reader.asked == []


async def test_columns_and_tables_are_there_too(world, client):
    world.reader.says(Assets, {"id": ["b"], "ts": [NOW]}, meta={"total": 1, "states": {}})
    columns = await client.get("/v1/assets", headers={"accept": "application/vnd.penstock.columns+json"})
    assert columns.json()["columns"] == {"id": ["b"], "ts": [NOW]}
    assert columns.json()["meta"]["total"] == 1
    assert (await client.get("/v1/assets", headers={"accept": "text/csv"})).text.splitlines() == [
        "id,ts",
        f"b,{TIME}",
    ]
