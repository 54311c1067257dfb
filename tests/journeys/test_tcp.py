"""The TCP door of a real platform: its document as it stands, and kills under load."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pytest

from .conftest import clean_environment, pause, until

DOCUMENT = (Path(__file__).parents[2] / "docs" / "tcp.md").read_text()
TS = 1_769_860_800_000
SENSORS = pa.array([f"s{i % 50}" for i in range(500)]).dictionary_encode()
VALUES = [float(i) for i in range(500)]


def _blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL)


def _address(platform):
    host, _, port = platform.state()["tcp"].rpartition(":")
    return host, int(port)


def _source(platform, name):
    return next((row for row in platform.balanced() if row["source"] == name), None)


def test_the_conversation_of_the_document_takes_place(platform):
    (transcript,) = _blocks("transcript")
    with socket.create_connection(_address(platform), 10) as connection, connection.makefile() as said:
        for line in transcript.splitlines():
            if line.startswith("> "):
                connection.sendall(line[2:].replace("$KEY", platform.key).encode() + b"\n")
            else:
                assert "< " + said.readline().rstrip("\n") == line
        assert said.readline() == ""
    assert _source(platform, "gateway-7")["received"] == 4


NC = """#!{python}
import socket, sys
assert sys.argv[1] == "-N"
with socket.create_connection((sys.argv[2], int(sys.argv[3])), 10) as s:
    s.sendall(sys.stdin.buffer.read())
    s.shutdown(socket.SHUT_WR)
    while data := s.recv(4096):
        sys.stdout.buffer.write(data)
"""


def test_the_command_with_nc_can_be_pasted(platform, tmp_path):
    """Where there is no OpenBSD nc, a stand-in does what the command needs of it."""
    (command,) = _blocks("sh")
    if not shutil.which("nc") or "-N" not in _said_by("nc", "-h"):
        (tmp_path / "nc").write_text(NC.format(python=sys.executable))
        (tmp_path / "nc").chmod(0o755)
    rows = "".join(f'{{"sensor_id": "nc", "power_w": {i}, "ts": {TS + i}}}\n' for i in range(100))
    (tmp_path / "rows.ndjson").write_text(rows)
    host, port = _address(platform)
    environment = clean_environment(KEY=platform.key, PATH=f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    done = subprocess.run(
        ["bash", "-c", command.replace("127.0.0.1 7420", f"{host} {port}")],
        cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-2:] == ["ACK 100 accepted=100 refused=0", "BYE"]


def _said_by(*command):
    return subprocess.run(command, capture_output=True, text=True, check=False).stderr


@pytest.mark.timeout(180)
def test_the_client_of_the_document_loses_nothing_while_roles_are_killed(start):
    """What it sent is stored exactly once, whichever process dies while it sends."""
    running = start("--tcp", "127.0.0.1:0").wait_ready()
    (code,) = _blocks("python")
    scope = {}
    exec(compile(code, "docs/tcp.md", "exec"), scope)
    enough = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(_send_until, enough, scope["send"], *_address(running), running.key)
        for name in ("edge", "nats", "core", "edge"):
            before = running.state()["processes"][name]
            os.kill(before, signal.SIGKILL)
            until(lambda name=name, before=before: running.state()["processes"].get(name, before) != before, 30.0)
            pause(1.0)
        enough.set()
        sent = sending.result(60)
    until(lambda: _is_settled(running), 30.0)
    ledger = _source(running, "tcp")
    assert ledger["stored"] == sent >= 10_000
    assert ledger["received"] == ledger["stored"] + ledger["duplicate"]
    assert ledger["rejected"] == 0


def _send_until(enough, send, *where):
    """Send one batch of frames after the other until `enough` is set; returns how many readings that were."""
    sent = 0
    while not enough.is_set():
        tables = [
            pa.table({"sensor_id": SENSORS, "ts": [TS + sent + n * 500 + i for i in range(500)], "power_w": VALUES})
            for n in range(20)
        ]
        send(tables, *where, f"kills-{sent}")
        sent += 20 * 500
    return sent


def _is_settled(running):
    try:
        return bool(running.balanced())
    except (AssertionError, OSError):
        return False
