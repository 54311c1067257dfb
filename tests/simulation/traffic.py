"""Clients: requests drawn from a small space of keys, repeated until somebody says yes or no for good."""

import asyncio
import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from penstock.bus.port import EVENTS_SUBJECT, Lane, tenant_subject
from penstock.model.batch import Draft, DraftKey
from penstock.model.errors import InvalidInput, PenstockError, RowError, Unavailable
from penstock.model.event import Event, make_event
from penstock.model.series import Attributes
from penstock.model.time import HOUR, MINUTE, format_time

if TYPE_CHECKING:
    from tests.simulation.world import World

TENANTS = ("acme", "beta")
SENSORS = ("s1", "s2", "s3")
VALUES = (0.1, 0.2, 1 / 3, 1e16, -1e16, 1.0, -7.25)
MOST_ROWS = 40
OFFSETS = (0, 1, 30_000, MINUTE - 1, MINUTE, 15 * MINUTE, HOUR, HOUR + 1, 5 * HOUR, 26 * HOUR)


@dataclass(frozen=True)
class Row:
    sensor: str
    ts: int
    value: float
    seq: int


@dataclass
class Request:
    """What one client wants to have stored, and what it has been told so far."""

    number: int
    tenant: str
    source: str
    key: str | None
    rows: list[Row]
    events: list[Event] = field(default_factory=list)
    undecoded: int = 0
    attributes: Attributes | None = None
    admitted: set[Row] | set[Event] = field(default_factory=set)
    attempts: int = 0
    told: str = "unknown"  # or "acked", "refused"
    receipt: str = ""
    told_at: int = 0

    def draft(self) -> Draft:
        """A fresh draft, as a door makes one of every body."""
        keys = list(dict.fromkeys(DraftKey("hq", row.sensor, "power_w") for row in self.rows))
        index = {key.sensor: i for i, key in enumerate(keys)}
        n = len(self.rows)
        seq = np.array([row.seq for row in self.rows], np.int64)
        return Draft(
            keys=keys,
            key=np.array([index[row.sensor] for row in self.rows], np.int32),
            ts=np.array([row.ts for row in self.rows], np.int64),
            value=np.array([row.value for row in self.rows], np.float64),
            row=np.arange(n, dtype=np.int32),
            rows=n + self.undecoded,
            seq=seq if seq.any() else None,
            rejected=[RowError(n + i, "no_value", "does not decode") for i in range(self.undecoded)],
            attributes={("hq", key.sensor): self.attributes for key in keys} if self.attributes else {},
        )


class Client:
    """Sends one request after another; outside every fault except that its answers may be lost."""

    def __init__(self, world: "World", number: int) -> None:
        self._world = world
        self._rng = world.rng
        self._source = f"client{number}"
        self._sent: list[Request] = []

    async def run(self) -> None:
        for _ in range(self._world.plan.requests):
            await asyncio.sleep(self._rng.expovariate(1.0) * self._world.plan.calm / self._world.plan.requests)
            request = self._draw()
            self._world.requests.append(request)
            self._sent.append(request)
            await self._insist(request)

    async def _insist(self, request: Request) -> None:
        """Repeat the same request until it is told yes or no, as a client that follows the API does."""
        world, rng = self._world, self._rng
        edge = rng.randrange(world.plan.edges)
        for _ in range(rng.choice((1, 3, 30))):
            request.attempts += 1
            try:
                receipt = await world.submit(request, edge)
            except InvalidInput:
                self._told(request, "refused")
                return
            except Unavailable:
                pass
            except PenstockError:  # Conflict: what became of the first attempt stays unknown
                return
            else:
                request.receipt = receipt
                self._told(request, "acked")
                return
            await asyncio.sleep(rng.uniform(0.05, 2.0))
            if "other_edge" in world.plan:
                edge = rng.randrange(world.plan.edges)

    def _told(self, request: Request, what: str) -> None:
        if request.told == "unknown":
            request.told, request.told_at = what, self._world.now_ms()
        self._world.note("told", request.number, what)

    def _draw(self) -> Request:
        rng, world = self._rng, self._world
        number = next(world.numbers)
        tenant = rng.choice(TENANTS)
        key = f"k{number}" if rng.random() < 0.4 else None
        if rng.random() < 0.15:
            moment = format_time(world.base - rng.choice(OFFSETS) // 1000 * 1000)
            names = rng.choices(("e1", "e2", "e3"), k=rng.randint(1, 3))
            said = [make_event(rng.randint(1, 3), moment, f"door {name}", event_id=name) for name in names]
            return Request(number, tenant, self._source, key, [], said)
        if self._sent and rng.random() < 0.1:  # the same content once more: a replay
            old = rng.choice(self._sent)
            if old.rows:
                return Request(number, old.tenant, self._source, key, old.rows, attributes=old.attributes)
        rows = [
            Row(
                rng.choice(SENSORS),
                world.base - rng.choice(OFFSETS),
                float("nan") if rng.random() < 0.05 else rng.choice(VALUES),
                rng.choice((0, 0, 1, 2, 3)),
            )
            for _ in range(rng.choice((0, 1, 1, 2, 4, 12, MOST_ROWS)))
        ]
        said = Attributes(rng.choice(("B1", "B2")), "R1") if rng.random() < 0.3 else None
        return Request(number, tenant, self._source, key, rows, undecoded=rng.choice((0, 0, 1)), attributes=said)


class Vandal:
    """Puts on the bus what is no frame, and S1's plain events, good and bad."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self.letters = 0
        self._names = itertools.count()

    async def run(self) -> None:
        rng, world = self._world.rng, self._world
        bus = world.outsider()
        for _ in range(rng.randint(1, 6)):
            await asyncio.sleep(rng.uniform(0.0, world.plan.calm / 4))
            lane, subject, payload = self._message()
            try:
                await bus.publish(lane, subject, payload, {})
            except Unavailable:
                continue  # whether it arrived is in the broker's history

    def _message(self) -> tuple[Lane, str, bytes]:
        rng = self._world.rng
        n = next(self._names)
        kind = rng.randrange(4)
        if kind == 0:
            return Lane.EVENTS, EVENTS_SUBJECT, b'{"criticality": "high"}'
        if kind == 1:
            moment = format_time(self._world.base)
            said = f'{{"criticality": {n}, "timestamp": "{moment}", "eventMessage": "plain {n}"}}'
            return Lane.EVENTS, EVENTS_SUBJECT, said.encode()
        lane = rng.choice(list(Lane))
        return lane, tenant_subject(lane, rng.choice(TENANTS)), rng.randbytes(rng.randint(0, 40))
