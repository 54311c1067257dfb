import pytest

from penstock.query.fleet.rules import HEADLINES, POSSIBLE, Said, gives, kind_of, role_of
from penstock.query.overview import KINDS


def said(type_="", *, attributes=None, tags=None, metrics=None, in_room=False):
    return Said(type_, attributes or {}, tags or {}, metrics or {}, in_room)


@pytest.mark.parametrize(
    ("what", "kind"),
    [
        (said("Battery"), "battery"),
        (said("Energy_Storage_System"), "battery"),
        (said("PV_Array"), "pv"),
        (said("Photovoltaic_Inverter"), "pv"),
        (said("Electric_Vehicle_Charging_Station"), "ev"),
        (said("EV_Battery_Charger"), "ev"),
        (said("Building_Electrical_Meter"), "meter"),
        (said("AHU"), "equipment"),
        (said("AHU", metrics={"soc": "1"}), "battery"),
        (said(tags={"kind": "pv"}), "pv"),
        (said(tags={"kind": "grid"}), "meter"),
        (said(metrics={"soc": "1", "power_w": "W"}), "battery"),
        (said(metrics={"anything": "W"}), "meter"),
        (said(metrics={"energy_wh": "Wh"}, in_room=True), "meter"),
        (said(metrics={"temperature": "K"}, in_room=True), "room"),
        (said(metrics={"temperature": "K"}), "sensor"),
        (said(metrics={"pressure": "Pa"}, in_room=True), "sensor"),
        (said("PV_Array", tags={"kind": "battery"}), "pv"),
        (said(metrics={"evening": ""}), "sensor"),
        (said("Evaporator"), "equipment"),
    ],
)
def test_the_catalog_says_what_an_asset_is_then_its_tags_then_what_it_measures(what, kind):
    assert kind_of(what) == kind


@pytest.mark.parametrize(
    ("what", "role"),
    [
        (said("Battery"), "battery"),
        (said("PV_Array"), "pv"),
        (said(tags={"kind": "ev"}), "ev"),
        (said("Utility_Meter"), "grid"),
        (said(tags={"kind": "grid"}, metrics={"power_w": "W"}), "grid"),
        (said(tags={"kind": "hvac"}, metrics={"power_w": "W"}), "load"),
        (said(tags={"kind": "meter"}, metrics={"power_w": "W"}), None),
        (said("Building_Electrical_Meter", metrics={"power_w": "W"}), None),
        (said("Building_Electrical_Meter", attributes={"role": "Load"}), "load"),
        (said(tags={"role": "grid"}, metrics={"power_w": "W"}), "grid"),
        (said("Battery", attributes={"role": "load"}), "load"),
        (said("Battery", attributes={"role": "nothing"}), "battery"),
        (said(metrics={"temperature": "K"}, in_room=True), None),
    ],
)
def test_what_says_nothing_about_its_part_plays_none(what, role):
    assert role_of(what, kind_of(what)) == role


def test_a_sender_can_say_that_positive_is_given():
    assert gives(said(attributes={"positive": "export"}))
    assert gives(said(tags={"positive": " Export "}))
    assert not gives(said())
    assert not gives(said(tags={"positive": "import"}))


def test_every_kind_has_a_headline_and_units_have_physical_bounds():
    assert set(HEADLINES) == set(KINDS)
    assert POSSIBLE["K"][0] == 0.0
    assert POSSIBLE["%RH"] == (0.0, 100.0)
    assert "W" not in POSSIBLE
    assert "1" not in POSSIBLE
