"""The spool: what was put stays, in order, whatever a crash does to the bytes that were being written."""

from __future__ import annotations

import errno
import shutil
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock_client.batch import Batch, Buffer, Row
from penstock_client.errors import SpoolInUse
from penstock_client.spool import Spool

ROOM = 64 << 20


def a_batch(number: int, size: int = 40) -> Batch:
    return Batch(f"{number:032x}", number + 1, bytes([number % 256]) * size)


def drained(spool: Spool) -> list[Batch]:
    found = []
    while (waiting := spool.head()) is not None:
        found.append(waiting.batch)
        spool.done(waiting.number)
    return found


def left_in(directory: Path) -> list[Batch]:
    """What a new process finds and sends."""
    with closing(Spool(directory, ROOM)) as spool:
        return drained(spool)


def files(directory: Path) -> list[str]:
    return sorted(p.name for p in directory.iterdir() if p.name != "lock")


def test_what_was_put_comes_back_in_order_after_a_restart(tmp_path):
    spool = Spool(tmp_path, ROOM)
    batches = [a_batch(n) for n in range(20)]
    assert all(spool.put(batch) for batch in batches)
    spool.close()
    again = Spool(tmp_path, ROOM)
    assert again.rows == sum(batch.rows for batch in batches)
    assert drained(again) == batches
    assert files(tmp_path) == []
    again.close()


def test_what_is_done_is_not_sent_again_after_a_restart(tmp_path):
    spool = Spool(tmp_path, ROOM)
    batches = [a_batch(n) for n in range(5)]
    for batch in batches:
        spool.put(batch)
    for _ in range(3):
        spool.done(spool.head().number)
    spool.close()
    again = Spool(tmp_path, ROOM)
    assert drained(again) == batches[3:]
    again.close()


def test_numbers_go_on_after_a_restart(tmp_path):
    spool = Spool(tmp_path, ROOM)
    spool.put(a_batch(1))
    spool.put(a_batch(2))
    spool.close()
    again = Spool(tmp_path, ROOM)
    again.put(a_batch(3))
    assert again.last == 3
    again.close()
    assert [b.rows for b in left_in(tmp_path)] == [2, 3, 4]


@given(cut=st.integers(0, 2_000), done=st.integers(0, 4), sizes=st.lists(st.integers(0, 300), min_size=1, max_size=8))
def test_a_crash_at_any_byte_loses_only_the_record_that_was_being_written(cut, done, sizes):
    with TemporaryDirectory() as home:
        directory = Path(home)
        spool = Spool(directory, ROOM)
        ends, batches = [], [a_batch(n, size) for n, size in enumerate(sizes)]
        for batch in batches:
            spool.put(batch)
            ends.append(next(directory.glob("*.spool")).stat().st_size)
        told = min(done, len(batches) - 1)
        for _ in range(told):
            spool.done(spool.head().number)
        spool.close()
        (segment,) = directory.glob("*.spool")
        with segment.open("r+b") as file:
            file.truncate(min(cut, segment.stat().st_size))
        whole = sum(end <= cut for end in ends)
        again = Spool(directory, ROOM)
        late = a_batch(99)
        assert again.put(late)
        again.close()
        found = left_in(directory)
        assert found[-1] == late
        # A cut that takes away a mark of `done` brings the batch back: it is sent again under its key.
        assert found[:-1] in [batches[first:whole] for first in range(told + 1)]


@given(at=st.integers(0, 10_000), flip=st.integers(1, 255), count=st.integers(1, 6))
def test_a_flipped_bit_never_makes_a_batch_of_other_content(at, flip, count):
    with TemporaryDirectory() as home:
        directory = Path(home)
        spool = Spool(directory, ROOM)
        batches = [a_batch(n, 50) for n in range(count)]
        for batch in batches:
            spool.put(batch)
        spool.close()
        (segment,) = directory.glob("*.spool")
        data = bytearray(segment.read_bytes())
        data[at % len(data)] ^= flip
        segment.write_bytes(data)
        again = Spool(directory, ROOM)
        found = drained(again)
        again.close()
        assert found == batches[: len(found)]
        assert len(found) < count


