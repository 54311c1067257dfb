"""The series store: readings, rollups, events and the ledger, committed together and read back exactly."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from penstock.model.batch import Readings
from penstock.model.event import Event
from penstock.model.findings import Converted, Findings, Refused
from penstock.model.frame import Frame
from penstock.model.ledger import DeadLetter, LedgerRow, LetterState, Receipt
from penstock.model.partials import Partials
from penstock.model.series import SeriesInfo

T = TypeVar("T")

__all__ = [
    "Aggregates",
    "Arrival",
    "EventRow",
    "Filter",
    "Newest",
    "Passage",
    "Readable",
    "Refusal",
    "SeriesStore",
    "SeriesView",
    "State",
    "Trace",
]


@dataclass(frozen=True, slots=True)
class Filter:
    """Which series of a tenant. None means any; text fields match exactly, `*` matches any run of characters.

    `sensors` and `metrics` are exact alternatives. `limit` bounds the answer; `after` is the id to continue behind.
    `named_since` leaves out what was known already when `State.names` was that number: series whose sensor nothing else is known of since.
    """

    site: str | None = None
    sensor: str | None = None
    metric: str | None = None
    building: str | None = None
    room: str | None = None
    sensors: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    after: int = -1
    limit: int | None = None
    named_since: int = 0


class State(NamedTuple):
    """What the store can say about itself; cheap, from memory.

    revision       counts commits; two answers with equal revision saw equal data
    committed      newest admission stamp committed, epoch µs, 0 before the first
    series         number of series known
    readings       rows stored since this process opened the store
    late           of these, rows that came behind a newer one of their series (stores may judge per commit)
    rolled_to      epoch ms up to which rollups are stored (later buckets are answered from raw)
    dirty          marks of (series, hour) pairs waiting to be rolled up again; a pair may be marked more than once
    kept_from   epoch ms: retention removes readings older than this, 0 for never
    names       rises whenever a series is new, or something else is known of a sensor; may rise more often
    """

    revision: int
    committed: int
    series: int
    readings: int
    late: int
    rolled_to: int
    dirty: int
    kept_from: int = 0
    names: int = 0


class Newest(NamedTuple):
    """The newest reading of each series asked for, in their order; every array is [n].

    ts        int64, epoch ms; `model.pace.NEVER` where the series holds no reading
    value     float64, NaN there
    interval  int64, ms: `usual_interval` of its last PACE readings, as far as they are in memory
    """

    ts: npt.NDArray[np.int64]
    value: npt.NDArray[np.float64]
    interval: npt.NDArray[np.int64]


class EventRow(NamedTuple):
    """A stored event and when its frame was admitted (epoch µs)."""

    event: Event
    stamp: int


class Passage(NamedTuple):
    """How a reading came in.

    receipt       of the request that brought it
    source        who sent it
    stamp         when the request was admitted, epoch µs
    committed_ts  when it was committed, epoch ms
    frames        the frame that carried it; more than one where a large request's frames overlap in time
    conversions   made in that request
    """

    receipt: str
    source: str
    stamp: int
    committed_ts: int
    frames: tuple[str, ...]
    conversions: tuple[Converted, ...]


class Arrival(NamedTuple):
    """One reading that arrived for a key: `fate` as the ledger counted it (stored, duplicate, superseded).

    `passage` is None where that is no longer kept.
    """

    value: float
    version: int
    fate: str
    passage: Passage | None


class Trace(NamedTuple):
    """What a key holds (None for nothing), and all that arrived for it as far as it is kept, in order of commit."""

    value: float | None
    version: int | None
    arrivals: tuple[Arrival, ...]


class Refusal(NamedTuple):
    """A reading that was refused at the door, with the receipt, source and admission stamp (epoch µs) of its request."""

    refused: Refused
    receipt: str
    source: str
    stamp: int


class Aggregates(NamedTuple):
    """Partials and where they came from: `tier` is the rollup width read (ms), 0 for raw only; and what `before` them was asked for."""

    partials: Partials
    tier: int
    before: Readings


class Readable(Protocol):
    """What is read to make an answer: a store as it is, or as it was (`SeriesView`).

    Times are epoch ms, ranges half-open. A method that takes series ids also takes their tenant and raises NotFound for
    an id of another; Unavailable when the store cannot answer now.
    """

    async def find(self, tenant: str, where: Filter) -> Sequence[SeriesInfo]:
        """Series that match, by ascending id."""
        ...

    async def scan(self, tenant: str, ids: npt.NDArray[np.int32], start: int, end: int) -> Readings:
        """Raw readings of [start, end), sorted by (series, ts)."""
        ...

    async def recent(self, tenant: str, ids: npt.NDArray[np.int32], limit: int, before: int | None = None) -> Readings:
        """The newest `limit` readings of each series (with ts < `before`), sorted by (series, ts)."""
        ...

    async def aggregate(
        self, tenant: str, ids: npt.NDArray[np.int32], start: int, end: int, width: int, hold: int = 0
    ) -> Aggregates:
        """Partials of `width` ms over [start, end), equal to `partials_at(scan(...), width)` bit for bit; and of each series the last
        reading of [start - hold, start), sorted by series. Nothing for an empty range.

        Taken from the coarsest stored rollup that divides `width`, from raw where a rollup is not there yet.
        """
        ...

    async def changed(self, start: int, end: int, ids: npt.NDArray[np.int32] | None = None) -> npt.NDArray[np.int64]:
        """int64 [hours]: for each hour (from the epoch) of [start, end), the newest revision that changed a reading in it.

        0 where none did since the store was opened; retention that removes readings changes their hours, too. With `ids`
        int32 [series] a store may leave out what changed only other series. Never too old, and never older than it was
        when it was asked before. From memory.
        """
        ...

    async def newest(self, tenant: str, ids: npt.NDArray[np.int32]) -> Newest:
        """The newest reading of each of `ids`, and how often they come; from memory, whatever their number."""
        ...

    async def events(
        self,
        tenant: str,
        *,
        criticality_above: int | None = None,
        start: int | None = None,
        end: int | None = None,
        limit: int,
    ) -> Sequence[EventRow]:
        """Newest first (ties by id, descending); `criticality_above` is strict."""
        ...


class SeriesView(Readable, Protocol):
    """A store as it was when the view was taken, whatever is committed meanwhile.

    `changed` tells of revisions up to `revision` only. Reads of one view follow one another.
    """

    @property
    def revision(self) -> int:
        """As `State.revision` was."""
        ...

    @property
    def names(self) -> int:
        """As `State.names` was."""
        ...

    async def together(self, ask: Callable[[SeriesView], Coroutine[Any, Any, T]], *, small: bool = False) -> T:
        """What `ask` makes of this view, beside the event loop: its reads follow one another without a way to a thread and back
        for each, and what it computes holds nobody up. It awaits nothing but reads of the view that it is given.

        Where it is likely to be `small`, it may be tried on the event loop first: what turns out to need more than a few
        readings, or more than memory holds, begins anew beside it. So it must bear to be broken off at a read.

        Raises what `ask` raises, and Unavailable.
        """
        ...


class SeriesStore(Readable, Protocol):
    """Contract of every adapter (`tests/contracts/test_series_store.py`).

    One process owns a store. `open` comes first, `close` last; between them every method may be called concurrently
    from one event loop; commits are serialised by the adapter. No method shows half a commit. Times are epoch ms,
    ranges half-open. A method that takes series ids also takes their tenant and raises NotFound for an id of another.
    Errors: Unavailable (try again), Misconfigured (at `open`), nothing else.
    """

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def commit(self, frames: Sequence[Frame]) -> Sequence[Receipt]:
        """Store frames in one transaction: readings, events, dead letters, dirty marks, frame ids, ledger counts.

        A frame whose id was committed before changes nothing and yields the receipts it yielded then. Of several
        readings of a (series, ts) the greatest (version, value) stays, whatever the order of arrival. Durable on
        return. Receipts are those of the frames' parts, in order. A frame that `settles` an open dead letter changes its
        state in the same transaction; a letter that is settled already, or not there, stays as it is.

        Besides Unavailable it raises Poison, or a ValueError, TypeError, ArithmeticError or LookupError, for data that
        it can never hold; then nothing of the call is committed.
        """
        ...

    def view(self) -> AbstractAsyncContextManager[SeriesView]:
        """The store as it is now, to read several times from: for the moment that one question takes.

        Nobody waits for it, and it holds nobody up. Raises Unavailable.
        """
        ...

    async def rehearse(self, frame: Frame) -> None:
        """Raise what committing the frame would raise, and change nothing: how a bad row among good ones is found."""
        ...

    async def trace(self, tenant: str, series: int, ts: int) -> Trace:
        """The story of one key: order-free in its (value, version) pairs, kept as long as receipts are."""
        ...

    async def refusals(self, tenant: str, sensor: str, metric: str, ts: int, limit: int) -> Sequence[Refusal]:
        """Readings of that name (of any site) and instant that were refused, newest first, kept as receipts are."""
        ...

    async def findings(self, tenant: str, receipt: str) -> Findings:
        """What admission found in a request; nothing if it found nothing, or none of it is committed or kept."""
        ...

    async def receipt(self, tenant: str, receipt: str) -> Receipt | None:
        """What became of a request so far; None if nothing of it is committed, or it is older than receipts are kept."""
        ...

    async def ledger(self, tenant: str | None) -> Sequence[LedgerRow]:
        """Committed counts per source of a tenant (None: of all), sorted. `received` excludes what is in flight."""
        ...

    async def dead_letters(
        self,
        tenant: str,
        limit: int,
        *,
        state: LetterState | None = None,
        code: str | None = None,
        source: str | None = None,
        before: tuple[int, str] | None = None,
    ) -> Sequence[DeadLetter]:
        """Newest first, that is by (received_ts, id) descending; `before` is that pair of the last one seen."""
        ...

    async def dead_letter(self, tenant: str, letter: str) -> DeadLetter | None:
        """One letter by its id; None if the tenant has none of that id."""
        ...

    async def state(self) -> State: ...

    async def maintain(self, now: int) -> bool:
        """One bounded piece of upkeep: roll cold or dirty buckets, compact a closed day, apply retention.

        True while there is more to do. Never changes an answer, except that retention removes what is too old.
        """
        ...
