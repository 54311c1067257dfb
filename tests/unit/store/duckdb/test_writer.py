"""The writer when the database fails it: a commit happens whole or not at all, in the file and in memory."""

import duckdb
import numpy as np
import pytest

from penstock.model.batch import Batch
from penstock.model.errors import Unavailable
from penstock.model.frame import Frame
from penstock.model.ledger import Counts, Part
from penstock.pipeline.runner import RunnerConfig
from tests.contracts.stores import ADAPTERS, POWER, T0, frame, values

(DUCKDB,) = [param.values[0] for param in ADAPTERS if param.id == "duckdb"]


class _Failing:
    """A connection whose next call of `method` fails, before or after it took effect."""

    def __init__(self, db, method, error):
        self._db = db
        self._method = method
        self._error = error

    def __getattr__(self, name):
        real = getattr(self._db, name)
        if name != self._method or self._error is None:
            return real
        error, self._error = self._error, None

        def fail(*_args, **_kwargs):
            raise error

        return fail


@pytest.fixture
async def store(tmp_path):
    store = DUCKDB.make(tmp_path)
    await store.open()
    yield store
    await store.close()


@pytest.mark.parametrize("method", ["begin", "execute", "register", "commit"])
async def test_a_commit_that_fails_changes_nothing_and_its_retry_stores_all(store, method):
    await store.commit([frame([(POWER, T0, 1.0, 1)])])
    ledger, state = await store.ledger(None), await store.state()
    store._writer._db = _Failing(store._writer._db, method, duckdb.IOException("disk full"))
    late = frame([(POWER, T0, 2.0, 2), (POWER, T0 + 1, 3.0, 1)])
    with pytest.raises(Unavailable):
        await store.commit([late])
    assert await store.ledger(None) == ledger
    assert await store.state() == state
    assert await values(store, POWER) == {T0: 1.0}
    [receipt] = await store.commit([late])
    assert receipt.counts == Counts(2, 2)
    assert await values(store, POWER) == {T0: 2.0, T0 + 1: 3.0}


async def test_a_full_commit_is_written_once_and_not_to_the_log_first(store, tmp_path):
    rows = RunnerConfig().commit_rows - 16_384  # a group ends before the message that would exceed it
    ts = np.arange(rows, dtype=np.int64) + T0
    batch = Batch("acme", (POWER,), np.zeros(rows, np.int32), ts, np.ones(rows), np.ones(rows, np.int64))
    [receipt] = await store.commit([Frame("full", "acme", 1, (Part("r", "http", rows),), batch)])
    assert receipt.counts.stored == rows
    [log] = tmp_path.rglob("*.wal")
    assert log.stat().st_size < rows
