"""The catalog as files: what is exported comes back as it was, and a file from elsewhere is understood."""

import asyncio

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.api.catalog import interchange
from penstock.model.series import check_name
from penstock.store.catalog import (
    KINDS,
    Building,
    Device,
    Equipment,
    Point,
    Put,
    Room,
    SensorType,
    Site,
    Snapshot,
    Stored,
    kind_of,
    record_from,
)

CSV = {"content-type": "text/csv"}
FORMS = ["json", "brick", "haystack", "csv"]

WORLD = [
    Site(id="campus", name="Campus", zone="Europe/Berlin", attributes={"owner": "us"}),
    Building(id="hq", site="campus", name="=1+1"),
    Room(building="hq", id="1/01", floor="1", attributes={"wall": "brick", "area": 21.5, "corner": True}),
    Equipment(id="ahu", type="AHU", building="hq", room="1/01"),
    Equipment(id="fan", type="supply fan", part_of="ahu", site="campus"),
    Equipment(id="cell", type="Room"),
    Device(id="d1", serial="0042", manufacturer="'-"),
    SensorType(id="sht41", metric="temperature", unit="K", accuracy=0.2, description="two\nlines"),
    Point(site_id="default", sensor_id="a/b 100%", building="hq", room="1/01", device="d1", sensor_type="sht41"),
    Point(site_id="default", sensor_id="t2", metric="temperature", equipment="fan", name="Supply air"),
    Point(site_id="default", sensor_id="t2", metric="humidity", equipment="fan", building="hq"),
]


def snapshot(records):
    rows = {kind: [] for kind in KINDS}
    for record in records:
        rows[kind_of(record).name].append(Stored(record, 1))
    return Snapshot(1, rows)


def there_and_back(form, records):
    """The records after an export and an import into an empty catalog."""
    found = []
    for kind in KINDS.values() if form == "csv" else [KINDS["points"]]:
        wanted = [record for record in records if kind_of(record) is kind or form != "csv"]
        if not wanted:
            continue
        body = interchange.write(form, snapshot(wanted), kind).body
        found += [record_from(d.kind, d.fields) for d in interchange.read(form, body, kind, create_missing=False)]
    return found


def ordered(records):
    return sorted(records, key=lambda record: (kind_of(record).name, kind_of(record).key_of(record)))


@pytest.mark.parametrize("form", FORMS)
def test_what_is_exported_comes_back_as_it_was(form):
    assert ordered(there_and_back(form, WORLD)) == ordered(WORLD)


names = st.text(min_size=1, max_size=6).filter(lambda text: check_name("x", text) is None)
texts = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=6)
values = st.one_of(texts, st.integers(-(2**50), 2**50), st.floats(allow_nan=False, allow_infinity=False), st.booleans())
attributes = st.dictionaries(names.filter(lambda name: not name.startswith(("_kind", "@"))), values, max_size=3)
common = {"name": texts, "attributes": attributes}
maybe = st.none() | names


def located(made):
    place = st.one_of(st.just({}), st.builds(lambda b, r: {"building": b, "room": r}, names, maybe))
    return st.builds(lambda record, where: msgspec.structs.replace(record, **where), made, place)


any_record = st.one_of(
    st.builds(Site, id=names, **common),
    st.builds(Building, id=names, site=names, **common),
    st.builds(Room, building=names, id=names, floor=texts, **common),
    located(st.builds(Equipment, id=names, type=texts, part_of=maybe, **common)),
    st.builds(Equipment, id=names, site=names, **common),
    st.builds(Device, id=names, serial=texts, model=texts, **common),
    st.builds(SensorType, id=names, description=texts, accuracy=st.none() | st.floats(0, 1e9), **common),
    located(st.builds(Point, site_id=names, sensor_id=names, metric=texts, equipment=maybe, device=maybe, **common)),
)


@settings(max_examples=150)
@given(
    form=st.sampled_from(FORMS),
    records=st.lists(any_record, min_size=1, max_size=4, unique_by=lambda r: (kind_of(r).name, kind_of(r).key_of(r))),
)
def test_any_record_comes_back_from_any_form(form, records):
    assert ordered(there_and_back(form, records)) == ordered(records)


@pytest.mark.parametrize("form", ["json", "brick", "haystack"])
async def test_a_whole_catalog_moves_to_another_tenant(opened, admin, form):
    await opened.catalog.write("acme", [Put(record) for record in WORLD])
    exported = await admin.get("/v1/catalog/export", params={"format": form})
    other = opened.client(opened.keys.create("other", "admin", ("admin",)))
    tried = await other.post("/v1/catalog/import", params={"format": form, "dry_run": True}, content=exported.content)
    assert tried.json()["created"] == len(WORLD)
    assert (await other.get("/v1/catalog/sites")).json()["data"] == []
    done = (await other.post("/v1/catalog/import", params={"format": form}, content=exported.content)).json()
    assert (done["created"], done["refused"]) == (len(WORLD), 0)
    again = (await other.post("/v1/catalog/import", params={"format": form}, content=exported.content)).json()
    assert again["unchanged"] == len(WORLD)
    there, here = await asyncio.gather(opened.catalog.snapshot("other"), opened.catalog.snapshot("acme"))
    assert [row.record for rows in there.records.values() for row in rows] == [
        row.record for rows in here.records.values() for row in rows
    ]


