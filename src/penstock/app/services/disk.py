"""The disk below the broker, looked at once a second for as long as the doors are open."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Final

import structlog

from penstock.app.services.resources import Resources
from penstock.model.time import Clock
from penstock.pipeline.room import Room

__all__ = ["disk_of", "room_below"]

log: Final = structlog.get_logger(__name__)

_LOOK_SECONDS: Final = 1.0


def disk_of(data: Path) -> Path:
    """The directory whose disk decides: the bundled broker's, which may be a mount of its own, else `data`."""
    return next(path for path in (data / "nats", data, *data.absolute().parents) if path.is_dir())


@contextlib.asynccontextmanager
async def room_below(resources: Resources) -> AsyncGenerator[Room]:
    """Kept up to date from entering to leaving."""
    settings = resources.settings
    room, path = Room(settings.disk_reserve), disk_of(settings.data)
    await _look(room, path, resources.clock)
    watching = resources.tasks.create_task(_watch(room, path, resources.clock), name="disk")
    try:
        yield room
    finally:
        watching.cancel()


async def _watch(room: Room, path: Path, clock: Clock) -> None:
    while True:
        await asyncio.sleep(_LOOK_SECONDS)
        await _look(room, path, clock)


async def _look(room: Room, path: Path, clock: Clock) -> None:
    """In a thread: a disk that hangs must not hold up who only reads."""
    was = room.full
    try:
        disk = await asyncio.to_thread(shutil.disk_usage, path)
    except OSError as error:
        log.error("the disk could not be looked at", path=str(path), error=str(error))
        return
    room.update(disk.free, disk.total)
    room.growth.note(clock.now(), disk.free)
    if room.full != was:
        said = "the disk is full, readings are refused" if room.full else "the disk has room again"
        log.warning(said, path=str(path), **room.describe())
