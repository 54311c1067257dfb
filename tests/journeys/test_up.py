"""`penstock up`: coming up, staying up, going down."""

from __future__ import annotations

import os
import signal
import socket
import time

import psutil
import pytest

from .conftest import STOP_SECONDS, clean_environment, pause, run_cli, until

READING = {"sensor_id": "kitchen", "metric": "temperature", "value": 21.5, "unit": "degC"}


def _now():
    return time.time_ns() // 1_000_000


def _children(running):
    return psutil.Process(running.process.pid).children(recursive=True)


def _stored(running):
    """The sensor's readings; none while it is unknown or nobody answers."""
    try:
        return running.get("/v1/sensors/kitchen/recent")["data"]
    except AssertionError:
        return []


def test_it_serves_once_it_says_so_and_prints_nothing_else(fresh_platform):
    running = fresh_platform
    running.post("/v1/readings", READING | {"ts": _now()})
    rows = until(lambda: _stored(running), what="the reading to be stored")
    assert (rows[0]["metric"], round(rows[0]["value"], 2), rows[0]["unit"]) == ("temperature", 294.65, "K")
    state = running.state()
    assert state["url"] == running.url
    assert state["pid"] == running.process.pid
    assert {"core", "edge", "nats"} == set(state["processes"])
    began = time.monotonic()
    assert running.stop() == 0, running.stderr()
    assert time.monotonic() - began < STOP_SECONDS
    assert running.printed() == [f"ready {running.url}\n"]
    assert "login?k=" in running.stderr()
    assert "leaked" not in running.stderr()  # as nanobind says of DuckDB's objects that outlive the interpreter
    assert not (running.data / "run" / "state.json").exists()


def test_a_restart_finds_everything_again(start):
    first = start().wait_ready()
    first.post("/v1/readings", READING | {"ts": _now()})
    rows = until(lambda: _stored(first), what="the reading to be stored")
    key = first.key
    assert first.stop() == 0
    second = start(home=first.data.parent).wait_ready()
    assert _stored(second) == rows
    assert second.key == key


def test_a_second_one_on_the_same_directory_is_refused_with_the_pid_of_the_first(platform):
    environment = clean_environment()
    arguments = ["up", "--data", str(platform.data), "--http", "127.0.0.1:0", "--nats", "127.0.0.1:0"]
    done = run_cli(arguments, environment)
    assert done.code == 1
    assert done.out == ""
    assert f"pid {platform.process.pid}" in done.err
    assert "--data" in done.err
    assert platform.get("/healthz")["status"] == "ok"


