import numpy as np
import pytest

from penstock.model.errors import InvalidInput
from penstock.model.time import DAY, HOUR, MINUTE, SECOND
from penstock.sources.simulate import Batteries, Stream
from penstock.sources.simulate.battery_model import CELLS, ocv

from .rows import MONDAY, SITES, rows_of

FLEET = Batteries(SITES, count=300, faulty=0.1)
MODEL = FLEET.model(7)


def sampled(unit, step, length, start=MONDAY):
    ts = np.arange(start, start + length + 1, step, dtype=np.int64)
    units = np.full(len(ts), unit, np.int32)
    return ts, MODEL.telemetry(units, ts), MODEL.health(units, ts)


@pytest.mark.parametrize("unit", range(0, 300, 23))
def test_state_of_charge_follows_the_integral_of_current(unit):
    _, values, (_, soh) = sampled(unit, 10 * SECOND, 2 * DAY)
    soc, _, current, _ = values.T
    charge_ah = np.concatenate(([0.0], np.cumsum((current[1:] + current[:-1]) / 2 * 10 / 3600)))
    assert np.abs(soc - soc[0] - charge_ah / (MODEL.capacity_ah[unit] * soh)).max() < 2e-3


@pytest.mark.parametrize("unit", range(0, 300, 23))
def test_voltage_is_open_circuit_voltage_plus_the_drop_over_the_resistance(unit):
    _, values, _ = sampled(unit, MINUTE, 2 * DAY)
    soc, voltage, current, _ = values.T
    drop = voltage - CELLS * ocv(soc)
    slope, offset = np.polyfit(current, drop, 1)
    assert slope > 0.005
    assert np.abs(drop - slope * current - offset).max() < 0.03
    assert abs(offset) < 0.005


def test_charge_stays_between_empty_and_full_and_temperature_plausible():
    ts = np.full(300, MONDAY, np.int64)
    units = np.arange(300, dtype=np.int32)
    values = np.concatenate([MODEL.telemetry(units, ts + hour * HOUR) for hour in range(0, 24 * 30, 5)])
    assert 0.05 < values[:, 0].min() < values[:, 0].max() < 0.999
    assert 44.8 < values[:, 1].min() < values[:, 1].max() < 56.0
    assert 10 < values[:, 3].min() < values[:, 3].max() < 90


def test_nothing_jumps_at_midnight():
    units = np.arange(300, dtype=np.int32)
    for site in range(2):
        midnight = MONDAY - int(MODEL._offset[site])
        before, after = (MODEL.telemetry(units, np.full(300, midnight + d, np.int64)) for d in (-1, 0))
        mine = units % 2 == site
        assert np.abs(before - after)[mine, 0].max() < 1e-5
        assert np.abs(before - after)[mine, 3].max() < 0.8  # noise and resolution


def test_cycles_are_the_charge_moved_and_never_fall():
    for unit in range(0, 300, 37):
        _, values, (cycles, _) = sampled(unit, MINUTE, 3 * DAY)
        moved = np.abs(np.diff(values[:, 0])).sum() / 2
        assert cycles[-1] - cycles[0] == pytest.approx(moved, abs=2e-3)
        assert np.diff(cycles).min() > -1e-9
        assert np.diff(np.round(cycles, 4)).min() >= 0


def test_health_falls_slowly_and_stays_a_fraction():
    for unit in range(0, 300, 37):
        _, _, (_, soh) = sampled(unit, HOUR, 400 * DAY)
        assert np.diff(soh).max() < 1e-12
        assert 0.001 < soh[0] - soh[-1] < 0.06
        assert 0.5 <= soh.min() <= soh.max() <= 1.0


def test_work_heats_a_battery():
    unit = MODEL.duty.index("solar")
    ts, values, _ = sampled(unit, MINUTE, DAY)
    hour = (ts + MODEL._offset[unit]) % DAY / HOUR
    assert values[(hour > 20) & (hour < 21.5), 3].mean() > values[(hour > 6) & (hour < 7.5), 3].mean() + 1


def test_faulty_units_are_in_the_ground_truth_and_show():
    faults = FLEET.faults(7)
    assert set(faults.values()) == {"weak_cell", "hot_unit"}
    assert len(faults) / 300 == pytest.approx(0.1, abs=0.05)
    units = np.arange(300, dtype=np.int32)
    hottest = np.max(
        [MODEL.telemetry(units, np.full(300, MONDAY + h * HOUR, np.int64))[:, 3] for h in range(24)], axis=0
    )
    named = np.array([faults.get(name, "") for name in MODEL.names])
    assert np.median(hottest[named == "hot_unit"]) > np.median(hottest[named == ""]) + 6
    ohms = MODEL._resistance * MODEL.capacity_ah
    assert ohms[named == "weak_cell"].min() > 1.5 * ohms[named == ""].max()


def test_schedules_differ_between_batteries():
    units = np.arange(300, dtype=np.int32)
    current = MODEL.telemetry(units, np.full(300, MONDAY + 12 * HOUR, np.int64))[:, 2]
    assert (current > 1).sum() > 30
    assert (current == 0).sum() > 30
    assert set(MODEL.duty) == {"solar", "tariff", "backup"}


def test_health_is_sent_at_the_instant_of_a_telemetry_row():
    fleet = Batteries(SITES, count=20, step=MINUTE, health_step=10 * MINUTE)
    rows = rows_of(Stream(fleet, seed=1).take(MONDAY, MONDAY + 20 * MINUTE))
    telemetry = {(r[2], r[5]) for r in rows if r[3] == "soc"}
    health = [(r[2], r[5]) for r in rows if r[3] == "soh"]
    assert len(health) == 40
    assert set(health) < telemetry


def test_ten_thousand_batteries_are_named_in_order():
    names = Batteries(SITES, count=10_000).processes(1)[0].sensors.names
    assert (names[0], names[999], names[-1]) == ("bat-0001", "bat-1000", "bat-10000")


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [({"health_step": 90_000}, "multiple"), ({"faulty": 1.5}, "share"), ({"count": 0}, "count is 0")],
)
def test_a_configuration_that_makes_no_sense_is_refused(wrong, reason):
    with pytest.raises(InvalidInput, match=reason):
        Batteries(**wrong)
