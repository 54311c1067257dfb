"""The query engine: answers every question beside the store, and says what the answer is worth."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from functools import partial
from typing import Any, Final, Protocol

import pyarrow as pa

from penstock.bus import LIVE_LANES, Lane, Pending
from penstock.model.errors import NotFound, Unavailable
from penstock.model.ledger import Counts
from penstock.model.time import Clock
from penstock.query.aggregate import aggregate
from penstock.query.batteries import batteries
from penstock.query.consumption import consumption
from penstock.query.explain import explain
from penstock.query.export import export_page
from penstock.query.extent import begins_after, is_full_after, is_over, may_be_small
from penstock.query.fleet import FleetAnswers
from penstock.query.held import HeldViews
from penstock.query.letters import dead_letters
from penstock.query.pieces import Pieces
from penstock.query.places import Places
from penstock.query.plan import answer_query
from penstock.query.port import (
    Aggregate,
    Answer,
    Assets,
    Batteries,
    BatteryFleet,
    BatteryHealth,
    Consumption,
    DeadLetterQuestion,
    DeadLetters,
    Events,
    Explain,
    Export,
    Fleet,
    FlowSeries,
    Hold,
    Latest,
    LedgerQuestion,
    Metrics,
    Pipeline,
    Present,
    Query,
    Question,
    ReceiptQuestion,
    Recent,
    Release,
    Series,
    SiteFlow,
    Status,
    Unless,
    Within,
)
from penstock.query.readings import latest, recent, series_listing
from penstock.query.select import check_limit, check_range
from penstock.store.series import SeriesStore, SeriesView

__all__ = ["Engine", "Freshness"]

_LITTLE: Final = 2
"""Messages in flight up to which an answer waits for them."""
_BRIEFLY: Final = 0.05
_LONGER: Final = 1.0
_POLL: Final = 0.005
_UNKNOWN: Final = 1 << 30
_ALL: Final = tuple(Lane)
_MAY_BE_EARLY: Final = (
    Recent, Export, Latest, Aggregate, Consumption, Query, Batteries, Events, Explain, ReceiptQuestion,
)  # fmt: skip
"""Questions whose empty answer may only mean that it was asked too early."""

Body = tuple[pa.Table, str | None, dict[str, Any]]
"""Table, next cursor, meta."""


class Freshness(Protocol):
    """What the process that commits knows about what it has not committed yet."""

    def as_of(self, lanes: Collection[Lane]) -> int:
        """Epoch ms: everything acknowledged before this instant for these lanes is committed."""
        ...

    def horizon(self) -> int | None:
        """Epoch ms: no reading at or after it waits in the backlog; None while that is not known."""
        ...

    def is_busy(self, lanes: Collection[Lane]) -> bool:
        """Whether commits for one of these lanes follow one another, so that something is in flight all the time."""
        ...

    async def in_flight(self) -> Mapping[Lane, int]:
        """Messages acknowledged until now and not committed, by lane, while it is busy at least so many; cheap enough for every question."""
        ...

    async def lanes(self) -> Mapping[str, Pending]:
        """Lane → what is still to be committed, over all tenants."""
        ...

    async def progress(self) -> Mapping[str, Mapping[str, Any]]:
        """Lane → how full it is and how its rows fare, see `pipeline.runner.LaneStats`; cheap enough for once a second."""
        ...

    async def pending(self, tenant: str) -> Mapping[str, int]:
        """Source → rows of a tenant that are durable on the bus, but not committed."""
        ...


class Engine:
    """A `Reader` beside the store: every question is answered from the store as it is."""

    def __init__(
        self,
        store: SeriesStore,
        clock: Clock,
        freshness: Freshness,
        metrics: Callable[[], Awaitable[str]],
        places: Places | None = None,
        views: HeldViews | None = None,
    ) -> None:
        """`metrics` gives the process's Prometheus exposition text; `places` is what `store` is placed by, if it is; `views` of the same
        store are closed by whoever made them.
        """
        self._store = store
        self._pieces = Pieces()
        self._views = HeldViews(store) if views is None else views
        self._fleet = FleetAnswers(store, self._pieces, places)
        self._clock = clock
        self._freshness = freshness
        self._metrics = metrics

    async def ask(self, question: Question) -> Answer:
        """See `Reader.ask`.

        Freshness is read before the data, so it never claims more than the answer holds. An answer is complete when
        nothing was in flight and its range, if it has an end, ends at or before `as_of`; when the bus cannot say what is in
        flight, it is not called complete.

        What was acknowledged a moment ago is waited for: briefly when little is in flight and not more comes all the time, so
        that on a quiet system a writer reads its own write, and longer before saying that something is not there.

        An answer that the backlog cannot reach is judged by the live lanes alone, so that a client which pours old readings
        in does not make every answer look old: one whose range begins where no reading waits in the backlog any more, or
        whose rows are full and all that new.
        """
        match question:
            case Hold():
                return await self._views.take(question.tenant, await self.ask(Present(tenant=question.tenant)))
            case Within():
                return await self._within(question)
            case Release():
                self._views.release(question.tenant, question.view)
                return await self._ask(Present(tenant=question.tenant))
            case _:
                return await self._ask(question)

    async def _ask(self, question: Question) -> Answer:
        began, horizon = self._clock.now(), self._freshness.horizon()
        flying = await self._in_flight()
        if horizon is not None and flying[Lane.BACKLOG]:
            within = begins_after(question, horizon)
            limit = question.limit if isinstance(question, Recent | Batteries) else None
            if within or limit is not None:
                answer = await self._judged(question, began, flying, LIVE_LANES)
                if within or (limit is not None and is_full_after(limit, answer.table, horizon)):
                    return answer
        return await self._judged(question, began, flying, _ALL)

    async def _judged(
        self, question: Question, began: int, flying: Mapping[Lane, int], lanes: Collection[Lane]
    ) -> Answer:
        """The answer, with what these lanes say about its freshness."""
        waiting = sum(flying[lane] for lane in lanes)
        if 0 < waiting <= _LITTLE and not self._freshness.is_busy(lanes):
            waiting = await self._catch_up(began, _BRIEFLY, lanes)
        as_of = self._freshness.as_of(lanes) if waiting else began
        body = await self._body_unless_early(question, waiting)
        if body is None:
            waiting = await self._catch_up(began, _LONGER, lanes)
            as_of = self._freshness.as_of(lanes) if waiting else began
            body = await self._body(question)
        table, cursor, meta = body
        return Answer(
            table=table,
            as_of=as_of,
            staleness_ms=max(0, self._clock.now() - as_of),
            complete=not waiting and is_over(question, as_of),
            next_cursor=cursor,
            meta=meta,
        )

    async def _within(self, question: Within) -> Answer:
        """As fresh as the view was when it was taken."""
        with self._views.reading(question.tenant, question.view) as (view, said):
            table, cursor, meta = await view.together(partial(self._readings, question=question.question))
        return Answer(
            table=table,
            as_of=said.as_of,
            staleness_ms=max(0, self._clock.now() - said.as_of),
            complete=said.complete and is_over(question.question, said.as_of),
            next_cursor=cursor,
            meta=meta,
        )

    async def _body_unless_early(self, question: Question, waiting: int) -> Body | None:
        """The answer's body; None where it is empty and something in flight might fill it."""
        try:
            body = await self._body(question)
        except NotFound:
            if waiting:
                return None
            raise
        return None if waiting and not body[0].num_rows and isinstance(question, _MAY_BE_EARLY) else body

    async def _in_flight(self) -> Mapping[Lane, int]:
        try:
            return await self._freshness.in_flight()
        except Unavailable:
            return dict.fromkeys(Lane, _UNKNOWN)

    async def _catch_up(self, moment: int, seconds: float, lanes: Collection[Lane]) -> int:
        """Wait until what was acknowledged before `moment` is committed, at most so long; returns 0 if it is."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while True:
            flying = await self._in_flight()
            waiting = sum(flying[lane] for lane in lanes)
            if not waiting or self._freshness.as_of(lanes) >= moment:
                return 0
            if loop.time() >= deadline or waiting >= _UNKNOWN:
                return waiting
            await asyncio.sleep(_POLL)

    async def _body(self, question: Question) -> Body:
        match question:
            case Series() | Recent() | Latest() | Aggregate() | Consumption() | Query() | Batteries():
                async with self._store.view() as view:  # one answer is of one revision, whatever is committed meanwhile
                    return await view.together(partial(self._readings, question=question), small=may_be_small(question))
            case Export():
                return await export_page(self._store, question)
            case Fleet() | Assets() | SiteFlow() | FlowSeries() | BatteryFleet() | BatteryHealth():
                return await self._fleet.answer(question, self._clock.now())
            case Unless():  # versions are made in front of the engine, see `query.versions`
                return await self._body(question.question)
            case (
                Present() | Hold() | Within() | Release()
            ):  # views are held, read and released before anything is judged
                return pa.table({}), None, {}
            case _:
                return await self._records(question)

    async def _readings(
        self, view: SeriesView, question: Series | Recent | Latest | Aggregate | Consumption | Query | Batteries
    ) -> Body:
        match question:
            case Series():
                return *await series_listing(view, question), {}
            case Recent():
                return *await recent(view, question), {}
            case Latest():
                return *await latest(view, question), {}
            case Batteries():
                return *await batteries(view, question), {}
            case Aggregate() | Consumption() | Query():
                table, meta = await self._windows(view, question)
                return table, None, meta

    async def _windows(
        self, view: SeriesView, question: Aggregate | Consumption | Query
    ) -> tuple[pa.Table, dict[str, Any]]:
        now = self._clock.now()
        match question:
            case Aggregate():
                return await aggregate(view, self._pieces, question, now)
            case Consumption():
                return await consumption(view, question, now)
            case Query():
                return await answer_query(view, self._pieces, question, now)

    async def _records(
        self,
        question: Events
        | Explain
        | ReceiptQuestion
        | LedgerQuestion
        | DeadLetters
        | DeadLetterQuestion
        | Status
        | Pipeline
        | Metrics,
    ) -> Body:
        match question:
            case Events():
                return await self._events(question), None, {}
            case Explain() | ReceiptQuestion():
                table, meta = await self._story(question)
                return table, None, meta
            case LedgerQuestion():
                return await self._ledger(question), None, {}
            case DeadLetters() | DeadLetterQuestion():
                return *await dead_letters(self._store, question), {}
            case Status() | Pipeline() | Metrics():
                return pa.table({}), None, await self._about_itself(question)

    async def _events(self, question: Events) -> pa.Table:
        check_limit(question.limit)
        check_range(question.start, question.end)
        above = question.criticality_above
        rows = await self._store.events(
            question.tenant,
            criticality_above=None if above is None else min(max(above, -(2**31) - 1), 2**31 - 1),
            start=question.start,
            end=question.end,
            limit=question.limit,
        )
        fields = {
            "id": pa.string(),
            "ts": pa.int64(),
            "timestamp": pa.string(),
            "criticality": pa.int32(),
            "message": pa.string(),
            "source": pa.string(),
        }
        return pa.table({n: pa.array([getattr(row.event, n) for row in rows], kind) for n, kind in fields.items()})

    async def _story(self, question: Explain | ReceiptQuestion) -> tuple[pa.Table, dict[str, Any]]:
        match question:
            case Explain():
                return await explain(self._store, question, self._freshness.pending, self._clock.now())
            case ReceiptQuestion():
                return await self._receipt(question)

    async def _receipt(self, question: ReceiptQuestion) -> tuple[pa.Table, dict[str, Any]]:
        receipt = await self._store.receipt(question.tenant, question.receipt)
        rows = [(receipt.source, receipt.counts)] if receipt else []
        # What of a request is still on the bus is known per source only, so it is not claimed here.
        table = _counts(rows, {}).drop_columns("difference")
        table = table.add_column(0, "receipt", pa.array([question.receipt] * len(rows), pa.string()))
        stamps = [receipt.stamp // 1000 if receipt.stamp else None] if receipt else []
        table = table.append_column("admitted_ts", pa.array(stamps, pa.int64()))
        committed = [receipt.committed_ts] if receipt else []
        table = table.append_column("committed_ts", pa.array(committed, pa.int64()))
        if receipt is None:
            return table, {}
        found = await self._store.findings(question.tenant, question.receipt)
        conversions = [converted._asdict() for converted in found.conversions]
        return table, {"frames": receipt.frames, "reasons": found.reasons, "conversions": conversions}

    async def _ledger(self, question: LedgerQuestion) -> pa.Table:
        pending = await self._freshness.pending(question.tenant)
        rows = [(row.source, row.counts) for row in await self._store.ledger(question.tenant)]
        known = {source for source, _ in rows}
        rows += [(source, Counts()) for source in pending if source not in known]
        return _counts(sorted(rows), pending)

    async def _status(self, question: Status) -> dict[str, Any]:
        lanes = {
            str(lane): {"messages": pending.messages, "bytes": pending.bytes, "max_bytes": pending.max_bytes}
            for lane, pending in (await self._freshness.lanes()).items()
        }
        pending = await self._freshness.pending(question.tenant)
        return {"store": (await self._store.state())._asdict(), "pending": dict(pending), "lanes": lanes}

    async def _about_itself(self, question: Status | Pipeline | Metrics) -> dict[str, Any]:
        match question:
            case Status():
                return await self._status(question)
            case Pipeline():
                return await self._pipeline()
            case Metrics():
                return {"text": await self._metrics()}

    async def _pipeline(self) -> dict[str, Any]:
        fates = sum((row.counts for row in await self._store.ledger(None)), Counts())
        store = (await self._store.state())._asdict()
        return {"lanes": dict(await self._freshness.progress()), "store": store, "ledger": fates._asdict()}


def _counts(rows: list[tuple[str, Counts]], pending: Mapping[str, int]) -> pa.Table:
    """Ledger columns; what is in flight was received, so it counts there and as its own fate."""
    flying = [pending.get(source, 0) for source, _ in rows]
    columns: dict[str, Any] = {"source": pa.array([source for source, _ in rows], pa.string())}
    for name in Counts._fields:
        columns[name] = pa.array([getattr(counts, name) for _, counts in rows], pa.int64())
    received = [counts.received + n for (_, counts), n in zip(rows, flying, strict=True)]
    columns["received"] = pa.array(received, pa.int64())
    columns["in_flight"] = pa.array(flying, pa.int64())
    columns["difference"] = pa.array([counts.balance for _, counts in rows], pa.int64())
    return pa.table(columns)
