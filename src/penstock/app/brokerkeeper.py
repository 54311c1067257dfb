"""Keeping the bundled broker running *and writing*.

After a failed write nats-server refuses everything that would be stored in that stream, and goes on doing so when the disk has
room again: only a new start mends it. Its `/healthz` names the failed write until then, so the keeper asks there once a
second, and starts the server anew when the disk has room. What it acknowledged before is on disk and stays.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import structlog

from penstock.app.broker import Broker, BrokerAddress
from penstock.app.keeper import Backoff, Ends
from penstock.app.probe import answer_of
from penstock.model.errors import Misconfigured, Unavailable

__all__ = ["BrokerKeeper", "broker_fault", "has_room"]

log: Final = structlog.get_logger(__name__)

_ASK_SECONDS: Final = 1.0
_ANSWER_SECONDS: Final = 2.0
_FAULTY_ANSWERS: Final = 2
"""In a row, before the broker is believed to be unable to write."""
_ROOM: Final = 64 << 20
_SMALL: Final = 8
_SERVED_SECONDS: Final = 5.0
"""A broker that served for so long after a new start was mended by it; the next fault is another one."""


def has_room(home: Path) -> bool:
    """Whether a broker that starts in `home` could write: 64 MiB are free, an eighth of a disk that is smaller than 512 MiB."""
    disk = shutil.disk_usage(home)
    return disk.free >= min(_ROOM, disk.total // _SMALL)


async def broker_fault(address: BrokerAddress) -> str | None:
    """Why the broker says that it is not healthy; None when it is, or says nothing (busy, starting, or ended)."""
    monitor = urlsplit(address.monitor_url)
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            status, body = await answer_of(monitor.hostname or "", monitor.port or 0, "/healthz")
        said = json.loads(body)
    except (OSError, TimeoutError, ValueError, asyncio.IncompleteReadError):
        return None
    return None if " 200 " in status else str(said.get("error") or status)


class BrokerKeeper:
    """Starts a broker again when it ended or cannot write, from `keep` until `stop`.

    `home` is a directory on the disk that the broker writes to; `changed` is called when it has ended (`ended` says when) and after
    each new start, which `restarts` counts. `backoff` paces starts after the server ended.
    """

    def __init__(
        self,
        broker: Broker,
        address: BrokerAddress,
        home: Path,
        *,
        changed: Callable[[], None],
        backoff: Backoff | None = None,
    ) -> None:
        self.restarts = 0
        self.ended = Ends()
        self._broker = broker
        self._address = address
        self._home = home
        self._changed = changed
        self._ended = backoff or Backoff()
        self._unable = Backoff(healthy=_SERVED_SECONDS)
        self._stopping = False

    async def keep(self) -> None:
        """Returns after `stop`."""
        while not self._stopping:
            began = time.monotonic()
            fault = await self._until_ended_or_unable()
            if self._stopping:
                return
            self.ended.note()
            self._changed()
            if fault is None:
                pause = self._ended.after(time.monotonic() - began)
                log.error("a process ended", process="nats", restart_in=round(pause, 2))
            else:
                pause = self._unable.after(time.monotonic() - began)
                log.error("the broker cannot write and is started anew", said=fault, restart_in=round(pause, 2))
                await asyncio.sleep(pause)
                pause = 0.0
                await self._broker.stop()
            await self._start_again(pause)

    async def stop(self) -> None:
        """End the broker, for good. Idempotent."""
        self._stopping = True
        await self._broker.stop()

    async def _until_ended_or_unable(self) -> str | None:
        """None once the server has ended; what it says of itself once it could write again if it were started anew."""
        ended = asyncio.create_task(self._broker.wait(), name="nats ends")
        faulty = 0
        try:
            while True:
                done, _ = await asyncio.wait({ended}, timeout=_ASK_SECONDS)
                if done:
                    log.info("nats-server ended", code=ended.result())
                    return None
                fault = await broker_fault(self._address)
                faulty = 0 if fault is None else faulty + 1
                if fault is not None and faulty >= _FAULTY_ANSWERS and has_room(self._home):
                    return fault
        finally:
            ended.cancel()

    async def _start_again(self, pause: float) -> None:
        while not self._stopping:
            await asyncio.sleep(pause)
            if self._stopping:
                return
            try:
                await self._broker.start()
            except (Unavailable, Misconfigured, OSError) as error:
                # Its port may be taken, or its disk full, for a while only: what is acknowledged is in there.
                pause = self._ended.after(0.0)
                log.error("the broker did not come back", error=str(error), restart_in=round(pause, 2))
            else:
                self.restarts += 1
                self._changed()
                return
