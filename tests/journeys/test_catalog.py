"""A sensor that nobody announced is found, placed and moved, and every answer follows shortly after."""

from __future__ import annotations

import time

import pytest

from tests.journeys.conftest import until

ROW = {"metric": "temperature", "unit": "K"}


def put(platform, sensor, value):
    now = time.time_ns() // 1_000_000
    rows = [{**ROW, "sensor_id": sensor, "value": value, "ts": now - n * 1000} for n in range(60)]
    assert platform.post("/v1/readings", rows)["accepted"] == 60


def mean(platform, room):
    """The room's average, None while nothing is there."""
    try:
        return platform.get(f"/v1/buildings/catalog-hq/rooms/{room}/temperature/average")["value"]
    except AssertionError as error:
        assert "average: 404 " in str(error)  # noqa: PT017 - any other refusal is a failure
        return None


def sensors(rows):
    return {row["sensor_id"] for row in rows}


def sites(platform, pattern):
    """Where the series of these sensors are listed; what is listed may be an answer of a second ago, given out again."""
    return {row["site_id"] for row in platform.get(f"/v1/series?sensor={pattern}")["data"]}


def test_a_sensor_is_found_placed_and_moved(platform):
    put(platform, "cat-1", 290.0)
    put(platform, "cat-2", 300.0)
    until(lambda: sensors(platform.get("/v1/catalog/unassigned?sensor=cat-*")["data"]) == {"cat-1", "cat-2"})
    rooms = [{"building": "catalog-hq", "id": name} for name in ("101", "102")]
    document = {"sites": [{"id": "campus"}], "buildings": [{"id": "catalog-hq", "site": "campus"}], "rooms": rooms}
    assert platform.post("/v1/catalog/import", document)["created"] == 4
    done = platform.cli("catalog", "assign", "default/cat-1", "--building", "catalog-hq", "--room", "101")
    assert done.code == 0, done.err
    done = platform.cli("catalog", "assign", "default/cat-2", "--building", "catalog-hq", "--room", "102")
    assert done.code == 0, done.err
    until(lambda: (mean(platform, "101"), mean(platform, "102")) == (290.0, 300.0), 5.0)
    assert platform.get("/v1/catalog/unassigned?sensor=cat-*")["data"] == []
    until(lambda: sites(platform, "cat-*") == {"campus"}, 5.0)

    moved = time.monotonic()
    platform.post(
        "/v1/catalog/assign", {"site_id": "default", "sensor_id": "cat-1", "building": "catalog-hq", "room": "102"}
    )
    until(lambda: (mean(platform, "101"), mean(platform, "102")) == (None, 295.0), 5.0)
    assert time.monotonic() - moved < 3.0  # a second and a half is promised; the rest is this test's own asking


@pytest.fixture
def points(tmp_path):
    """A file of two points, in a building that is named after the test's directory."""
    building = f"{tmp_path.name}-hq"
    file = tmp_path / "points.csv"
    file.write_text(
        f"site_id,sensor_id,building,room\nplant,{building}-1,{building},1\nplant,{building}-2,{building},2\n"
    )
    return building, file


def test_the_command_line_imports_what_is_right_and_says_what_is_not(platform, points):
    building, file = points
    refused = platform.cli("catalog", "import", str(file))
    assert (refused.code, building in refused.err) == (2, True)
    tried = platform.cli("catalog", "import", str(file), "--create-missing", "--dry-run")
    assert (tried.code, "6 created" in tried.err) == (0, True), tried.err
    assert platform.get(f"/v1/catalog/points?building={building}")["data"] == []
    done = platform.cli("catalog", "import", str(file), "--create-missing")
    assert done.code == 0, done.err
    written = platform.cli("catalog", "export", "--format", "brick", "--output", str(file.with_suffix(".jsonld")))
    assert written.code == 0, written.err
    again = platform.cli("catalog", "import", str(file.with_suffix(".jsonld")))
    assert "0 created, 0 updated" in again.err


def test_the_command_line_lists_and_shows(platform, points):
    building, file = points
    platform.post("/v1/catalog/import?kind=points&create_missing=true", file.read_bytes(), content_type="text/csv")
    listed = platform.cli("catalog", "list", "points", "--building", building, "--json")
    assert sensors(listed.json()["data"]) == {f"{building}-1", f"{building}-2"}
    shown = platform.cli("catalog", "show", "points", f"plant/{building}-1")
    assert f"building,{building}" in shown.out
    assert platform.cli("catalog", "show", "rooms", f"{building}/9").code == 1
    assert building in platform.cli("catalog", "export", "--format", "csv", "--kind", "rooms").out
