import asyncio
import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import nats
import pytest

from penstock.app.broker import GUEST_SUBJECTS, Broker, BrokerAddress, BrokerConfig, locate_server, render_config
from penstock.app.child import is_running, start_time
from penstock.bus import Lane
from penstock.model.errors import Misconfigured, Unavailable

SOON = 10.0


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[Broker]:
    broker = Broker(BrokerConfig(tmp_path))
    yield broker
    await broker.stop()


async def until_gone(pid: int) -> None:
    async with asyncio.timeout(SOON):
        while start_time(pid) is not None:
            await asyncio.sleep(0.02)


async def log_in(address: BrokerAddress) -> None:
    client = await nats.connect(address.url, user=address.user, password=address.password)
    await client.flush()
    await client.close()


# Finding the server


def test_a_setting_that_is_no_executable_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="nowhere"):
        locate_server(tmp_path / "nowhere")
    (tmp_path / "data").write_text("")
    with pytest.raises(Misconfigured):
        locate_server(tmp_path / "data")


def test_the_setting_comes_before_the_path_and_the_path_before_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundled = locate_server()
    assert bundled.name == "nats-server"
    mine = tmp_path / "nats-server"
    mine.write_text("#!/bin/sh\n")
    mine.chmod(0o755)
    assert locate_server(mine) == mine
    monkeypatch.setenv("PATH", str(tmp_path))
    assert locate_server() == mine
    monkeypatch.setenv("PATH", "/nonexistent")
    assert locate_server().parent == Path(sys.executable).parent


# Configuration


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org"])
def test_a_host_beyond_loopback_is_refused_with_the_fix(tmp_path: Path, host: str) -> None:
    with pytest.raises(Misconfigured, match="TLS") as caught:
        BrokerConfig(tmp_path, host=host)
    assert "127.0.0.1" in (caught.value.hint or "")


@pytest.mark.parametrize("guest", [True, False])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_the_configuration_is_one_that_the_server_accepts(tmp_path: Path, guest: bool, host: str) -> None:
    home = tmp_path / 'a "quoted" path'
    home.mkdir()
    (home / "log").mkdir()
    text = render_config(BrokerConfig(home, host=host, guest=guest), password='p"w\\', port=0, monitor_port=0)
    path = tmp_path / "nats.conf"
    path.write_text(text)
    checked = subprocess.run([locate_server(), "-t", "-c", path], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr


def test_the_configuration_fsyncs_before_it_acknowledges_and_names_its_bounds(tmp_path: Path) -> None:
    text = render_config(
        BrokerConfig(tmp_path, max_bytes_per_lane=1_000_000), password="pw", port=4222, monitor_port=8222
    )
    assert "sync_interval: always" in text
    assert f"max_file_store: {len(Lane) * 1_000_000 + (64 << 20)}" in text
    assert "max_payload: 8388608" in text
    assert "port: 4222" in text
    assert 'http: "127.0.0.1:8222"' in text


def test_without_guests_nobody_gets_in_without_a_credential(tmp_path: Path) -> None:
    closed = render_config(BrokerConfig(tmp_path, guest=False), password="pw", port=0, monitor_port=0)
    opened = render_config(BrokerConfig(tmp_path), password="pw", port=0, monitor_port=0)
    assert "no_auth_user" not in closed
    assert "GUEST" not in closed
    assert "no_auth_user: guest" in opened
    assert all(f'"{subject}"' in opened for subject in GUEST_SUBJECTS)


# Life


async def test_a_started_broker_serves_at_its_address_and_ends_on_stop(broker: Broker, tmp_path: Path) -> None:
    address = await broker.start()
    await log_in(address)
    pid = broker.pid
    assert pid is not None
    assert await broker.start() == address
    await broker.stop()
    assert broker.pid is None
    assert start_time(pid) is None
    assert not (tmp_path / "nats" / "nats.pid").exists()
    await broker.stop()


async def test_the_server_logs_under_the_data_directory(broker: Broker, tmp_path: Path) -> None:
    await broker.start()
    assert "Server is ready" in (tmp_path / "log" / "nats.log").read_text()


async def test_secrets_are_readable_by_their_owner_only_and_stay_the_same(broker: Broker, tmp_path: Path) -> None:
    address = await broker.start()
    for name in ("password", "nats.conf"):
        assert stat.S_IMODE((tmp_path / "nats" / name).stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "nats").stat().st_mode) == 0o700
    assert len(address.password) >= 32
    assert address.password not in (tmp_path / "log" / "nats.log").read_text()
    await broker.stop()
    assert (await broker.start()).password == address.password