async def test_a_csv_changes_the_columns_that_it_has(campus):
    body = "building,id,name\nhq,101,Lab\nhq,103,\n"
    done = await campus.post("/v1/catalog/import?format=csv&kind=rooms", content=body, headers=CSV)
    assert [(row["key"], row["action"]) for row in done.json()["data"]] == [
        ("hq/101", "updated"),
        ("hq/103", "created"),
    ]
    exported = (await campus.get("/v1/catalog/export?format=csv&kind=rooms")).text
    assert exported.splitlines()[:2] == ["building,id,floor,name,attributes", "hq,101,,Lab,"]


async def test_a_flat_file_of_points_can_bring_what_it_names(campus):
    body = "site_id,sensor_id,building,room,site\ndefault,t1,hq,101,elsewhere\nplant,t2,annex,1,\n"
    query = "/v1/catalog/import?kind=points"
    plain = "site_id,sensor_id,building,room\ndefault,t1,hq,101\nplant,t2,annex,1\n"
    refused = await campus.post(query, content=plain, headers=CSV)
    assert [e["code"] for e in refused.json()["errors"]] == ["unknown_reference"]
    done = await campus.post(f"{query}&create_missing=true", content=body, headers=CSV)
    assert done.status_code == 200, done.text
    assert (await campus.get("/v1/catalog/buildings/annex")).json()["site"] == "plant"
    assert (await campus.get("/v1/catalog/buildings/hq")).json()["site"] == "campus"
    assert (await campus.get("/v1/catalog/points/plant/t2")).json()["room"] == "1"


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ("format=csv&kind=rooms", b"building,id,wings\nhq,1,2\n"),
        ("format=csv&kind=rooms", b"building,id\nhq\n"),
        ("format=csv&kind=rooms", b"building,id,attributes\nhq,1,{\n"),
        ("format=csv&kind=rooms", b"\xff\xfe\n"),
        ("format=csv&kind=sensor-types", b"id,accuracy\nx,fine\n"),
        ("format=json", b"[]"),
        ("format=json", b'{"rooms": [1]}'),
        ("format=json", b'{"lifts": []}'),
        ("format=brick", b'{"@graph": [1]}'),
        ("format=brick", b"7"),
        ("format=haystack", b'{"rows": {}}'),
        ("format=haystack", b"{"),
    ],
)
async def test_what_cannot_be_read_is_refused(campus, query, body):
    answer = await campus.post(f"/v1/catalog/import?{query}", content=body)
    assert answer.status_code == 400, answer.text


async def test_every_record_of_a_dry_run_has_a_verdict(campus):
    body = b"building,id\nhq,101\nhq,103\nannex,1\nhq,\n"
    told = (await campus.post("/v1/catalog/import?format=csv&kind=rooms&dry_run=true", content=body)).json()
    assert [row["action"] for row in told["data"]] == ["unchanged", "created", "refused", "refused"]
    assert [row.get("code") for row in told["data"]] == [None, None, "unknown_reference", "invalid_name"]
    refused = await campus.post("/v1/catalog/import?format=csv&kind=rooms", content=body)
    assert [e["row"] for e in refused.json()["errors"]] == [2, 3]
    assert (await campus.get("/v1/catalog/rooms/hq/103")).status_code == 404


async def test_verdicts_of_a_csv_name_the_lines_that_their_rows_begin_in(campus):
    body = b'building,id,name\nhq,103,"two\nlines"\n\nannex,1,\n'
    told = (await campus.post("/v1/catalog/import?format=csv&kind=rooms&dry_run=true", content=body)).json()
    assert [(row["key"], row["line"]) for row in told["data"]] == [("hq/103", 2), ("annex/1", 5)]
    points = b"site_id,sensor_id,building,room\nplant,t1,annex,1\nplant,t2,annex,1\n"
    query = "/v1/catalog/import?kind=points&create_missing=true&dry_run=true"
    told = (await campus.post(query, content=points, headers=CSV)).json()
    assert [(row["kind"], row["line"]) for row in told["data"]] == [
        ("sites", 2), ("buildings", 2), ("rooms", 2), ("points", 2), ("points", 3),
    ]  # fmt: skip
    assert (
        "line"
        not in (await campus.post("/v1/catalog/import?dry_run=true", json={"sites": [{"id": "x"}]})).json()["data"][0]
    )


