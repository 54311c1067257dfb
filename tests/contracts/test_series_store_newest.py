"""What the store says about the newest readings and about names, for every adapter."""

import numpy as np
import pytest

from penstock.model.errors import NotFound
from penstock.model.series import Attributes
from penstock.model.time import HOUR, MINUTE
from tests.contracts.stores import POWER, T0, TEMPERATURE, frame, ids_of


async def test_newest_tells_each_series_in_the_order_asked_for_and_how_often_it_reports(store):
    await store.commit([frame([(POWER, T0 + i * MINUTE, float(i), 1) for i in range(20)])])
    await store.commit([frame([(TEMPERATURE, T0 + HOUR, 290.0, 1)])])
    await store.commit([frame([(POWER, T0 + 5 * MINUTE + 7, 99.0, 1)])])  # late
    power, temperature = int((await ids_of(store, POWER))[0]), int((await ids_of(store, TEMPERATURE))[0])
    found = await store.newest("acme", np.array([temperature, power], np.int32))
    assert found.ts.tolist() == [T0 + HOUR, T0 + 19 * MINUTE]
    assert found.value.tolist() == [290.0, 19.0]
    assert found.interval.tolist() == [0, MINUTE]


async def test_newest_follows_a_correction_and_a_flood_of_late_readings(store):
    await store.commit([frame([(POWER, T0 + HOUR, 1.0, 1)])])
    await store.commit([frame([(POWER, T0 + i, 5.0, 1) for i in range(200)])])
    await store.commit([frame([(POWER, T0 + HOUR, 2.0, 2)])])
    found = await store.newest("acme", await ids_of(store, POWER))
    assert (found.ts.tolist(), found.value.tolist()) == ([T0 + HOUR], [2.0])


async def test_newest_of_nothing_and_of_another_tenant(store):
    assert len((await store.newest("acme", np.empty(0, np.int32))).ts) == 0
    await store.commit([frame([(POWER, T0, 1.0, 1)])])
    with pytest.raises(NotFound):
        await store.newest("other", await ids_of(store, POWER))


async def test_names_change_with_a_new_series_or_new_attributes(store):
    seen = [(await store.state()).names]
    said = {("hq", "m1"): Attributes("hq", "101", tags={"kind": "pv"})}
    for stamp, (key, attributes) in enumerate(((POWER, None), (TEMPERATURE, None), (POWER, said)), 1):
        await store.commit([frame([(key, T0 + stamp, 1.0, 1)], stamp=stamp, attributes=attributes)])
        seen.append((await store.state()).names)
    assert len(set(seen)) == len(seen)
