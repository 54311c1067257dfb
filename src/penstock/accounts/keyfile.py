"""The file that keeps credentials: digests only, one JSON document, mode 0600, replaced atomically.

Several processes share it (the API authenticates while the command line adds keys): a change is made under an advisory
lock on a file beside it, and readers notice a change by the file's identity.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from penstock.model.errors import Misconfigured

__all__ = ["CodeRecord", "KeyFile", "KeyRecord", "Records"]

Signature = tuple[int, int, int]


class KeyRecord(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A credential at rest: an API key, or a browser session when `session` is set.

    `digest` is the hex SHA-256 of the whole secret; times are epoch ms, None for never. `opened_by` is the id of the API key
    that opened a session; empty for one that a one-time link opened.
    """

    id: str
    digest: str
    tenant: str
    scopes: tuple[str, ...]
    name: str
    created: int
    expires: int | None = None
    last_used: int | None = None
    session: bool = False
    opened_by: str = ""


class CodeRecord(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A one-time sign-in code at rest: the hex SHA-256 of the code, and what its session will carry."""

    digest: str
    tenant: str
    scopes: tuple[str, ...]
    expires: int


class Records(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The whole document."""

    format: int = 1
    keys: dict[str, KeyRecord] = {}
    codes: list[CodeRecord] = []


class KeyFile:
    """Reads and replaces the document at `path`; a missing file is an empty document.

    Raises Misconfigured when the file cannot be read or is not what was written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = path.with_name(path.name + ".lock")

    def signature(self) -> Signature | None:
        """Changes whenever the document does; None while there is no file. One `stat`, ≈ 2 µs."""
        try:
            stat = os.stat(self._path)  # noqa: PTH116 - Path.stat costs four times as much, and this runs per request
        except FileNotFoundError:
            return None
        return stat.st_mtime_ns, stat.st_size, stat.st_ino

    def read(self) -> Records:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=Records)
        except FileNotFoundError:
            return Records()
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise Misconfigured(
                f"the key file {self._path} is damaged: {error}",
                hint="restore it from a backup, or move it away to start without keys",
            ) from error
        except OSError as error:
            raise Misconfigured(
                f"the key file {self._path} cannot be read: {error.strerror}",
                hint="give the user that runs Penstock read and write access to it",
            ) from error

    @contextmanager
    def change(self) -> Generator[Records]:
        """The newest document, to be changed in place; written when the block ends without an error."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise self._unwritable(error) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            records = self.read()
            yield records
            self._write(records)
        finally:
            os.close(lock)

    def _write(self, records: Records) -> None:
        draft = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        try:
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                os.fchmod(descriptor, 0o600)  # a draft left by a crash keeps the mode that it had
                file.write(msgspec.json.format(msgspec.json.encode(records), indent=1))
                file.flush()
                os.fsync(descriptor)
            draft.replace(self._path)
            folder = os.open(self._path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise self._unwritable(error) from error

    def _unwritable(self, error: OSError) -> Misconfigured:
        return Misconfigured(
            f"the key file {self._path} cannot be written: {error.strerror}",
            hint="give the user that runs Penstock write access to its folder",
        )
