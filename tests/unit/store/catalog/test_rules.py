"""What a record may hold, and how its key is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.model.errors import InvalidInput, NotFound
from penstock.model.series import check_name
from penstock.store.catalog import KINDS, Equipment, Point, Room, kind_named, merged, record_from

ROOMS, POINTS = KINDS["rooms"], KINDS["points"]


@pytest.mark.parametrize(
    ("kind", "fields", "code", "pointer"),
    [
        pytest.param("rooms", {"id": "1"}, "invalid_field", "", id="no building"),
        pytest.param("rooms", {"building": "hq", "id": 1}, "invalid_field", "/id", id="a number for a name"),
        pytest.param("rooms", {"building": "hq", "id": ""}, "invalid_name", "/id", id="empty"),
        pytest.param("rooms", {"building": "hq", "id": "a\n"}, "invalid_name", "/id", id="line break"),
        pytest.param("rooms", {"building": "hq", "id": "1", "name": "\x1b[1m"}, "invalid_text", "/name", id="escape"),
        pytest.param("rooms", {"building": "hq", "id": "1", "flor": "1"}, "invalid_field", "", id="unknown field"),
        pytest.param("rooms", {"building": "hq", "id": "1", "attributes": {"a/b": [1]}}, "invalid_field", "/attributes", id="a list"),
        pytest.param("rooms", {"building": "hq", "id": "1", "attributes": {"a/b": 2**60}}, "invalid_number", "/attributes/a~1b", id="a large number"),
        pytest.param("sites", {"id": "s", "zone": "Mars/Base"}, "invalid_zone", "/zone", id="zone"),
        pytest.param("sites", {"id": "s", "zone": "../etc/passwd"}, "invalid_zone", "/zone", id="path for a zone"),
        pytest.param("sensor-types", {"id": "t", "accuracy": -1}, "invalid_accuracy", "/accuracy", id="accuracy"),
        pytest.param("points", {"site_id": "s", "sensor_id": "t", "room": "1"}, "missing_field", "/building", id="room alone"),
        pytest.param("equipment", {"id": "e", "site": "s", "building": "b"}, "redundant_field", "/site", id="two places"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_its_place(kind, fields, code, pointer):
    with pytest.raises(InvalidInput) as refused:
        record_from(kind_named(kind), fields)
    assert (refused.value.code, refused.value.pointer) == (code, pointer)


def test_a_merge_keeps_what_it_does_not_name_and_resets_what_is_null():
    room = Room(building="hq", id="1", name="Lab", floor="2", attributes={"a": 1, "b": 2})
    changed = merged(ROOMS, ("hq", "1"), room, {"floor": None, "attributes": {"a": None, "c": 3}})
    assert changed == Room(building="hq", id="1", name="Lab", attributes={"b": 2, "c": 3})


def test_a_key_cannot_change():
    with pytest.raises(InvalidInput, match="cannot change"):
        merged(ROOMS, ("hq", "1"), Room(building="hq", id="1"), {"id": "2"})


def test_a_point_is_placed_by_building_or_equipment():
    assert Point(site_id="s", sensor_id="t", building="hq").placed
    assert Point(site_id="s", sensor_id="t", equipment="ahu").placed
    assert not Point(site_id="s", sensor_id="t", sensor_type="sht41").placed


def test_kinds_refer_to_what_comes_before_them():
    seen = set()
    for kind in KINDS.values():
        seen.add(kind.name)
        assert {reference.kind for reference in kind.references} <= seen


names = st.text(min_size=1, max_size=8).filter(lambda text: check_name("x", text) is None)


@given(st.tuples(names, names), st.tuples(names, names, names | st.just("")))
def test_every_key_can_be_written_as_a_path(room, point):
    assert ROOMS.parse(ROOMS.text(room)) == room
    assert POINTS.parse(POINTS.text(point)) == point


@pytest.mark.parametrize("text", ["", "hq", "hq/1/2"])
def test_what_has_not_the_parts_of_a_key_names_nothing(text):
    with pytest.raises(NotFound):
        ROOMS.parse(text)


def test_equipment_may_stand_nowhere():
    assert record_from(KINDS["equipment"], {"id": "e"}) == Equipment(id="e")