@pytest.mark.parametrize("separator", [";", "\t"])
async def test_a_csv_may_be_separated_as_spreadsheets_of_some_countries_do(campus, separator):
    body = "building,id,name\nhq,103,Nord\n".replace(",", separator).encode("utf-8-sig")
    told = (await campus.post("/v1/catalog/import?format=csv&kind=rooms", content=body)).json()
    assert [(row["key"], row["action"]) for row in told["data"]] == [("hq/103", "created")]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'building,id\nhq,1\nhq,"2\nhq,3\n', "line 3"),
        (b'building,id\nhq,"1\n2"\nhq\n', "line 4"),
        (b"building,id\nhq,1\nhq,\xff\n", "line 3"),
        (b'building,id,attributes\nhq,"1\n1",\nhq,2,{\n', "line 4"),
    ],
    ids=["open-quote", "cells", "encoding", "attributes"],
)
async def test_a_csv_that_cannot_be_read_is_refused_with_the_line(campus, body, said):
    answer = await campus.post("/v1/catalog/import?format=csv&kind=rooms", content=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_csv")
    assert said in answer.json()["detail"]


def drafts(form, document):
    body = msgspec.json.encode(document)
    read = interchange.read(form, body, KINDS["points"], create_missing=False)
    return ordered(record_from(draft.kind, draft.fields) for draft in read)


def test_a_brick_model_from_elsewhere_is_understood():
    brick = "https://brickschema.org/schema/Brick#"
    graph = [
        {"@id": "urn:b#site1", "@type": "brick:Site", "brick:hasPart": {"@id": "urn:b#bldg"}},
        {"@id": "urn:b#bldg", "@type": ["owl:NamedIndividual", f"{brick}Building"], "rdfs:label": [{"@value": "Main"}]},
        {"@id": "urn:b#floor", "@type": "brick:Floor", "brick:isPartOf": [{"@id": "urn:b#bldg"}]},
        {"@id": "urn:b#r1", "@type": "brick:Conference_Room", "brick:isPartOf": {"@id": "urn:b#floor"}},
        {"@id": "urn:b#vav", "@type": f"{brick}VAV", f"{brick}hasLocation": [{"@id": "urn:b#r1"}],
         "brick:hasPoint": [{"@id": "urn:b#t"}]},
        {"@id": "urn:b#t", "@type": "brick:Zone_Air_Temperature_Sensor",
         "ref:hasExternalReference": {"@id": "_:1"}},
        {"@id": "_:1", "@type": "ref:TimeseriesReference", "ref:hasTimeseriesId": "plant/t1/temperature"},
        {"@id": "urn:b#u", "@type": "brick:Setpoint", "brick:isPointOf": {"@id": "urn:b#vav"}},
    ]  # fmt: skip
    assert drafts("brick", {"@graph": graph}) == ordered(
        [
            Site(id="site1"),
            Building(id="bldg", site="site1", name="Main"),
            Room(building="bldg", id="r1"),
            Equipment(id="vav", type="VAV", building="bldg", room="r1"),
            Point(site_id="plant", sensor_id="t1", metric="temperature", equipment="vav"),
            Point(site_id="default", sensor_id="u", equipment="vav"),
        ]
    )


def test_a_haystack_grid_from_elsewhere_is_understood():
    marker = {"_kind": "marker"}

    def ref(name):
        return {"_kind": "ref", "val": name}

    rows = [
        {"id": ref("p:demo:r:site1"), "site": marker, "dis": "Campus", "tz": "Berlin"},
        {"id": ref("b1"), "building": marker, "space": marker, "siteRef": ref("p:demo:r:site1")},
        {"id": ref("r1"), "space": marker, "spaceRef": ref("b1")},
        {"id": ref("ahu"), "equip": marker, "spaceRef": ref("r1"), "siteRef": ref("p:demo:r:site1")},
        {"id": ref("t1"), "point": marker, "equipRef": ref("ahu"), "siteRef": ref("p:demo:r:site1")},
        {"id": ref("w"), "weather": marker},
    ]
    found = interchange.read("haystack", msgspec.json.encode({"rows": rows}), KINDS["points"], create_missing=False)
    assert {(d.kind.name, tuple(d.fields.get(f) for f in d.kind.key)) for d in found} == {
        ("sites", ("site1",)),
        ("buildings", ("b1",)),
        ("rooms", ("b1", "r1")),
        ("equipment", ("ahu",)),
        ("points", ("site1", "t1", None)),
    }
    equipment = next(d.fields for d in found if d.kind.name == "equipment")
    assert (equipment["building"], equipment["room"], "site" in equipment) == ("b1", "r1", False)
