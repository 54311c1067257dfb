"""The writer when the database fails it: a commit happens whole or not at all, in the file and in memory."""

import duckdb
import pytest

from penstock.model.errors import Unavailable
from penstock.model.ledger import Counts
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
