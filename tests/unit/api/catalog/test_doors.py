"""The doors of the catalog: records with preconditions, and sensors that nobody has placed."""

import pytest

from penstock.query.port import Series
from tests.unit.api.catalog.conftest import make

ROOM = "/v1/catalog/rooms/hq/101"


async def test_a_record_is_created_read_replaced_changed_and_deleted(campus):
    made = await make(campus, "rooms", building="hq", id="103", floor="1", attributes={"wall": "brick", "n": 2})
    path = made.headers["location"]
    assert path == "/v1/catalog/rooms/hq/103"
    read = await campus.get(path)
    assert read.json() == made.json()
    assert read.headers["etag"] == made.headers["etag"] == f'"{made.json()["version"]}"'
    replaced = await campus.put(path, json={"name": "Lab"}, headers={"if-match": read.headers["etag"]})
    assert (replaced.status_code, replaced.json()["name"], replaced.json()["attributes"]) == (200, "Lab", {})
    patch = {"name": None, "attributes": {"wall": "glass"}}
    changed = await campus.patch(path, json=patch, headers={"if-match": replaced.headers["etag"]})
    assert (changed.json()["name"], changed.json()["attributes"]) == ("", {"wall": "glass"})
    gone = await campus.delete(path, headers={"if-match": changed.headers["etag"]})
    assert gone.json() == changed.json()
    assert (await campus.get(path)).status_code == 404


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
async def test_a_change_names_the_version_that_it_changes(campus, method):
    body = {} if method == "DELETE" else {"json": {"name": "Lab"}}
    missing = await campus.request(method, ROOM, **body)
    assert (missing.status_code, missing.json()["code"]) == (428, "precondition_required")
    for tag in ('"999"', '"other"'):
        stale = await campus.request(method, ROOM, headers={"if-match": tag}, **body)
        assert (stale.status_code, stale.json()["code"]) == (412, "precondition_failed")
    malformed = await campus.request(method, ROOM, headers={"if-match": "3"}, **body)
    assert (malformed.status_code, malformed.json()["code"]) == (400, "invalid_if_match")
    assert (await campus.request(method, ROOM, headers={"if-match": "*"}, **body)).status_code == 200


async def test_creating_again_is_idempotent_and_another_one_is_refused(campus):
    again = await campus.post("/v1/catalog/rooms", json={"building": "hq", "id": "101"})
    assert again.status_code == 200
    other = await campus.post("/v1/catalog/rooms", json={"building": "hq", "id": "101", "name": "Lab"})
    assert (other.status_code, other.json()["code"]) == (409, "already_exists")


async def test_what_is_in_use_stays_and_the_answer_says_by_what(campus):
    refused = await campus.delete("/v1/catalog/buildings/hq", headers={"if-match": "*"})
    assert (refused.status_code, refused.json()["code"]) == (409, "in_use")
    assert "room 'hq/101', room 'hq/102'" in refused.json()["detail"]


@pytest.mark.parametrize(
    ("kind", "body", "pointer"),
    [
        ("rooms", {"building": "annex", "id": "1"}, "#/building"),
        ("rooms", {"building": "hq", "id": 7}, "#/id"),
        ("rooms", {"building": "hq", "id": "1", "attributes": {"a": "\x00"}}, "#/attributes/a"),
        ("points", {"site_id": "s", "sensor_id": "t", "room": "101"}, "#/building"),
        ("rooms", [1], "#"),
    ],
)
async def test_a_refusal_points_to_the_field(campus, kind, body, pointer):
    refused = await campus.post(f"/v1/catalog/{kind}", json=body)
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["pointer"] == pointer


async def test_a_key_that_holds_a_slash_is_one_part_of_the_path(admin):
    made = await make(admin, "points", site_id="plant", sensor_id="a/b 100%", metric="x/y")
    assert made.headers["location"] == "/v1/catalog/points/plant/a%2Fb%20100%25/x%2Fy"
    assert (await admin.get(made.headers["location"])).json()["sensor_id"] == "a/b 100%"
    await make(admin, "points", site_id="plant", sensor_id="whole")
    assert (await admin.get("/v1/catalog/points/plant/whole")).json()["metric"] == ""


