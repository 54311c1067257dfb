"""What a lane has still to settle, counted from the broker's own stream, and what vanished from it.

The broker tells in one answer which sequences the stream holds, and under work-queue retention these are exactly the messages
that are not acked. What a sequence adds to the ledger never changes, so it is read once and remembered: most were seen by this
process's own fetch, the others are read from the broker (which sends payloads along: 2,500 messages of 100 kB a second, so a
backlog costs once what it costs to look at it, and never more than the lane's `max_bytes`).

Only this process acks, so a message that leaves the stream without an ack of ours was lost by the broker: nats-server drops
one whose checksum does not match without a word.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import structlog
from nats.aio.msg import Msg

from penstock.bus.nats.connection import Connection, status_of
from penstock.bus.nats.lanes import STREAMS, api
from penstock.bus.nats.settled import Settled
from penstock.bus.port import HEADER_ROWS, Held, Lane, Pending
from penstock.bus.wire import pending_rows
from penstock.model.errors import Unavailable

__all__ = ["Backlog"]

_log: Final = structlog.get_logger(__name__)
_RECENT: Final = 4_096
_BATCH: Final = 256
_BATCH_BYTES: Final = 4 << 20
_ROUNDS: Final = 5
_READ_SECONDS: Final = 10.0

Rows = Mapping[tuple[str, str], int]


@lru_cache(maxsize=4_096)
def _rows(subject: str, header: str | None) -> Rows:
    """One object for all messages that hold the same, of which a long backlog has many."""
    return pending_rows(subject, {} if header is None else {HEADER_ROWS: header})


class Backlog:
    """Rows in flight of one lane. `count` may be called by several tasks; it never holds the fetch up."""

    def __init__(self, connection: Connection, lane: Lane, max_bytes: int) -> None:
        self._connection = connection
        self._lane = lane
        self._max_bytes = max_bytes
        self._known: dict[int, Rows] = {}
        self._acked: deque[int] = deque()
        self._unreadable: set[int] = set()
        self._settled: Settled | None = None
        self._last = 0
        self._vanished = 0

    def saw(self, sequence: int, subject: str, headers: Mapping[str, str]) -> None:
        """Remember what a message holds that is in process here."""
        self._known[sequence] = _rows(subject, headers.get(HEADER_ROWS))

    def forget(self, sequence: int) -> None:
        """It was acked. Kept for a while: the broker may still count it, and should the ack be lost it comes again."""
        if self._settled is not None:
            self._settled.add(sequence)
        self._acked.append(sequence)
        if len(self._acked) > _RECENT:
            self._known.pop(self._acked.popleft(), None)

    @property
    def begun(self) -> bool:
        return self._settled is not None

    async def begin(self) -> None:
        """From now on this process consumes the lane, and what leaves it otherwise is lost. Raises Unavailable."""
        state = await self._state()
        self._settled = Settled(state["first_seq"], state.get("deleted") or ())
        self._last = state["last_seq"]

    async def count(self) -> Pending:
        """Raises Unavailable when the broker is away, or when messages vanish faster than they can be read."""
        live, size = await self._live()
        for _ in range(_ROUNDS):
            missing = sorted(live - self._known.keys() - self._unreadable)
            if not missing:
                break
            await self._read(missing)
            if live <= self._known.keys() | self._unreadable:
                break
            # What could not be read was acked meanwhile, or is not yet on the replica that answered.
            now, size = await self._live()
            live &= now
        else:
            await self._judge(sorted(live - self._known.keys() - self._unreadable))
        self._unreadable &= live
        rows: dict[tuple[str, str], int] = {}
        for sequence in live - self._unreadable:
            for key, count in self._known[sequence].items():
                rows[key] = rows.get(key, 0) + count
        return Pending(len(live), size, self._max_bytes, rows, len(self._unreadable), self._vanished)

    async def _judge(self, missing: list[int]) -> None:
        """Messages that stay in the lane and are never shown: the broker's leader says of each whether it is damaged."""
        for sequence in missing:
            try:
                await api(self._connection, f"STREAM.MSG.GET.{STREAMS[self._lane]}", {"seq": sequence})
            except Unavailable as error:
                if error.code != "broker_refused":
                    raise
                _log.error("bus.unreadable", lane=self._lane, sequence=sequence, error=error.detail)
                self._unreadable.add(sequence)
            else:
                raise Unavailable(f"the {self._lane} lane changes too fast to be counted; ask again")

    async def held(self) -> Held:
        """How full the lane is; one question to the broker. Raises Unavailable when it is away."""
        state = (await api(self._connection, f"STREAM.INFO.{STREAMS[self._lane]}", {}))["state"]
        return Held(state["messages"], state["bytes"], self._max_bytes)

    async def oldest(self) -> int:
        """See `Bus.oldest`: what is acked leaves a work queue, so it begins with what is not."""
        return (await api(self._connection, f"STREAM.INFO.{STREAMS[self._lane]}", {}))["state"]["first_seq"] or 1

    async def _live(self) -> tuple[set[int], int]:
        state = await self._state()
        live = set(range(state["first_seq"], state["last_seq"] + 1)) if state["messages"] else set[int]()
        live.difference_update(state.get("deleted") or ())
        # Acked for good: sequences are never used again.
        for sequence in [s for s in self._known if s <= state["last_seq"] and s not in live]:
            del self._known[sequence]
        self._note_vanished(live, state)
        return live, state["bytes"]

    async def _state(self) -> dict[str, Any]:
        answer = await api(self._connection, f"STREAM.INFO.{STREAMS[self._lane]}", {"deleted_details": True})
        return answer["state"]

    def _note_vanished(self, live: set[int], state: Mapping[str, Any]) -> None:
        """Count what is neither in the lane any more nor settled by this process."""
        if self._settled is None:
            return
        if (
            state["last_seq"] < self._last
        ):  # the lane was made anew, or cut off, which is told where the broker is started
            self._settled = Settled(state["first_seq"], state.get("deleted") or ())
        self._last = state["last_seq"]
        gone = sorted(s for gap in self._settled.gaps(self._last + 1) for s in gap if s not in live)
        for sequence in gone:
            self._settled.add(sequence)
        if gone:
            self._vanished += len(gone)
            _log.error(
                "bus.vanished", lane=self._lane, messages=len(gone), first=gone[0], reason="dropped by the broker"
            )

    async def _read(self, missing: list[int]) -> None:
        """Learn what the missing sequences hold, batch by batch, skipping what is gone."""
        at = 0
        while at < len(missing):
            last = await self._read_batch(missing[at], min(_BATCH, len(missing) - at))
            while at < len(missing) and missing[at] <= last:
                at += 1

    async def _read_batch(self, first: int, batch: int) -> int:
        """Read up to `batch` messages from sequence `first` on; the last sequence that needs no second look."""
        arrived: asyncio.Queue[Msg | None] = asyncio.Queue()  # bounded by the batch that is asked for
        reply = self._connection.open_inbox(arrived.put_nowait)
        request = {"seq": first, "batch": batch, "max_bytes": _BATCH_BYTES}
        last = first
        try:
            async with asyncio.timeout(_READ_SECONDS):
                subject = f"$JS.API.DIRECT.GET.{STREAMS[self._lane]}"
                await self._connection.send(subject, json.dumps(request).encode(), reply=reply)
                while (message := await arrived.get()) is not None:
                    headers = message.headers or {}
                    match status_of(message):
                        case None:
                            last = int(headers["Nats-Sequence"])
                            self.saw(last, headers["Nats-Subject"], headers)
                        case "204":  # end of the batch
                            return last
                        case "404":  # nothing from `first` on
                            return 1 << 63
                        case status:
                            raise Unavailable(f"the broker refused to show the {self._lane} lane: status {status}")
        except TimeoutError:
            raise Unavailable(f"the broker did not show the {self._lane} lane within {_READ_SECONDS:g} s") from None
        finally:
            self._connection.close_inbox(reply)
        raise Unavailable(f"the connection to the broker was lost while the {self._lane} lane was counted")
