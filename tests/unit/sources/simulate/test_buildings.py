import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.model.errors import InvalidInput
from penstock.model.time import DAY, HOUR, MINUTE
from penstock.sources.simulate import Buildings, Site, Stream
from penstock.sources.simulate.energy import INSTALLED, MARK
from penstock.sources.simulate.places import local_time

from .rows import MONDAY, SITES


def week(process, unit=0, step=5 * MINUTE, start=MONDAY, length=7 * DAY):
    ts = np.arange(start, start + length, step, dtype=np.int64)
    return ts, process.values(np.full(len(ts), unit, np.int32), ts)


def test_rooms_stay_within_what_people_live_in():
    rooms = Buildings(SITES, rooms_per_building=12).processes(2)[0]
    for unit in range(12):
        for start in (MONDAY, MONDAY + 120 * DAY, MONDAY + 300 * DAY):
            _, values = week(rooms, unit, start=start)
            temperature, humidity, co2 = values.T
            assert 18.0 <= temperature.min() < temperature.max() <= 26.0
            assert 15.0 <= humidity.min() < humidity.max() <= 75.0
            assert 400.0 <= co2.min() < co2.max() <= 1300.0


def test_people_raise_co2_temperature_and_power_on_working_days_only():
    rooms, meters, *_ = Buildings(SITES[:1], rooms_per_building=12).processes(2)
    ts, power = week(meters)
    when = local_time("Europe/Berlin", ts)
    office = ~when.weekend & (when.hour > 10) & (when.hour < 16)
    night = when.hour < 5
    weekend = when.weekend & (when.hour > 10) & (when.hour < 16)
    temperature, _, co2 = np.mean([week(rooms, unit)[1] for unit in range(12)], axis=0).T
    for series, margin in ((temperature, 1.0), (co2, 200.0), (power[:, 1], 10_000.0)):
        assert series[office].mean() > series[night].mean() + margin
        assert series[office].mean() > series[weekend].mean() + margin


def test_co2_decays_exponentially_after_people_leave():
    rooms = Buildings(SITES[:1], rooms_per_building=30).processes(2)[0]
    evenings = [week(rooms, unit, step=MINUTE, start=MONDAY + DAY, length=DAY) for unit in range(30)]
    hour = local_time("Europe/Berlin", evenings[0][0]).hour
    co2 = np.mean([values[:, 2] for _, values in evenings], axis=0)
    excess = co2 - co2[hour < 5].mean()
    early, late = excess[np.abs(hour - 19.0) < 0.1].mean(), excess[np.abs(hour - 19.8) < 0.1].mean()
    assert early > 50
    assert late / early == pytest.approx(np.exp(-1.0), abs=0.1)


def test_the_day_follows_the_sites_own_clock_through_daylight_saving():
    site = Site("hq", "Europe/Berlin", 52.5)
    meters = Buildings((site,)).processes(2)[1]
    for day in ("2026-03-27", "2026-03-30"):  # Friday before and Monday after the change
        midnight = int(np.datetime64(day, "ms").astype(np.int64))
        ts, values = week(meters, start=midnight, length=DAY)
        plant_on = local_time("Europe/Berlin", ts).hour[np.argmax(np.diff(values[:, 1])) + 1]
        assert plant_on == pytest.approx(5.5, abs=0.2)


@settings(max_examples=60, deadline=None)
@given(start=st.integers(INSTALLED, INSTALLED + 1200 * DAY), length=st.integers(1, 3 * HOUR))
def test_energy_between_two_instants_is_the_integral_of_power(start, length):
    meters = Buildings(SITES[:1]).processes(4)[1]
    # Power is smooth between marks, so quadrature on every piece is exact but for its nodes' rounding to whole ms.
    edges = [start, *range((start // MARK + 1) * MARK, start + length, MARK), start + length]
    nodes, weights = np.polynomial.legendre.leggauss(48)
    total = 0.0
    for a, b in itertools.pairwise(edges):
        ts = np.rint((a + b) / 2 + nodes * (b - a) / 2).astype(np.int64)
        power = meters.values(np.zeros(len(ts), np.int32), ts)[:, 1]
        total += float(weights @ power) * (b - a) / 2 / HOUR
    ends = meters.values(np.zeros(2, np.int32), np.array([start, start + length]))[:, 0]
    assert ends[1] - ends[0] == pytest.approx(total, rel=2e-4, abs=0.05)


def test_between_marks_the_trapezoid_of_power_is_the_energy_exactly():
    meters = Buildings(SITES[:1]).processes(4)[1]
    ts, values = week(meters, step=MARK, length=30 * DAY)
    energy, power = values.T
    assert (power == np.rint(power)).all()
    counted = np.concatenate(([0.0], np.cumsum(power[:-1] + power[1:])))
    # Both are integers in units of 1/24 Wh; no tolerance.
    assert (np.rint(energy * 24) - np.rint(energy[0] * 24) == counted).all()
    assert len(ts) == 30 * 288


def test_the_energy_counter_rises_at_every_reading():
    meters = Buildings(SITES).processes(4)[1]
    for step, length in ((1000, 2 * HOUR), (7 * MINUTE + 13, 40 * DAY)):
        _, values = week(meters, step=step, length=length)
        assert (np.diff(values[:, 0]) > 0).all()
        assert (values[:, 1] > 0).all()


def test_an_instant_before_the_meters_installation_is_refused():
    meters = Buildings(SITES).processes(4)[1]
    with pytest.raises(InvalidInput, match="2024-01-01"):
        meters.values(np.zeros(1, np.int32), np.array([INSTALLED - 1]))


def test_sensors_are_named_after_building_and_room():
    one = Buildings(SITES, rooms_per_building=14).processes(0)
    assert one[0].sensors.names[11] == "hq/r12"
    assert one[0].sensors.attributes[11].building == "hq"
    assert one[0].sensors.attributes[11].room == "r12"
    assert one[1].sensors.names == ("hq/meter",)
    two = Buildings(SITES, buildings_per_site=2, rooms_per_building=2).processes(0)
    assert two[0].sensors.names == ("hq-a/r01", "hq-a/r02", "hq-b/r01", "hq-b/r02")
    assert {k.unit for k in two[0].sensors.keys} == {"degC", "%RH", "ppm"}


def test_a_fleet_without_rooms_is_refused():
    with pytest.raises(InvalidInput, match="rooms_per_building is 0"):
        Buildings(rooms_per_building=0)


def test_every_room_reports_once_per_step():
    stream = Stream(Buildings(SITES[:1], rooms_per_building=5, step=5 * MINUTE), seed=1)
    rooms = stream.take(MONDAY, MONDAY + HOUR)[0].draft
    assert np.bincount(rooms.key).tolist() == [12] * 15