async def test_the_key_of_a_replacement_is_that_of_the_path(campus):
    refused = await campus.put(ROOM, json={"id": "102"}, headers={"if-match": "*"})
    assert (refused.status_code, refused.json()["code"]) == (400, "key_is_fixed")


async def test_an_unchanged_record_is_not_sent_again(campus):
    tag = (await campus.get(ROOM)).headers["etag"]
    assert (await campus.get(ROOM, headers={"if-none-match": tag})).status_code == 304


async def test_lists_have_filters_and_pages(campus):
    for n in range(5):
        await make(
            campus, "points", site_id="default", sensor_id=f"t{n}", building="hq", room="101" if n % 2 else "102"
        )
    seen, cursor = [], {}
    while True:
        page = (await campus.get("/v1/catalog/points", params={"limit": 2, **cursor})).json()
        seen += [row["sensor_id"] for row in page["data"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert seen == ["t0", "t1", "t2", "t3", "t4"]
    odd = (await campus.get("/v1/catalog/points?room=101&sensor_id=t*")).json()["data"]
    assert [row["sensor_id"] for row in odd] == ["t1", "t3"]
    refused = await campus.get("/v1/catalog/rooms?serial=1")
    assert refused.status_code == 422
    assert (await campus.get("/v1/catalog/rooms?sensor_id=t1")).json()["code"] == "unknown_parameter"
    foreign = (await campus.get("/v1/catalog/rooms", params={"limit": 1})).json()["next_cursor"]
    assert (await campus.get("/v1/catalog/sites", params={"cursor": foreign})).json()["code"] == "invalid_cursor"


async def test_unknown_kinds_and_keys_are_not_found(campus):
    for path in (
        "/v1/catalog/lifts",
        "/v1/catalog/lifts/1",
        "/v1/catalog/rooms/hq",
        "/v1/catalog/rooms/hq/9",
        "/v1/catalog/sites/%FF",
    ):
        assert (await campus.get(path)).status_code == 404, path


async def test_senders_may_read_the_catalog_and_not_change_it(opened, campus):
    sender = opened.client()
    assert (await sender.get(ROOM)).status_code == 200
    assert (await sender.post("/v1/catalog/sites", json={"id": "x"})).status_code == 403
    assert (await sender.delete(ROOM, headers={"if-match": "*"})).status_code == 403


async def test_a_tenant_is_that_of_the_key(opened, campus):
    other = opened.client(opened.keys.create("other", "admin", ("admin",)))
    assert (await other.get("/v1/catalog/rooms")).json()["data"] == []
    assert (await other.get(ROOM)).status_code == 404
    assert (await other.patch(ROOM, json={"name": "x"}, headers={"if-match": "*"})).status_code == 404


async def test_a_body_that_is_no_json_is_refused(campus):
    broken = await campus.post("/v1/catalog/sites", content=b"{", headers={"content-type": "application/json"})
    assert (broken.status_code, broken.json()["code"]) == (400, "malformed_json")
    other = await campus.post("/v1/catalog/sites", content=b"id=1", headers={"content-type": "text/plain"})
    assert other.status_code == 415


# -- series and points


def listing(world, *series):
    """Let the reader list (site, sensor, metric), page by page as asked."""

    def answer(question):
        at = int(question.cursor or 0)
        page = series[at : at + question.limit]
        more = str(at + question.limit) if at + question.limit < len(series) else None
        sites, sensors, metrics = map(list, zip(*page, strict=True)) if page else ([], [], [])
        world.reader.says(
            Series,
            {
                "sensor_id": sensors,
                "site_id": sites,
                "metric": metrics,
                "unit": ["K"] * len(page),
                "last_ts": [0] * len(page),
            },
            next_cursor=more,
        )
        said, world.reader.answers[Series] = world.reader.answers[Series], answer
        return said

    world.reader.answers[Series] = answer


async def unassigned(client, **params):
    answer = (await client.get("/v1/catalog/unassigned", params=params)).json()
    return [(row["site_id"], row["sensor_id"], row["metric"]) for row in answer["data"]], answer["next_cursor"]


async def test_a_new_sensor_is_unassigned_until_it_is_placed(opened, campus):
    series = [("default", "t1", "temperature"), ("default", "t1", "humidity"), ("default", "t2", "temperature")]
    listing(opened, *series)
    assert await unassigned(campus) == (series, None)
    done = await campus.post(
        "/v1/catalog/assign", json={"site_id": "default", "sensor_id": "t1", "metric": "humidity", "building": "hq"}
    )
    assert done.json()["data"][0]["action"] == "created"
    assert (await unassigned(campus))[0] == [series[0], series[2]]
    await campus.post(
        "/v1/catalog/assign", json=[{"site_id": "default", "sensor_id": "t1", "building": "hq", "room": "101"}]
    )
    assert (await unassigned(campus))[0] == [series[2]]
    # As the engine lists it once it has seen the change: at the site of its building.
    listing(opened, ("campus", "t1", "temperature"), series[2])
    assert (await unassigned(campus))[0] == [series[2]]


async def test_a_page_of_unassigned_series_is_as_full_as_there_are_some(opened, campus):
    listing(opened, *(("default", f"t{n:02}", "temperature") for n in range(30)))
    placed = [{"site_id": "default", "sensor_id": f"t{n:02}", "building": "hq"} for n in range(30) if n % 3]
    assert (await campus.post("/v1/catalog/assign", json=placed)).status_code == 200
    first, cursor = await unassigned(campus, limit=4)
    assert [sensor for _, sensor, _ in first] == ["t00", "t03", "t06", "t09"]
    rest, cursor = await unassigned(campus, limit=100, cursor=cursor)
    assert [sensor for _, sensor, _ in rest] == [f"t{n}" for n in range(12, 30, 3)]
    assert cursor is None


async def test_a_short_page_finds_the_one_unassigned_series_among_many(opened, campus):
    listing(opened, *(("default", f"t{n:03}", "temperature") for n in range(400)))
    placed = [
        {"site_id": "default", "sensor_id": f"t{n:03}", "building": "hq"} for n in range(400) if n not in {370, 371}
    ]
    assert (await campus.post("/v1/catalog/assign", json=placed)).status_code == 200
    first, cursor = await unassigned(campus, limit=1)
    assert first == [("default", "t370", "temperature")]
    assert (await unassigned(campus, limit=1, cursor=cursor))[0] == [("default", "t371", "temperature")]


async def test_an_assignment_says_a_place_as_a_whole_and_leaves_the_rest(campus):
    await make(campus, "equipment", id="ahu", building="hq")
    await make(campus, "devices", id="d1")
    sensor = {"site_id": "default", "sensor_id": "t1"}
    await campus.post("/v1/catalog/assign", json={**sensor, "building": "hq", "room": "101", "device": "d1"})
    (row,) = (await campus.post("/v1/catalog/assign", json={**sensor, "equipment": "ahu"})).json()["data"]
    assert (row["building"], row["room"], row["equipment"], row["device"]) == (None, None, "ahu", "d1")
    (row,) = (await campus.post("/v1/catalog/assign", json={**sensor, "name": "Supply"})).json()["data"]
    assert (row["equipment"], row["name"]) == ("ahu", "Supply")


async def test_one_wrong_assignment_holds_back_all(campus):
    refused = await campus.post(
        "/v1/catalog/assign",
        json=[
            {"site_id": "default", "sensor_id": "t1", "building": "hq", "room": "101"},
            {"site_id": "default", "sensor_id": "t2", "building": "hq", "room": "999"},
        ],
    )
    assert refused.status_code == 400
    assert [(e["row"], e["code"]) for e in refused.json()["errors"]] == [(1, "unknown_reference")]
    assert (await campus.get("/v1/catalog/points")).json()["data"] == []
    assert (await campus.post("/v1/catalog/assign", json={"sensor_id": "t1"})).json()["code"] == "missing_field"
