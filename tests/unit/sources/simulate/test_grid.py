import numpy as np
import pytest

from penstock.model.time import HOUR, MINUTE
from penstock.sources.simulate import Batteries, Buildings, Ems, Grid, Stream
from penstock.sources.simulate.grid import METRICS

from .rows import MONDAY, rows_of

FLEETS = {"buildings": Buildings(), "ems": Ems(), "batteries": Batteries(count=30)}


def test_the_grid_meter_measures_exactly_what_everything_behind_it_takes_and_gives():
    ts = MONDAY + np.arange(0, 24 * HOUR, 37 * MINUTE)
    [meter, *_] = Grid(**FLEETS).processes(3)
    expected = np.zeros(len(ts))
    for fleet in FLEETS.values():
        for process in fleet.processes(3):
            names = [name for name, _ in process.sensors.metrics]
            for unit, site in enumerate(process.sensors.sites):
                if site != "hq":
                    continue
                values = process.values(np.full(len(ts), unit, np.int32), ts)
                if "power_w" in names:
                    expected += values[:, names.index("power_w")]
                elif "current_a" in names:
                    expected += values[:, names.index("voltage_v")] * values[:, names.index("current_a")]
    assert np.allclose(meter.values(np.zeros(len(ts), np.int32), ts)[:, 0], expected, atol=0.06)


def test_there_is_one_per_site_tagged_with_its_kind():
    meters = Grid(**FLEETS).processes(1)
    assert [m.sensors.names for m in meters] == [("grid-hq",), ("grid-lab",), ("grid-depot",)]
    assert {m.sensors.attributes[0].tags["kind"] for m in meters} == {"grid"}
    assert {m.sensors.metrics for m in meters} == {METRICS}


def test_it_does_not_matter_in_which_pieces_time_is_asked_for():
    grid = Grid(step=MINUTE, **FLEETS)
    whole = rows_of(Stream([grid], seed=1).take(MONDAY, MONDAY + 10 * HOUR))
    stream = Stream([grid], seed=1)
    pieces = [
        row for hour in range(10) for row in rows_of(stream.take(MONDAY + hour * HOUR, MONDAY + (hour + 1) * HOUR))
    ]
    assert sorted(whole) == sorted(pieces)
    assert len(whole) == 3 * 600


def test_it_only_measures_and_reports_at_its_own_pace():
    assert Grid().events(1, MONDAY, MONDAY + HOUR) == ()
    with pytest.raises(Exception, match="step is 0"):
        Grid(step=0)
