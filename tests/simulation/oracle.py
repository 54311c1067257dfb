"""What must hold when a world has come to rest, told from what was sent and what the broker ever had on disk.

The names I1–I9 are those of the fault plan: nothing acknowledged is missing (I1), nothing is invented (I2), the state of
a key is the greatest (version, value) (I3), aggregates equal a recomputation bit for bit (I4), the ledger is exact (I9).
"""

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import numpy as np

from penstock.bus import EVENTS_SUBJECT, decode_frame
from penstock.model.batch import SEQ_BASE, Readings
from penstock.model.errors import Poison
from penstock.model.frame import Frame
from penstock.model.ledger import Counts
from penstock.model.partials import Partials, partials_at
from penstock.model.time import DAY, HOUR, MINUTE
from penstock.store.series import Filter
from tests.simulation.broker import Message
from tests.simulation.traffic import TENANTS

if TYPE_CHECKING:
    from tests.simulation.world import World

Key = tuple[str, str, int]
"""(tenant, sensor, ts)"""
Cell = tuple[int, float]
"""(version, value)"""

OUTSIDE = "nats"
DEFAULT_TENANT = "default"


class _Known:
    """What is known of a world besides its store: frames by id, and messages that were no frames."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self.found: list[str] = []
        self.frames: dict[str, Frame] = {}
        self.plain: Counter[tuple[str, bytes]] = Counter()
        for message in world.broker.history:
            self._read(message)
        self.cells: dict[Key, list[Cell]] = defaultdict(list)
        self.by_receipt: dict[tuple[str, str], list[Frame]] = defaultdict(list)
        for frame in self.frames.values():
            for key, cell in rows_of(frame):
                self.cells[key].append(cell)
            for receipt in {part.receipt for part in frame.parts}:
                self.by_receipt[frame.tenant, receipt].append(frame)

    def _read(self, message: Message) -> None:
        tenant = DEFAULT_TENANT if message.subject == EVENTS_SUBJECT else message.subject.rpartition(".")[2]
        try:
            frame = decode_frame(message.payload)
        except Poison:
            self.plain[tenant, message.payload] += 1
            return
        first = self.frames.setdefault(frame.id, frame)
        if _content(first) != _content(frame):
            self.found.append(f"frame id {frame.id} names two contents")


def rows_of(frame: Frame) -> list[tuple[Key, Cell]]:
    """((tenant, sensor, ts), (version, value)) of every reading."""
    batch = frame.batch
    return [
        ((frame.tenant, batch.keys[code].sensor, ts), (version, value))
        for code, ts, version, value in zip(
            batch.series.tolist(), batch.ts.tolist(), batch.version.tolist(), batch.value.tolist(), strict=True
        )
    ]


def _content(frame: Frame) -> object:
    return frame.parts, rows_of(frame), frame.events


async def examine(world: "World") -> list[str]:
    """Every broken promise, as text."""
    known = _Known(world)
    stored = {tenant: await _stored(world, tenant) for tenant in TENANTS}
    cells = {key: cell for tenant in TENANTS for key, cell in stored[tenant].items()}
    found = [*known.found]
    found += _nothing_acked_is_missing(known, cells)
    found += _nothing_is_invented(known, cells)
    found += _greatest_wins(known, cells)
    found += _fresh_is_fresh(known)
    for tenant in TENANTS:
        found += await _aggregates_are_recomputed(world, known, tenant)
        found += await _ledger_is_exact(world, known, tenant)
    found += await _plain_messages_have_a_fate(world, known)
    found += [f"asyncio complained: {error}" for error in world.loop.errors if "destroyed" not in str(error)]
    return found


async def _stored(world: "World", tenant: str) -> dict[Key, Cell]:
    """The raw table of a tenant, versions included."""
    held = world.disk.store._tenants.get(tenant)
    if held is None:
        return {}
    return {
        (tenant, series.key.sensor, ts): cell for series in held.series.values() for ts, cell in series.cells.items()
    }


def _nothing_acked_is_missing(known: _Known, cells: dict[Key, Cell]) -> list[str]:
    found: list[str] = []
    for request in known.world.requests:
        if request.told != "acked":
            continue
        frames = known.by_receipt[request.tenant, request.receipt]
        if any(frame.id not in known.world.disk.frames for frame in frames):
            found.append(f"I1: request {request.number} was acknowledged and not committed")
        if request.events:
            there = {event for frame in frames for event in frame.events}
            if not there.issuperset(request.admitted):
                found.append(f"I1: events of request {request.number} were acknowledged and are nowhere")
            continue
        sent = {(request.tenant, row.sensor, row.ts, row.value) for row in request.admitted}
        rows = [entry for frame in frames for entry in _rows_of_receipt(frame, request.receipt)]
        if sent - {(*key, value) for key, (_, value) in rows}:
            found.append(f"I1: readings of request {request.number} were acknowledged and are nowhere")
        found += [
            f"I1: {key} holds {cells.get(key)}, acknowledged was {cell}"
            for key, cell in rows
            if key not in cells or cells[key] < cell
        ]
    return found


def _rows_of_receipt(frame: Frame, receipt: str) -> list[tuple[Key, Cell]]:
    rows, at, own = rows_of(frame), 0, []
    if frame.events:
        return []
    for part in frame.parts:
        if part.receipt == receipt:
            own += rows[at : at + part.accepted]
        at += part.accepted
    return own


def _nothing_is_invented(known: _Known, cells: dict[Key, Cell]) -> list[str]:
    sent: dict[Key, set[tuple[int, float]]] = defaultdict(set)
    for request in known.world.requests:
        for row in request.rows:
            sent[request.tenant, row.sensor, row.ts].add((row.seq, row.value))
    return [
        f"I2: {key} holds {cell}, which nobody sent"
        for key, cell in cells.items()
        if (cell[0] - SEQ_BASE if cell[0] >= SEQ_BASE else 0, cell[1]) not in sent[key]
    ]


def _greatest_wins(known: _Known, cells: dict[Key, Cell]) -> list[str]:
    expected = {key: max(versions) for key, versions in known.cells.items()}
    return [
        f"I3: {key} holds {cells.get(key)}, the greatest is {expected.get(key)}"
        for key in sorted(cells.keys() | expected.keys())
        if cells.get(key) != expected.get(key)
    ]


def _fresh_is_fresh(known: _Known) -> list[str]:
    """`as_of` promises that everything acknowledged before it is committed."""
    committed_at = known.world.disk.committed_at
    return [
        f"at {when:.3f} as_of was {as_of}, but request {request.number}, acknowledged at {request.told_at}, was not there"
        for when, as_of in known.world.fresh
        for request in known.world.requests
        if request.told == "acked" and request.told_at < as_of
        for frame in known.by_receipt[request.tenant, request.receipt]
        if committed_at.get(frame.id, when) > when
    ][:3]


async def _aggregates_are_recomputed(world: "World", known: _Known, tenant: str) -> list[str]:
    store = world.disk.store
    series = await store.find(tenant, Filter())
    ids = np.array([info.id for info in series], np.int32)
    of = {info.key.sensor: info.id for info in series}
    rows = sorted(
        (of.get(sensor, -1), ts, max(versions)[1])
        for (owner, sensor, ts), versions in known.cells.items()
        if owner == tenant
    )
    columns = list(zip(*rows, strict=True)) or [(), (), ()]
    truth = Readings(np.array(columns[0], np.int32), np.array(columns[1], np.int64), np.array(columns[2], np.float64))
    found: list[str] = []
    for width in (MINUTE, HOUR, DAY):
        answer = (await store.aggregate(tenant, ids, 0, 1 << 45, width)).partials
        if _bits(answer) != _bits(partials_at(truth, width)):
            found.append(f"I4: aggregates of {width} ms of {tenant} are not those of what was sent")
    return found


def _bits(partials: Partials) -> list[bytes]:
    return [getattr(partials, name).tobytes() for name in Partials.__slots__]


async def _ledger_is_exact(world: "World", known: _Known, tenant: str) -> list[str]:
    frames = [frame for frame in known.frames.values() if frame.tenant == tenant]
    received: Counter[str] = Counter()
    rejected: Counter[str] = Counter()
    for frame in frames:
        for part in frame.parts:
            received[part.source] += part.accepted + part.rejected
            rejected[part.source] += part.rejected
    found: list[str] = []
    total = Counts()
    for row in await world.disk.store.ledger(tenant):
        if row.source == OUTSIDE:
            continue
        total += row.counts
        if row.counts.balance:
            found.append(f"I9: {row} does not add up")
        if (row.counts.received, row.counts.rejected) != (received.pop(row.source, 0), rejected[row.source]):
            found.append(f"I9: {row}, but the broker had {known.frames.keys()}")
        if row.counts.dead_lettered:
            found.append(f"I9: {row} has dead letters of good frames")
    if sum(received.values()):
        found.append(f"I9: {received} are not in the ledger")
    held = len(await _stored(world, tenant)) + len(await world.disk.store.events(tenant, limit=1_000))
    if total.stored < held:
        found.append(f"I9: {tenant} stored {total.stored} and holds {held}")
    found += await _receipts_are_exact(world, known, tenant)
    return found


async def _receipts_are_exact(world: "World", known: _Known, tenant: str) -> list[str]:
    found: list[str] = []
    for (owner, name), frames in known.by_receipt.items():
        if owner != tenant:
            continue
        parts = [part for frame in frames for part in frame.parts if part.receipt == name]
        receipt = await world.disk.store.receipt(tenant, name)
        expected = sum(part.accepted + part.rejected for part in parts)
        if receipt is None or receipt.counts.received != expected or receipt.counts.balance:
            found.append(f"I9: receipt {receipt}, of {expected} rows")
    return found


async def _plain_messages_have_a_fate(world: "World", known: _Known) -> list[str]:
    """What was no frame is a dead letter, or an event if it says one; each message exactly once."""
    found: list[str] = []
    for tenant in (*TENANTS, DEFAULT_TENANT):
        messages = {payload: n for (owner, payload), n in known.plain.items() if owner == tenant}
        letters = Counter(letter.payload for letter in await world.disk.store.dead_letters(tenant, 1_000))
        good = {payload: n for payload, n in messages.items() if b"eventMessage" in payload}
        bad = Counter({payload: n for payload, n in messages.items() if payload not in good})
        # An event may come too early or too late for the core's clock, and is a letter then.
        if Counter({p: n for p, n in letters.items() if p not in good}) != bad:
            found.append(f"I9: dead letters of {tenant} are not what was no frame")
        rows = [row.counts for row in await world.disk.store.ledger(tenant) if row.source == OUTSIDE]
        counts = sum(rows, start=Counts())
        if counts.received != sum(messages.values()) or counts.balance:
            found.append(f"I9: {tenant} from outside is {counts}, of {sum(messages.values())} messages")
    return found
