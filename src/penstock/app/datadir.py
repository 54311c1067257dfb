"""The data directory: who owns it, and what a running platform tells other programs on this machine.

    DATA/lock            held by flock while a platform runs on it; its text is the owner's pid
    DATA/local.key       0600: the API key that commands on this machine use
    DATA/run/state.json  0600: addresses and pids of the running platform; gone when it stopped cleanly

Standard library only: the supervisor and every command load it.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from penstock.app.config import Settings
from penstock.model.errors import Conflict, Misconfigured, Unavailable

__all__ = ["DataDir", "Running", "with_local_broker"]


@dataclass(frozen=True, slots=True)
class Running:
    """What `state.json` says. `nats_url` holds no credentials; user and password are beside it. `started` is epoch ms.

    `tcp` is HOST:PORT of the TCP door, empty without one. `ended`: process → when it last ended by itself, epoch ms.
    """

    pid: int
    started: int
    url: str
    nats_url: str
    nats_monitor_url: str
    nats_user: str
    nats_password: str
    processes: Mapping[str, int]
    restarts: Mapping[str, int]
    demo: bool = False
    tls_cert: str = ""
    tcp: str = ""
    ended: Mapping[str, Sequence[int]] = field(default_factory=dict[str, Sequence[int]])

    @classmethod
    def parse(cls, document: Mapping[str, Any]) -> Self:
        return cls(**document)


class DataDir:
    """One data directory. `lock` makes this process its owner for as long as the process (or a child) lives."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self._lock: int | None = None

    @property
    def state_file(self) -> Path:
        return self.path / "run" / "state.json"

    @property
    def key_file(self) -> Path:
        return self.path / "local.key"

    @property
    def lock_fd(self) -> int:
        """Descriptor that holds the lock; a child that inherits it keeps the directory locked until it ends too."""
        if self._lock is None:
            raise RuntimeError("the data directory is not locked")
        return self._lock

    def lock(self) -> None:
        """Own the directory, creating it (0700) if need be; raises Conflict naming the pid that owns it already."""
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            fd = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise Misconfigured(
                f"data directory {self.path} cannot be used: {error.strerror}",
                hint="choose another with --data DIR, or correct its permissions",
            ) from None
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            owner = os.read(fd, 32).decode(errors="replace").strip()
            os.close(fd)
            raise _owned(self.path, owner) from None
        os.ftruncate(fd, 0)
        os.write(fd, f"{os.getpid()}\n".encode())
        self._lock = fd

    def unlock(self) -> None:
        """Give the directory up; idempotent."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def local_key(self) -> str:
        """The local API key, made on first use; readable by this user only."""
        if (found := self.read_local_key()) is not None:
            return found
        key = secrets.token_urlsafe(32)
        _write_private(self.key_file, key + "\n")
        return key

    def read_local_key(self) -> str | None:
        """The local API key, or None where no platform has run yet or it is another user's."""
        try:
            return self.key_file.read_text(encoding="utf-8").strip() or None
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            return None

    def write_state(self, state: Running) -> None:
        """Replace `state.json` in one step, so that a reader never sees half of it."""
        document = {name: getattr(state, name) for name in Running.__dataclass_fields__}
        _write_private(self.state_file, json.dumps(document, indent=2) + "\n")

    def clear_state(self) -> None:
        self.state_file.unlink(missing_ok=True)

    def read_state(self) -> Running | None:
        """The platform running on this directory, or None. A file left behind by a killed supervisor counts as none."""
        try:
            state = Running.parse(json.loads(self.state_file.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None
        return state if _is_alive(state.pid) else None


def with_local_broker(settings: Settings) -> Settings:
    """The settings with the broker of the platform that runs on `data`, unless they name one; raises Unavailable."""
    if settings.nats_url:
        return settings
    state = DataDir(settings.data).read_state()
    if state is None:
        raise Unavailable(
            f"no platform is running on {settings.data.absolute()}, and no NATS server is named",
            code="not_running",
            hint="start one with `penstock up`, or set PENSTOCK_NATS_URL=nats://host:4222",
        )
    return replace(
        settings,
        nats_url=state.nats_url,
        nats_user=state.nats_user,
        nats_password=state.nats_password,
        nats_monitor_url=state.nats_monitor_url,
    )


def _owned(path: Path, owner: str) -> Conflict:
    if owner.isdigit() and not _is_alive(int(owner)):
        return Conflict(
            f"{path} is still being closed by what process {owner} left behind",
            code="data_dir_closing",
            hint="try again in a few seconds",
        )
    return Conflict(
        f"{path} is in use by another Penstock (pid {owner or 'unknown'})",
        code="data_dir_locked",
        hint=f"stop it first (kill {owner or 'PID'}), or use another directory with --data DIR",
    )


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _write_private(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(fd, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
