"""The disk that forgets: what was fsynced lasts, what was not does not."""

from __future__ import annotations

import os

import pytest

from tests.faults.lossy import Lossy, missing

pytestmark = pytest.mark.skipif(missing() is not None, reason=f"FUSE: {missing()}")


@pytest.fixture
def disk(tmp_path):
    with Lossy(tmp_path / "disk") as mounted:
        yield mounted


def put(path, data, *, sync, flags=os.O_CREAT | os.O_WRONLY):
    fd = os.open(path, flags, 0o600)
    os.write(fd, data)
    if sync:
        os.fsync(fd)
    os.close(fd)


def test_it_is_a_file_system(disk):
    folder = disk.point / "a" / "b"
    folder.mkdir(parents=True)
    (folder / "x").write_bytes(os.urandom(1 << 20))
    assert (folder / "x").stat().st_size == 1 << 20
    (folder / "x").rename(folder / "y")
    assert sorted(p.name for p in (folder).iterdir()) == ["y"]
    os.truncate(folder / "y", 5)
    assert len((folder / "y").read_bytes()) == 5
    (folder / "y").unlink()
    folder.rmdir()
    assert sorted(p.name for p in (disk.point / "a").iterdir()) == []


def test_what_was_synced_lasts_and_what_was_written_after_it_does_not(disk):
    put(disk.point / "x", b"first ", sync=True)
    put(disk.point / "x", b"second", sync=False, flags=os.O_WRONLY | os.O_APPEND)
    lost_bytes, _ = disk.cut()
    assert lost_bytes == 6
    assert (disk.point / "x").read_bytes() == b"first "


def test_an_overwritten_part_comes_back(disk):
    put(disk.point / "x", b"0123456789", sync=True)
    put(disk.point / "x", b"abc", sync=False, flags=os.O_WRONLY)
    os.truncate(disk.point / "x", 5)
    disk.cut()
    assert (disk.point / "x").read_bytes() == b"0123456789"


def test_a_file_that_nobody_synced_is_gone(disk):
    put(disk.point / "kept", b"1", sync=True)
    put(disk.point / "gone", b"1", sync=False)
    disk.cut()
    assert sorted(p.name for p in (disk.point).iterdir()) == ["kept"]


def test_a_rename_that_nobody_synced_is_undone(disk):
    put(disk.point / "old", b"old", sync=True)
    put(disk.point / "new", b"new", sync=True)
    (disk.point / "new").rename(disk.point / "old")
    disk.cut()
    assert (disk.point / "old").read_bytes() == b"old"
    assert (disk.point / "new").read_bytes() == b"new"


def test_a_name_that_a_later_sync_committed_lasts_without_the_data_that_was_not_synced(disk):
    put(disk.point / "x", b"never synced", sync=False)
    put(disk.point / "y", b"1", sync=True)
    disk.cut()
    assert (disk.point / "x").read_bytes() == b""


def test_a_synchronous_write_lasts(disk):
    put(disk.point / "x", b"1", sync=False, flags=os.O_CREAT | os.O_WRONLY | os.O_DSYNC)
    disk.cut()
    assert (disk.point / "x").read_bytes() == b"1"


def test_a_deaf_disk_forgets_what_was_synced(tmp_path):
    with Lossy(tmp_path / "disk", deaf=True) as disk:
        put(disk.point / "x", b"1", sync=True)
        disk.cut()
        assert sorted(p.name for p in (disk.point).iterdir()) == []


def test_nothing_stays_mounted(tmp_path):
    with Lossy(tmp_path / "disk") as disk:
        assert os.path.ismount(disk.point)
    assert not os.path.ismount(tmp_path / "disk")
