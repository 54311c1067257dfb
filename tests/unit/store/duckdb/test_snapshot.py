"""Reading while the database commits, which takes as long as the disk takes."""

from __future__ import annotations

import asyncio
import threading

import numpy as np
import pytest

from penstock.model.time import DAY, HOUR, MINUTE
from penstock.store.series import Filter
from penstock.store.series.duckdb import DuckConfig, DuckSeriesStore
from tests.contracts.stores import POWER, T0, TEMPERATURE, bits, frame, ids_of


class _Slow:
    """A connection whose COMMIT stops before or after it took effect, until it may go on."""

    def __init__(self, db, *, after):
        self._db = db
        self._after = after
        self.stopped, self.go_on = threading.Event(), threading.Event()

    def __getattr__(self, name):
        return getattr(self._db, name)

    def commit(self):
        if self._after:
            self._db.commit()
        self.stopped.set()
        assert self.go_on.wait(20)
        if not self._after:
            self._db.commit()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """Whatever went wrong meanwhile, nobody is left waiting."""
        self.go_on.set()


@pytest.fixture
async def store(tmp_path):
    store = DuckSeriesStore(DuckConfig(tmp_path / "series.duckdb", hot_bytes=0))
    await store.open()
    yield store
    await store.close()


async def all_say(stores, ids, expected):
    """Whether each says `expected`. An `assert` on these lists themselves would take pytest a minute to explain."""
    return all([await said(store, ids) == expected for store in stores])


async def said(store, ids):
    """What a store or view says of both series, from memory and from the database."""
    listed = [(info.key, info.first_ts, info.last_ts) for info in await store.find("acme", Filter())]
    newest = [column.tolist() for column in await store.newest("acme", ids)]
    scanned = await store.scan("acme", ids, T0, T0 + DAY)
    hours = (await store.aggregate("acme", ids, T0, T0 + DAY, HOUR)).partials
    recent = await store.recent("acme", ids, 400)
    return [listed, newest, *([bits(each, i) for i in ids] for each in (scanned, hours, recent))]


def minutes(count, value):
    return [(key, T0 + m * MINUTE, value, int(value)) for key in (TEMPERATURE, POWER) for m in range(count)]


@pytest.mark.parametrize("after", [False, True], ids=["not yet visible", "visible already"])
async def test_while_the_database_commits_all_reads_are_of_what_was_before(store, after):
    await store.commit([frame(minutes(600, 1.0))])
    ids = await ids_of(store)
    before = await said(store, ids)
    store._writer._db = _Slow(store._writer._db, after=after)
    async with store.view() as older:
        with store._writer._db as slow:
            commit = asyncio.create_task(store.commit([frame(minutes(700, 2.0))]))
            assert await asyncio.to_thread(slow.stopped.wait, 20)
            async with asyncio.timeout(10), store.view() as view:
                assert view.revision == older.revision == (await store.state()).revision
                assert await all_say((older, view, store), ids, before)
                slow.go_on.set()
                await commit
                assert await all_say((older, view), ids, before)
    assert not await all_say((store,), ids, before)
    readings = await store.scan("acme", ids, T0, T0 + DAY)
    assert len(readings.ts) == 1_400
    assert np.all(readings.value == 2.0)


async def test_what_stood_for_a_commit_is_closed_after_it_and_what_reads_it_still_goes_on(store):
    await store.commit([frame(minutes(600, 1.0))])
    ids = await ids_of(store)
    store._writer._db = _Slow(store._writer._db, after=False)
    with store._writer._db as slow:
        commit = asyncio.create_task(store.commit([frame(minutes(600, 2.0))]))
        assert await asyncio.to_thread(slow.stopped.wait, 20)
        standing = store._memory.standing.take()
    await commit
    assert store._memory.standing is None
    with standing.cursor() as cursor:
        assert cursor.execute("SELECT DISTINCT value FROM raw").fetchall() == [(1.0,)]
    with pytest.raises(Exception, match="closed"):
        standing._cursor.execute("SELECT 1")
    assert len((await store.scan("acme", ids, T0, T0 + DAY)).ts) == 1_200
