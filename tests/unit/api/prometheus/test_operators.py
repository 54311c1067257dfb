"""Operators and functions of instants: values, labels, and what is refused."""

import math

import pytest

from tests.unit.api.conftest import NOW

SECOND = 1000


@pytest.fixture
def site(reader):
    """Two rooms with temperatures, a meter with power, and the site's price."""
    for room, value in (("r1", 294.0), ("r2", 299.0)):
        reader.add("temperature", [(NOW - SECOND, value)], sensor=f"t-{room}", unit="K", room=room, tags={"floor": "1"})
    reader.add("power_w", [(NOW - SECOND, -1500.0)], sensor="m1")
    reader.add("power_w", [(NOW - SECOND, 500.0)], sensor="m2")
    reader.add("price", [(NOW - SECOND, 0.25)], sensor="tariff", unit="")
    reader.add("cycles", [(NOW - 400 * SECOND, 7.0)], sensor="b1", unit="1")


def values(result):
    return sorted(result.values())


def label(result, name):
    return sorted(dict(labels).get(name, "") for labels in result)


@pytest.mark.parametrize(
    ("expression", "want"),
    [
        ("1 + 2 * 3", 7.0),
        ("2 ^ 3 ^ 2", 512.0),
        ("-7 % 3", -1.0),
        ("1 > bool 2", 0.0),
        ("1 / 0", math.inf),
        ("-1 / 0", -math.inf),
        ("time()", NOW / 1000),
        ("pi()", math.pi),
        ("scalar(price)", 0.25),
        ("1 atan2 1", math.pi / 4),
    ],
)
async def test_scalars_compute_as_numbers_do(asker, site, expression, want):
    assert await asker.at(expression) == pytest.approx(want)


async def test_a_scalar_of_several_or_no_elements_is_not_a_number(asker, site):
    assert math.isnan(await asker.at("scalar(power_w)"))
    assert math.isnan(await asker.at("scalar(nothing)"))


@pytest.mark.parametrize(
    ("expression", "want"),
    [
        ("power_w / 1000", [-1.5, 0.5]),
        ("1000 - power_w", [500.0, 2500.0]),
        ("power_w > 0", [500.0]),
        ("power_w > bool 0", [0.0, 1.0]),
        ("0 < power_w", [500.0]),
        ("abs(power_w)", [500.0, 1500.0]),
        ("clamp(power_w, 0, 100)", [0.0, 100.0]),
        ("clamp(power_w, 2, 1)", []),
        ("clamp_min(power_w, 0)", [0.0, 500.0]),
        ("clamp_max(power_w, 0)", [-1500.0, 0.0]),
        ("round(price, 0.2)", [0.2]),
        ("round(power_w / 1000)", [-1.0, 1.0]),
        ("ceil(price)", [1.0]),
        ("floor(price)", [0.0]),
        ("sqrt(price)", [0.5]),
        ("sgn(power_w)", [-1.0, 1.0]),
        ("exp(ln(price))", [0.25]),
        ("log2(price)", [-2.0]),
        ("log10(price * 4)", [0.0]),
        ("-power_w", [-500.0, 1500.0]),
        ("vector(3)", [3.0]),
        ("sum(power_w) * on() group_left() price", [-250.0]),
        ("power_w * on(site) group_left() price", [-375.0, 125.0]),
        ("power_w * ignoring(sensor, unit) group_left() price", [-375.0, 125.0]),
        ("price * on(site) group_right() power_w", [-375.0, 125.0]),
        ("power_w and on(sensor) power_w > 0", [500.0]),
        ("power_w unless on(sensor) power_w > 0", [-1500.0]),
        ("power_w > 0 or price", [0.25, 500.0]),
        ("power_w - power_w", [0.0, 0.0]),
        ("power_w == power_w", [-1500.0, 500.0]),
        ("count(power_w) by (site)", [2.0]),
        ("cycles", []),
        ("hour(vector(0))", [0.0]),
        ("year()", [2026.0]),
        ("month()", [1.0]),
        ("day_of_month()", [31.0]),
        ("day_of_week()", [6.0]),
        ("day_of_year(vector(1709251199))", [60.0]),
        ("days_in_month(vector(1709251199))", [29.0]),
        ("minute(vector(3599))", [59.0]),
        ("timestamp(price)", [(NOW - SECOND) / 1000]),
        ("timestamp(price * 1)", [NOW / 1000]),
    ],
)
async def test_vectors_compute_element_by_element(asker, site, expression, want):
    assert values(await asker.at(expression)) == pytest.approx(want)


