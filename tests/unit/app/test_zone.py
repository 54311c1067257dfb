"""The machine's time zone by its name."""

import pytest

from penstock.app.zone import machine_zone


@pytest.fixture
def localtime(tmp_path):
    target = tmp_path / "zoneinfo" / "Europe" / "Berlin"
    target.parent.mkdir(parents=True)
    target.touch()
    link = tmp_path / "localtime"
    link.symlink_to(target)
    return link


def test_the_environment_goes_over_the_machine(localtime):
    assert machine_zone({"TZ": ":America/New_York"}, localtime) == "America/New_York"
    assert machine_zone({}, localtime) == "Europe/Berlin"


@pytest.mark.parametrize("named", ["CET-1CEST", "Nowhere/Else", "../secret", "Europe"])
def test_what_is_no_zone_is_passed_over(localtime, named):
    assert machine_zone({"TZ": named}, localtime) == "Europe/Berlin"


def test_a_machine_that_says_nothing_keeps_utc(tmp_path):
    assert machine_zone({}, tmp_path / "none") == "UTC"