def test_a_taken_port_is_refused_with_the_fix(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        arguments = ["up", "--data", str(tmp_path / "d"), "--http", address, "--nats", "127.0.0.1:0"]
        done = run_cli(arguments, clean_environment())
    assert done.code == 1
    assert "in use" in done.err
    assert "--http 127.0.0.1:0" in done.err


def test_listening_beyond_this_machine_needs_more_than_a_flag(tmp_path):
    arguments = ["up", "--data", str(tmp_path / "d"), "--http", "0.0.0.0:0", "--nats", "127.0.0.1:0"]
    done = run_cli(arguments, clean_environment())
    assert done.code == 1
    assert "PENSTOCK_ALLOW_INSECURE_BIND" in done.err
    done = run_cli(arguments, clean_environment(PENSTOCK_ALLOW_INSECURE_BIND="1", PENSTOCK_BOOTSTRAP_KEY="changeme"))
    assert done.code == 1
    assert "bootstrap_key" in done.err


def test_a_killed_role_comes_back_on_the_same_address_and_loses_nothing(fresh_platform):
    running = fresh_platform
    sent = 0
    for name in ("core", "edge", "nats"):
        before = running.state()["processes"][name]
        os.kill(before, signal.SIGKILL)
        until(
            lambda name=name, before=before: running.state()["processes"].get(name, before) != before,
            what=f"{name} to be started again",
        )
        # The listening socket outlives `edge`, and the broker comes back on its port: a client only waits.
        until(lambda: _post(running, _now()), 30.0, what=f"a write after the end of {name}")
        sent += 1
    assert {name: running.state()["restarts"][name] for name in ("core", "edge", "nats")} == {
        "core": 1,
        "edge": 1,
        "nats": 1,
    }
    until(lambda: len(_stored(running)) == sent, 30.0, what="every acknowledged reading")
    running.balanced()


def test_a_role_that_ends_again_and_again_is_told_of_as_degraded(fresh_platform):
    running = fresh_platform
    for _ in range(3):
        pid = running.state()["processes"]["core"]
        os.kill(pid, signal.SIGKILL)
        until(
            lambda pid=pid: running.state()["processes"].get("core", pid) != pid,
            what="core to be started again",
        )
    until(lambda: _ready(running) == "degraded", 30.0, what="readiness to tell of it")
    core = next(p for p in running.get("/v1/system/pipeline")["processes"] if p["process"] == "core")
    assert (core["state"], core["restarts"]) == ("crash_looping", 3)


def _ready(running):
    try:
        return running.get("/readyz")["status"]
    except (AssertionError, OSError):
        return None


def _post(running, ts):
    try:
        return running.post("/v1/readings", READING | {"ts": ts})
    except (AssertionError, OSError):
        return None


def test_nothing_outlives_a_killed_supervisor_and_the_next_one_starts_at_once(start):
    first = start().wait_ready()
    left = _children(first)
    assert len(left) == 3
    first.process.kill()
    second = start(home=first.data.parent).wait_ready()
    gone, alive = psutil.wait_procs(left, timeout=STOP_SECONDS)
    assert (len(gone), alive) == (3, [])
    assert second.stop() == 0


def test_a_second_signal_ends_it_at_once(fresh_platform):
    running = fresh_platform
    left = _children(running)
    began = time.monotonic()
    running.process.send_signal(signal.SIGINT)
    pause(0.05)
    running.process.send_signal(signal.SIGINT)
    running.process.wait(5)
    assert time.monotonic() - began < 5
    assert psutil.wait_procs(left, timeout=2)[1] == []


def test_a_signal_while_it_comes_up_stops_it(start):
    running = start()
    until((running.data / "lock").exists, what="the data directory")
    assert running.stop() in {0, -signal.SIGTERM}
    assert running.printed() == []


def test_idle_it_takes_less_than_440_mb(fresh_platform):
    processes = [psutil.Process(fresh_platform.process.pid), *_children(fresh_platform)]
    resident = {" ".join(p.cmdline()[-6:]): p.memory_info().rss / 1e6 for p in processes}
    assert sum(resident.values()) < 440, resident


@pytest.mark.timeout(180)
def test_the_demonstration_has_its_last_day_when_it_is_ready_and_its_week_soon_after(start):
    began = time.monotonic()
    running = start("--demo").wait_ready()
    took = time.monotonic() - began
    day = running.get(f"/v1/sites/*/agg?window=1h&metric=power_w&from={_now() - 86_400_000}")
    assert len({row["ts"] for row in day["data"]}) >= 24
    running.wait_history()
    ledger = running.balanced()
    (simulated,) = [row for row in ledger if row["source"] == "simulate"]
    assert simulated["stored"] > 2_000_000
    week = running.get("/v1/sites/*/agg?window=1d&metric=power_w&from=" + str(_now() - 7 * 86_400_000))
    assert len(week["data"]) >= 7
    assert min(row["count"] for row in week["data"][1:-1]) > 1_000
    # A bound for a machine that runs other things as well; five seconds on an idle one.
    assert took < 30, running.stderr()
    assert running.stop() == 0
    # Started again, it only adds what is missing.
    again = start("--demo", home=running.data.parent).wait_ready()
    (simulated,) = [row for row in again.balanced() if row["source"] == "simulate"]
    assert simulated["stored"] < 3_000_000
    assert "continued after" in again.stderr()