async def test_a_killed_server_is_noticed_and_comes_back_on_the_same_ports(broker: Broker) -> None:
    address = await broker.start()
    assert broker.pid is not None
    os.kill(broker.pid, signal.SIGKILL)
    async with asyncio.timeout(SOON):
        assert await broker.wait() == -signal.SIGKILL
    assert broker.pid is None
    assert await broker.start() == address
    await log_in(address)


async def test_a_server_that_ignores_sigterm_is_killed(broker: Broker) -> None:
    await broker.start()
    assert broker.pid is not None
    os.kill(broker.pid, signal.SIGSTOP)
    before = time.monotonic()
    await broker.stop()
    assert await broker.wait() == -signal.SIGKILL
    assert time.monotonic() - before < SOON


async def test_waiting_for_a_broker_that_was_never_started_is_refused(broker: Broker) -> None:
    with pytest.raises(Unavailable):
        await broker.wait()


async def test_a_taken_port_is_said_with_the_way_out(broker: Broker, tmp_path: Path) -> None:
    address = await broker.start()
    port = int(address.url.rpartition(":")[2])
    second = Broker(BrokerConfig(tmp_path / "second", port=port))
    with pytest.raises(Misconfigured, match="address already in use") as caught:
        await second.start()
    assert "0 for a free one" in (caught.value.hint or "")
    assert second.pid is None


async def test_a_server_that_is_not_ready_in_time_is_stopped(tmp_path: Path) -> None:
    sleeper = tmp_path / "nats-server"
    sleeper.write_text("#!/bin/sh\nexec sleep 60\n")
    sleeper.chmod(0o755)
    broker = Broker(BrokerConfig(tmp_path, executable=sleeper, ready_timeout=0.2))
    with pytest.raises(Unavailable, match="not ready"):
        await broker.start()
    assert broker.pid is None


# Servers left behind


async def test_the_server_that_a_crashed_supervisor_left_is_stopped_first(broker: Broker, tmp_path: Path) -> None:
    await broker.start()
    left = broker.pid
    assert left is not None
    successor = Broker(BrokerConfig(tmp_path))
    try:
        await log_in(await successor.start())
        assert start_time(left) is None
    finally:
        await successor.stop()


async def test_another_process_that_got_the_pid_is_left_alone(broker: Broker, tmp_path: Path) -> None:
    innocent = await asyncio.create_subprocess_exec(sys.executable, "-c", "import time; time.sleep(60)")
    try:
        (tmp_path / "nats").mkdir()
        (tmp_path / "nats" / "nats.pid").write_text(json.dumps({"pid": innocent.pid, "started": "another time"}))
        await broker.start()
        assert innocent.returncode is None
        assert start_time(innocent.pid) is not None
    finally:
        innocent.kill()
        await innocent.wait()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": "x", "started": "1"}', "null"])
async def test_a_broken_pid_file_is_no_obstacle(broker: Broker, tmp_path: Path, text: str) -> None:
    (tmp_path / "nats").mkdir()
    (tmp_path / "nats" / "nats.pid").write_text(text)
    await log_in(await broker.start())


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
async def test_the_server_ends_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    program = f"""
import asyncio, pathlib
from penstock.app.broker import Broker, BrokerConfig
async def main():
    broker = Broker(BrokerConfig(pathlib.Path({str(tmp_path)!r})))
    await broker.start()
    print(broker.pid, flush=True)
    await broker.wait()
asyncio.run(main())
"""
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    assert parent.stdout is not None
    pid = 0
    while not pid:  # its log lines may come first
        line = (await parent.stdout.readline()).strip()
        pid = int(line) if line.isdigit() else 0
    assert start_time(pid) is not None
    parent.kill()
    await parent.wait()
    await until_gone(pid)


def test_a_process_is_told_from_another_by_when_it_started() -> None:
    mine = start_time(os.getpid())
    assert mine is not None
    assert is_running(os.getpid(), mine)
    assert not is_running(os.getpid(), mine + "0")
    ended = subprocess.Popen(["true"])
    ended.wait()
    assert start_time(ended.pid) is None