async def test_arithmetic_drops_the_metric_and_a_filter_keeps_it(asker, site):
    assert label(await asker.at("power_w * 2"), "__name__") == ["", ""]
    assert label(await asker.at("power_w > 0"), "__name__") == ["power_w"]
    assert label(await asker.at("power_w > bool 0"), "__name__") == ["", ""]
    assert label(await asker.at("last_over_time(power_w[5m])"), "__name__") == ["power_w", "power_w"]


async def test_group_left_copies_labels_of_the_one_side(asker, site):
    result = await asker.at("avg by (site, room) (temperature) * on(site) group_left(sensor) price")
    assert label(result, "sensor") == ["tariff", "tariff"]
    assert label(result, "room") == ["r1", "r2"]
    refused = await asker.refused("power_w * on(site) group_left(sensor) price")
    assert refused[:2] == (422, "execution"), "both meters would be called tariff"


async def test_absent_says_which_labels_were_asked_for(asker, site):
    assert await asker.at('absent(humidity{site="hq", room=~".+"})') == {frozenset({("site", "hq")}): 1.0}
    assert await asker.at("absent(price)") == {}
    assert await asker.at("absent_over_time(cycles[5m])") == {frozenset(): 1.0}
    assert await asker.at("absent_over_time(cycles[10m])") == {}


async def test_labels_are_replaced_by_what_matched(asker, site):
    result = await asker.at('label_replace(temperature, "number", "no. $1", "room", "r(.*)")')
    assert label(result, "number") == ["no. 1", "no. 2"]
    result = await asker.at('label_replace(temperature, "room", "", "room", "r1")')
    assert label(result, "room") == ["", "r2"]
    result = await asker.at('label_join(temperature, "place", "/", "site", "room")')
    assert label(result, "place") == ["hq/r1", "hq/r2"]


@pytest.mark.parametrize(
    ("matchers", "sensors"),
    [
        ('room="r1"', ["t-r1"]),
        ('room!="r1"', ["t-r2"]),
        ('room=~"r1|r3"', ["t-r1"]),
        ('room=~"r"', []),
        ('room!~"r1"', ["t-r2"]),
        ('floor="1"', ["t-r1", "t-r2"]),
        ('floor=~".*", sensor=~"(?i)T-R2"', ["t-r2"]),
        ('cellar=""', ["t-r1", "t-r2"]),
        ('cellar!=""', []),
    ],
)
async def test_matchers_select_by_any_label(asker, site, matchers, sensors):
    assert label(await asker.at(f"temperature{{{matchers}}}"), "sensor") == sensors


async def test_a_range_selector_alone_gives_its_readings(asker, site):
    assert await asker.at("price[5m]") == {
        frozenset({("__name__", "price"), ("site", "hq"), ("sensor", "tariff")}): {NOW - SECOND: 0.25}
    }


@pytest.mark.parametrize(
    ("expression", "kind", "said"),
    [
        ("", "bad_data", "missing"),
        ("power_w{", "bad_data", "invalid PromQL"),
        ("histogram_quantile(0.9, power_w)", "bad_data", "histogram_quantile"),
        ('count_values("v", power_w)', "bad_data", "count_values"),
        ("limitk(1, power_w)", "bad_data", "limitk"),
        ('power_w{room="1" or room="2"}', "bad_data", "or"),
        ('power_w{room=~"("}', "bad_data", "regex"),
        ("1 > 2", "bad_data", "BOOL"),
        ("{}", "bad_data", "matcher"),
        ("(" * 100 + "1" + ")" * 100, "bad_data", "100 levels"),
        ("1" + "+1" * 5000, "bad_data", "5000 operators"),
        ("1" + "^1" * 5000, "bad_data", "5000 operators"),
        ("-" * 5000 + "1", "bad_data", "5000 operators"),
        ("x" * 20_000, "bad_data", "20000 characters"),
        ("max_over_time(power_w[1y:1ms])", "bad_data", "steps"),
        ('label_replace(power_w, "a-b", "x", "site", ".*")', "bad_data", "label name"),
        ('label_replace(power_w, "a", "$name", "site", "(?P<name>.*)")', "bad_data", "$1"),
        ("temperature * on(site) power_w", "execution", "many-to-many"),
        ("temperature * on(site) sum by (site) (power_w)", "execution", "many-to-one"),
        ('abs({site="hq", unit!="W"}) or rate({sensor=~"m1"}[5m]) or {sensor="m1"}[5m]', "bad_data", "type"),
        ('label_replace(power_w, "sensor", "one", "sensor", ".*")', "execution", "same labelset"),
    ],
)
async def test_what_is_not_understood_or_not_defined_is_named(asker, site, expression, kind, said):
    status, error, text = await asker.refused(expression)
    assert (status, error) == ({"bad_data": 400, "execution": 422}[kind], kind)
    assert said in text
