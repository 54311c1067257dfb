"""A simulated store: the memory store, on a disk that is slow, away, or unsure whether it committed."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from penstock.model.errors import Unavailable
from penstock.model.frame import Frame
from penstock.model.ledger import Receipt
from penstock.store.series.memory import MemorySeriesStore

if TYPE_CHECKING:
    from tests.simulation.world import Process, World


class Disk:
    """What survives the processes: every committed frame, once, in the order of its first commit."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self.store = MemorySeriesStore(world.clock("disk"))
        self.frames: dict[str, Frame] = {}
        self.committed_at: dict[str, float] = {}
        self.away_until = 0.0
        self.commits = 0

    async def commit(self, frames: Sequence[Frame]) -> Sequence[Receipt]:
        receipts = await self.store.commit(frames)
        for frame in frames:
            self.frames.setdefault(frame.id, frame)
            self.committed_at.setdefault(frame.id, self._world.loop.time())
        self.commits += 1
        return receipts


class SimStore:
    """`SeriesStore` as the process role sees it: `commit` and `maintain` may fail, questions go to the disk's store."""

    def __init__(self, world: "World", process: "Process") -> None:
        self._world = world
        self._process = process

    async def commit(self, frames: Sequence[Frame]) -> Sequence[Receipt]:
        world = self._world
        await self._work()
        if self._fails("store_fails_before"):
            raise Unavailable("nothing was committed")
        receipts = await world.disk.commit(frames)
        world.note("commit", len(frames), sum(len(frame.batch) for frame in frames))
        await self._work()
        if self._fails("store_fails_after"):
            raise Unavailable("unsure whether it was committed")
        return receipts

    async def maintain(self, now: int) -> bool:
        self._process.check()
        if self._fails("store_fails_before"):
            raise Unavailable("no upkeep now")
        return await self._world.disk.store.maintain(now)

    def __getattr__(self, name: str) -> Any:
        self._process.check()
        return getattr(self._world.disk.store, name)

    async def _work(self) -> None:
        rng, world = self._world.rng, self._world
        slow = "store_slow" in world.plan and world.stormy and rng.random() < 0.1
        await asyncio.sleep(rng.choice((0.3, 0.3, 1.6 * world.plan.ack_wait)) if slow else rng.uniform(0.0005, 0.01))
        self._process.check()
        if world.loop.time() < world.disk.away_until:
            raise Unavailable("the store is away")

    def _fails(self, fault: str) -> bool:
        world = self._world
        return fault in world.plan and world.stormy and world.rng.random() < 0.3
