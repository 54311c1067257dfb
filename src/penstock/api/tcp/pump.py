"""From pieces to acknowledgements: decoded and judged one by one, published side by side, acknowledged in order.

What the bus cannot take now is tried again, by one piece of the connection at a time, so that a connection is one caller to
a bus in trouble however much it holds; the others follow once that one got through.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from functools import partial
from typing import Final

from penstock.accounts.keys import Identity
from penstock.api.intake import INLINE, Prepared, Sender
from penstock.api.observe import TCP_WAITS
from penstock.api.tcp.door import Door
from penstock.api.tcp.units import Piece
from penstock.api.tcp.window import Slot, Window
from penstock.api.tcp.words import Hello, wait
from penstock.model.batch import Draft
from penstock.model.errors import Conflict, InvalidInput, Unavailable
from penstock.sources.formats import decode_arrow, decode_lines, decode_rows

__all__ = ["Pump"]

_FIRST_RETRY: Final = 0.1
_BYTES_PER_READING: Final = 28


class Pump:
    """One connection's way in. `say` writes to the client; `changed` is called when `is_blocked` or `held` may differ."""

    def __init__(
        self, door: Door, hello: Hello, identity: Identity, *, say: Callable[[bytes], None], changed: Callable[[], None]
    ) -> None:
        self._door = door
        self._hello = hello
        self._sender = Sender(identity.tenant, hello.source, "tcp")
        self._say = say
        self._changed = changed
        self._window = Window(hello.format)
        self._prober: Slot | None = None
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._abandoned = False
        self.held = 0
        """Bytes of pieces that are not settled."""

    @property
    def is_stopped(self) -> bool:
        """Whether what lies behind could not take the last piece."""
        return not self._flowing.is_set()

    @property
    def is_idle(self) -> bool:
        """Whether every piece is settled."""
        return len(self._window) == 0

    @property
    def is_blocked(self) -> bool:
        """Whether the next piece has to wait."""
        crowded = not self.is_idle and (self._door.is_full or self._door.is_busy)
        return self.is_stopped or crowded or len(self._window) >= self._door.config.window

    def abandon(self) -> None:
        """Nobody waits for the answer any more: nothing is tried again."""
        self._abandoned = True
        self._flowing.set()

    async def take(self, piece: Piece, tasks: asyncio.TaskGroup) -> None:
        """Decode and judge a piece, and let a task of `tasks` publish it. Returns once the next one may be taken in."""
        slot = self._window.open(piece)
        self._resize(slot, len(piece.payload))
        inline = len(piece.payload) <= INLINE
        try:
            prepared = await self._door.intake.prepare(
                partial(self._decode, piece), self._sender.tenant, self._key(piece), inline=inline
            )
        except InvalidInput as error:
            self._window.refuse(slot, error, piece.lines)
            self._advance()
            return
        finally:
            if inline:
                await asyncio.sleep(0)  # other connections' turn: small pieces would keep the loop to themselves
        self._window.judge(slot, piece, prepared)
        self._resize(slot, _BYTES_PER_READING * len(prepared.admission.batch))
        if prepared.draft.rows == 0:
            self._window.settle(slot)
            self._advance()
            return
        self._door.publishing(slot.size)
        tasks.create_task(self._publish(slot, prepared, self._key(piece)))

    def close(self) -> None:
        """Give back what is still held."""
        self._abandoned = True
        self.held = 0

    async def _publish(self, slot: Slot, prepared: Prepared, key: str) -> None:
        """Make a piece durable, however often that takes to try while somebody waits for it."""
        failures = 0
        try:
            while not self._abandoned:
                try:
                    await self._door.intake.publish(prepared, self._sender, key)
                except Unavailable as error:
                    failures += 1
                    await self._hold_back(slot, error, failures)
                    continue
                except (InvalidInput, Conflict) as error:
                    self._window.refuse(slot, error, prepared.draft.rows)
                else:
                    self._window.settle(slot)
                break
        finally:
            self._door.publishing(-slot.size)
            if self._prober is slot:
                self._prober = None
                self._flowing.set()
        self._advance()

    async def _hold_back(self, slot: Slot, error: Unavailable, failures: int) -> None:
        """Until it makes sense to try `slot` again. The first to fail is the one that probes."""
        if self._prober is None and not self._abandoned:
            self._prober = slot
            self._flowing.clear()
            TCP_WAITS.inc()
            self._say(wait(error))
            self._changed()
        if self._prober is slot:
            bound = min(self._door.config.retry_cap, _FIRST_RETRY * 2 ** min(failures, 16))
            await asyncio.sleep(random.uniform(0, bound))
        else:
            await self._flowing.wait()

    def _advance(self) -> None:
        said, freed = self._window.collect()
        self.held -= freed
        if said:
            self._say(said)
        self._changed()

    def _resize(self, slot: Slot, size: int) -> None:
        self.held += size - slot.size
        slot.size = size
        self._changed()

    def _decode(self, piece: Piece, now: int) -> Draft:
        if self._hello.format == "arrow":
            return decode_arrow(piece.payload)
        if self._hello.format == "ndjson":
            return decode_rows(piece.payload, "json" if piece.array else "ndjson")
        return decode_lines(piece.payload, precision=self._hello.precision, now=now)

    def _key(self, piece: Piece) -> str:
        """The idempotency key: a frame that is sent again has the same, and so has a run of lines that is cut the same."""
        number = piece.first if self._hello.format == "arrow" else f"{piece.first}-{piece.last}"
        return f"{self._hello.session}:{number}"
