import dataclasses

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from penstock.model.series import Attributes, SeriesInfo, SeriesKey
from penstock.query.fleet.build import build, extended
from penstock.query.standing import Facts
from penstock.store.catalog import Equipment, Site, Snapshot, Stored

METRICS = [("power_w", "W"), ("voltage_v", "V"), ("current_a", "A"), ("soc", "1"), ("energy_wh", "Wh"), ("temperature", "K")]  # fmt: skip
TYPES = ["", "Utility_Meter", "Battery", "PV_Array", "Electrical_Meter"]


def same(one, other):
    """Whether two indexes hold the same; when a series was found to begin and to end is no part of them."""
    for field in dataclasses.fields(one):
        mine, theirs = getattr(one, field.name), getattr(other, field.name)
        if field.name == "metric":
            assert {name: at.tolist() for name, at in mine.items()} == {
                name: at.tolist() for name, at in theirs.items()
            }
        elif isinstance(mine, np.ndarray):
            assert mine.dtype == theirs.dtype, field.name
            assert np.array_equal(mine, theirs), field.name
        elif field.name == "columns":
            assert all(column.equals(theirs[name]) for name, column in mine.items())
            assert all(column.type == pa.string() for column in mine.values())
        else:
            assert mine == theirs, field.name


@st.composite
def catalogs(draw):
    """Equipment e0…, each part of one before it or of none; meters measure what their tag or type says."""
    count = draw(st.integers(0, 5))
    equipment = [
        Equipment(
            id=f"e{i}",
            type=draw(st.sampled_from(TYPES)),
            site=draw(st.sampled_from(["a", "b"])),
            part_of=f"e{draw(st.integers(0, i - 1))}" if i and draw(st.booleans()) else None,
            attributes={"role": draw(st.sampled_from(["load", "grid"]))} if draw(st.booleans()) else {},
        )
        for i in range(count)
    ]
    records = {"sites": [Site(id="a")], "equipment": equipment}
    return Facts(Snapshot(1, {kind: [Stored(each, 1) for each in rows] for kind, rows in records.items()}))


def series_of(number, said):
    """A series whose name follows from its number: of site a, b or c, of equipment where its sensor has some."""
    sensor, (metric, unit) = number // len(METRICS), METRICS[number % len(METRICS)]
    site, equipment = "abc"[sensor % 3], f"e{sensor // 4}" if sensor % 2 else ""
    tags = {"kind": said} if said else {}
    return SeriesInfo(
        number, "acme", SeriesKey(site, f"s{sensor}", metric, unit), Attributes("", said, equipment, tags), None, None
    )


heard = st.lists(
    st.dictionaries(st.integers(0, 119), st.sampled_from(["", "pv", "grid", "hvac", "meter"]), max_size=8), max_size=6
)


@given(catalogs(), heard)
def test_an_index_that_follows_is_the_one_that_is_built_anew(facts, steps):
    known = {}
    index = build([], facts)
    for step in steps:
        fresh = [series_of(number, said) for number, said in step.items()]
        # What is said of a sensor is said of all its series.
        said = {info.key.sensor: info.attributes for info in fresh}
        fresh = [dataclasses.replace(info, attributes=said[info.key.sensor]) for info in fresh]
        sensors = said.keys()
        fresh += [dataclasses.replace(i, attributes=said[i.key.sensor]) for i in known.values() if i.key.sensor in sensors and i.id not in step]  # fmt: skip
        known |= {info.id: info for info in fresh}
        index = extended(index, fresh)
        same(index, build(known.values(), facts))
    batteries = np.flatnonzero(index.kind == "battery")
    assert index.only(batteries).ids.tolist() == build(known.values(), facts).only(batteries).ids.tolist()
