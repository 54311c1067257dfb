"""The embedded store on a full disk: nothing is half committed, and it goes on in the same process when there is room."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

from penstock.model.batch import Batch
from penstock.model.errors import Unavailable
from penstock.model.frame import Frame
from penstock.model.ledger import Part
from penstock.model.series import SeriesKey
from penstock.store.series.duckdb import DuckConfig, DuckSeriesStore
from penstock.store.series.duckdb.schema import translated

T0 = 1_763_700_000_000
ROWS = 20_000


@pytest.fixture
def small_disk(tmp_path: Path):
    """A file system of 24 MiB, and a function that gives it another size in MiB."""

    def resize(size: int, option: str = "remount,") -> None:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"{option}size={size}m", "tmpfs", tmp_path], check=True)

    try:
        resize(24, "")
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("a file system of its own can be mounted by root only")
    yield tmp_path, resize
    subprocess.run(["umount", "-l", tmp_path], check=True)


def _frame(n: int) -> Frame:
    ts = np.arange(ROWS, dtype=np.int64) + T0 + n * ROWS
    value = np.random.default_rng(n).normal(size=ROWS)
    key = SeriesKey("s", "m1", "power_w", "W")
    batch = Batch("acme", (key,), np.zeros(ROWS, np.int32), ts, value, np.full(ROWS, n + 1, np.int64))
    return Frame(f"f{n}", "acme", n + 1, (Part(f"r{n}", "http", ROWS),), batch)


async def _fill(store: DuckSeriesStore) -> int:
    for n in range(1_000):
        try:
            await store.commit([_frame(n)])
        except Unavailable:
            return n
    raise AssertionError("the disk never got full")


def _checkpoint(store: DuckSeriesStore) -> None:
    with translated():
        store._db.execute("CHECKPOINT")


async def _stored(store: DuckSeriesStore) -> int:
    return (await store.ledger("acme"))[0].counts.stored


async def test_a_commit_that_found_no_room_is_made_when_there_is(small_disk):
    home, resize = small_disk
    store = DuckSeriesStore(DuckConfig(home / "x.duckdb"))
    await store.open()
    done = await _fill(store)
    assert await _stored(store) == done * ROWS
    resize(64)
    await store.commit([_frame(done)])
    assert await _stored(store) == (done + 1) * ROWS
    await store.close()


async def test_a_database_that_was_given_up_in_a_checkpoint_is_opened_anew_and_nothing_is_lost_or_doubled(small_disk):
    home, resize = small_disk
    store = DuckSeriesStore(DuckConfig(home / "x.duckdb"))
    await store.open()
    done = await _fill(store)
    revision = (await store.state()).revision
    # What a commit does by itself once its log is long enough, here when there is no room for it.
    with pytest.raises(Unavailable):
        await store._run(store._writing, lambda: _checkpoint(store))
    for _ in range(2):
        with pytest.raises(Unavailable):
            await store.commit([_frame(done)])
    resize(96)
    await store.commit([_frame(done - 1), _frame(done)])
    assert await _stored(store) == (done + 1) * ROWS
    ids = np.zeros(1, np.int32)
    assert len((await store.scan("acme", ids, 0, 1 << 60)).ts) == (done + 1) * ROWS
    assert (await store.state()).revision > revision
    await store.close()
    again = DuckSeriesStore(DuckConfig(home / "x.duckdb"))
    await again.open()
    assert await _stored(again) == (done + 1) * ROWS
    await again.close()
