"""One owner per data directory, and what others on this machine can learn of it."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from dataclasses import replace

import pytest

from penstock.api.processes import Process
from penstock.app.config import Settings
from penstock.app.datadir import DataDir, Running, with_local_broker
from penstock.app.services.processes import noted_processes
from penstock.model.errors import Conflict, Misconfigured, Unavailable

STATE = Running(
    pid=os.getpid(),
    started=1,
    url="http://127.0.0.1:1",
    nats_url="nats://127.0.0.1:2",
    nats_monitor_url="http://127.0.0.1:3",
    nats_user="penstock",
    nats_password="p",
    processes={"edge": 5},
    restarts={"edge": 0},
)


def _mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def _ended_pid():
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


def test_a_second_owner_is_refused_with_the_pid_of_the_first(tmp_path):
    first, second = DataDir(tmp_path / "d"), DataDir(tmp_path / "d")
    first.lock()
    with pytest.raises(Conflict, match=f"pid {os.getpid()}") as refused:
        second.lock()
    assert refused.value.code == "data_dir_locked"
    first.unlock()
    second.lock()
    second.unlock()
    second.unlock()


def test_a_lock_that_only_orphans_hold_says_that_it_will_pass(tmp_path):
    first = DataDir(tmp_path / "d")
    first.lock()
    (tmp_path / "d" / "lock").write_text(f"{_ended_pid()}\n")
    with pytest.raises(Conflict) as refused:
        DataDir(tmp_path / "d").lock()
    assert refused.value.code == "data_dir_closing"
    first.unlock()


def test_a_path_that_cannot_be_a_directory_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(Misconfigured, match="cannot be used"):
        DataDir(tmp_path / "file" / "x").lock()


def test_the_local_key_is_made_once_and_only_its_owner_reads_it(tmp_path):
    data = DataDir(tmp_path)
    assert data.read_local_key() is None
    key = data.local_key()
    assert len(key) >= 32
    assert DataDir(tmp_path).local_key() == key == data.read_local_key()
    assert _mode(data.key_file) == 0o600


def test_state_reads_back_while_its_process_lives(tmp_path):
    data = DataDir(tmp_path)
    data.write_state(STATE)
    assert data.read_state() == STATE
    assert _mode(data.state_file) == 0o600
    data.write_state(replace(STATE, pid=_ended_pid()))
    assert data.read_state() is None
    data.clear_state()
    data.clear_state()
    assert data.read_state() is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": 1}', '{"pid": 1, "surprise": 2}'])
def test_a_state_file_of_another_kind_counts_as_none(tmp_path, text):
    data = DataDir(tmp_path)
    data.write_state(STATE)
    data.state_file.write_text(text)
    assert data.read_state() is None


def test_the_local_broker_stands_in_where_none_is_named(tmp_path):
    with pytest.raises(Unavailable, match="no platform is running"):
        with_local_broker(Settings(data=tmp_path))
    DataDir(tmp_path).write_state(STATE)
    found = with_local_broker(Settings(data=tmp_path))
    assert (found.nats_url, found.nats_user, found.nats_password) == ("nats://127.0.0.1:2", "penstock", "p")
    named = Settings(data=tmp_path, nats_url="nats://other:1")
    assert with_local_broker(named) == named


def test_processes_are_as_the_supervisor_noted_them(tmp_path):
    data, read = DataDir(tmp_path), noted_processes(tmp_path)
    assert read() == ()
    data.write_state(replace(STATE, restarts={"core": 2, "edge": 0}, ended={"core": (1_000, 2_000)}))
    assert read() == [Process("core", None, 2, (1_000, 2_000)), Process("edge", 5, 0)]