def test_damaged_bytes_are_put_aside_and_not_removed(tmp_path):
    spool = Spool(tmp_path, ROOM)
    spool.put(a_batch(1))
    spool.put(a_batch(2))
    spool.close()
    (segment,) = tmp_path.glob("*.spool")
    data = bytearray(segment.read_bytes())
    data[-1] ^= 1
    segment.write_bytes(data)
    assert [b.rows for b in left_in(tmp_path)] == [2]
    assert files(tmp_path) == [segment.with_suffix(".damaged").name]


def test_a_full_spool_keeps_the_oldest_and_refuses_the_newest(tmp_path):
    spool = Spool(tmp_path, 4_000)
    kept = 0
    while spool.put(a_batch(kept, 500)):
        kept += 1
    assert kept == 7
    assert sum(p.stat().st_size for p in tmp_path.iterdir()) <= 4_000
    assert [b.rows for b in drained(spool)] == list(range(1, kept + 1))
    assert spool.put(a_batch(kept, 500))
    spool.close()


def test_a_batch_that_never_fits_is_the_callers_mistake(tmp_path):
    with closing(Spool(tmp_path, 1_000)) as spool, pytest.raises(ValueError, match="lower max_rows"):
        spool.put(a_batch(1, 2_000))


def test_segments_that_are_done_free_their_bytes_while_others_wait(tmp_path):
    spool = Spool(tmp_path, 1 << 20)
    written = 0
    for number in range(40):
        assert spool.put(a_batch(number, 20_000))
        written += 20_000
        if number >= 10:
            spool.done(spool.head().number)
    assert written > 5 * sum(p.stat().st_size for p in tmp_path.iterdir()) / 2
    assert len(drained(spool)) == 10
    spool.close()


def test_a_spool_belongs_to_one_writer(tmp_path):
    first = Spool(tmp_path, ROOM)
    with pytest.raises(SpoolInUse):
        Spool(tmp_path, ROOM)
    first.close()
    Spool(tmp_path, ROOM).close()


def test_a_disk_without_room_is_a_full_spool_and_what_came_before_stays(tmp_path, monkeypatch):
    spool = Spool(tmp_path, ROOM)
    spool.put(a_batch(1))

    def no_room(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", no_room)
        assert not spool.put(a_batch(2))
    assert spool.put(a_batch(3))
    spool.close()
    assert [b.rows for b in left_in(tmp_path)] == [2, 4]


def test_a_copy_taken_at_any_moment_is_a_spool(tmp_path):
    spool = Spool(tmp_path / "live", 1 << 20)
    for number in range(30):
        spool.put(a_batch(number, 10_000))
        if number % 3 == 0:
            spool.done(spool.head().number)
        copy = tmp_path / f"copy-{number}"
        shutil.copytree(tmp_path / "live", copy)
        found = left_in(copy)
        assert [b.rows for b in found] == list(range(number // 3 + 2, number + 2))
    spool.close()


@given(
    rows=st.lists(
        st.tuples(
            st.text(min_size=1, max_size=8),
            st.floats(allow_nan=False, allow_infinity=False),
            st.integers(0, 2**52),
            st.none() | st.integers(0, 2**63 - 1),
            st.none() | st.dictionaries(st.text(max_size=4), st.text(max_size=4) | st.booleans(), max_size=2),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_a_frozen_batch_holds_what_was_added(rows):
    buffer = Buffer()
    for sensor, value, ts, seq, tags in rows:
        buffer.add(
            Row(sensor_id=sensor, metric="m", unit="W", tags=tuple(tags.items()) if tags else None), value, ts, seq
        )
    batch = buffer.freeze()
    assert batch.rows == len(rows)
    for (sensor, value, ts, seq, tags), row in zip(rows, batch.decoded(), strict=True):
        wanted = {"sensor_id": sensor, "metric": "m", "unit": "W", "value": value, "ts": ts}
        wanted |= ({"seq": seq} if seq is not None else {}) | ({"tags": tags} if tags else {})
        assert row == wanted
    halves = batch.halves()
    assert halves[0].decoded() + halves[1].decoded() == batch.decoded()
    assert halves == batch.halves()
    assert len(buffer) == len(rows)
    buffer.drop()
    assert len(buffer) == 0


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_value_that_is_not_finite_costs_only_itself(value):
    buffer = Buffer()
    with pytest.raises(ValueError, match="not finite"):
        buffer.add(Row(sensor_id="a", metric="m"), value, 1, None)
    assert len(buffer) == 0
