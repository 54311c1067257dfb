import numpy as np
import pytest

from penstock.model.errors import InvalidInput
from penstock.model.time import DAY, MINUTE
from penstock.sources.simulate import Ems
from penstock.sources.simulate.ems import KINDS
from penstock.sources.simulate.places import sun

from .rows import MONDAY, SITES


def meter(kind, step=MINUTE, length=7 * DAY):
    process = Ems(SITES[:1], meters=len(KINDS)).processes(1)[0]
    ts = np.arange(MONDAY, MONDAY + length, step, dtype=np.int64)
    return ts, *process.values_and_pf(np.full(len(ts), KINDS.index(kind), np.int32), ts)


@pytest.mark.parametrize("kind", KINDS)
def test_power_is_voltage_times_current_times_power_factor(kind):
    _, values, pf = meter(kind)
    power, voltage, current = values.T
    assert np.abs(power - voltage * current * pf).max() <= 0.0005 + 1e-9
    assert ((pf >= 0.9) & (pf <= 1.0)).all()
    large = np.abs(current) > 1.0
    apparent = (power / (voltage * current))[large]
    assert ((apparent > 0.8999) & (apparent < 1.0001)).all()


@pytest.mark.parametrize("kind", KINDS)
def test_voltage_stays_within_ten_percent_of_230_volts(kind):
    _, values, _ = meter(kind)
    assert 207 < values[:, 1].min() < values[:, 1].max() < 253


def test_solar_meters_export_by_day_and_idle_by_night():
    ts, values, _ = meter("pv")
    light = sun(SITES[0], ts)
    assert values[light > 0.4, 0].max() < 0
    assert values[:, 0].min() < -3000
    assert np.abs(values[light == 0, 0]).max() < 100


def test_loads_only_draw():
    for kind in set(KINDS) - {"pv"}:
        assert (meter(kind)[1][:, 0] > 0).all()


def test_meters_are_spread_over_sites_and_tagged():
    first, second = Ems(SITES, meters=9, tenant="acme").processes(1)
    assert (len(first.sensors), len(second.sensors)) == (4, 5)
    assert first.sensors.names[0] == "ems-hq-001"
    assert first.sensors.attributes[1].tags == {"kind": "pv", "phase": "L2"}
    assert first.sensors.keys[0].tenant == "acme"


def test_fewer_meters_than_sites_leave_sites_empty():
    assert sum(len(p.sensors) for p in Ems(SITES, meters=1).processes(1)) == 1


def test_large_fleets_read_the_same_values_from_smaller_tables():
    few, many = (Ems(SITES[:1], meters=n).processes(1)[0] for n in (10, 300))
    ts = np.arange(MONDAY, MONDAY + DAY, 7 * MINUTE, dtype=np.int64)
    unit = (np.arange(len(ts)) % 10).astype(np.int32)
    assert (few.values(unit, ts) == many.values(unit, ts)).all()


def test_a_step_of_zero_is_refused():
    with pytest.raises(InvalidInput, match="step is 0"):
        Ems(step=0)
