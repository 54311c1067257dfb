"""A world: broker, disk, edges, core and clients, and the storm that passes over them."""

import asyncio
import contextlib
import hashlib
import itertools
import logging
import random
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, field
from typing import Any

import structlog

from penstock.bus.port import Lane
from penstock.model.errors import PenstockError, Unavailable
from penstock.model.time import DAY
from penstock.pipeline.admit import admit, admit_events
from penstock.pipeline.gate import Gate, GateConfig
from penstock.pipeline.runner import Runner, RunnerConfig
from tests.simulation.broker import SLOWEST_WIRE, Broker, SimBus
from tests.simulation.faults import Plan
from tests.simulation.loop import VirtualLoop
from tests.simulation.storage import Disk, SimStore
from tests.simulation.traffic import MOST_ROWS, Client, Request, Vandal

BASE = 20_454 * DAY + 47_000_000  # 2026-01-01 13:03:20 UTC
DRAIN_SECONDS = 900.0  # longest time that a healed world may take to come to rest


class Died(BaseException):
    """A dead process tried to do something: nothing it says may have an effect any more."""


class Process:
    """One run of a process: what it holds is gone when it dies."""

    def __init__(self, world: "World", name: str) -> None:
        self.world = world
        self.name = f"{name}#{next(world.numbers)}"
        self.clock = world.clock(name)
        self.bus = SimBus(world, self)
        self.dead = False

    def check(self) -> None:
        if self.dead:
            raise Died(self.name)

    def spawn(self, coro: Coroutine) -> asyncio.Task:
        return self.world.loop.spawn(self.name, coro)

    async def kill(self) -> None:
        """From now on nothing that the process does has an effect; its tasks are unwound, which must end them."""
        self.dead = True
        tasks = self.world.loop.alive(self.name)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=1.0)
        if left := self.world.loop.alive(self.name):
            self.world.violations.append(f"cancelled tasks go on: {[task.get_name() for task in left]}")


class Edge(Process):
    """An edge process: admission and gate, one task per request."""

    def __init__(self, world: "World", name: str) -> None:
        super().__init__(world, name)
        plan = world.plan
        config = GateConfig(frame_rows=plan.frame_rows, max_bytes=plan.gate_bytes, remember=50, sensors=4)
        self.gate = Gate(self.bus, self.clock, config)

    async def serve(self, request: Request) -> str:
        now = self.clock.now()
        if request.events:
            good, bad = admit_events(request.events, now=now, earliest=0)
            request.admitted = set(good)
            return await self.gate.offer_events(
                request.tenant, good, source=request.source, rejected=len(bad), key=request.key
            )
        admission = admit(request.draft(), tenant=request.tenant, now=now, earliest=0)
        refused = len(admission.rejected)
        late = {error.row for error in admission.rejected}
        request.admitted = {row for i, row in enumerate(request.rows) if i not in late}
        receipt = await self.gate.offer(admission.batch, source=request.source, rejected=refused, key=request.key)
        bound = max(self.world.plan.gate_bytes, 2 * 64 + 28 * MOST_ROWS)  # one request always fits, in two lanes
        if self.gate.held_bytes > bound:
            self.world.violations.append(f"the gate holds {self.gate.held_bytes} bytes, its bound is {bound}")
        return receipt


class Core(Process):
    """The process role: the commit loop over the store."""

    def __init__(self, world: "World", name: str) -> None:
        super().__init__(world, name)
        config = RunnerConfig(
            commit_rows=world.rng.choice((1, 20, 65_536)),
            fetch_messages=world.rng.choice((1, 4, 16)),
            heartbeat=world.plan.heartbeat,
        )
        self.runner = Runner(self.bus, SimStore(world, self), self.clock, config)
        self.task = self.spawn(self.runner.run())


@dataclass
class Outcome:
    """What became of a world."""

    seed: int
    digest: str
    violations: list[str]
    steps: int
    seconds: float
    frames: int
    trace: list[str]


class SimClock:
    """A wall clock of one process: virtual time, plus an offset that may jump."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self.offset = 0

    def now(self) -> int:
        return self._world.now_ms() + self.offset


@dataclass
class World:
    """Everything that one seed decides."""

    seed: int
    sync_interval: float = 0.0
    keep_trace: bool = False
    violations: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        self.plan = Plan.draw(self.rng)
        order = random.Random(self.rng.random()) if "ready_order" in self.plan else None
        self.loop = VirtualLoop(order)
        self.base = BASE
        self.numbers = itertools.count()
        self.stormy = True
        self.requests: list[Request] = []
        self.fresh: list[tuple[float, int]] = []  # (virtual time, what the core said of its freshness then)
        self.trace: list[str] = []
        self._digest = hashlib.blake2b(digest_size=16)
        self._clocks: dict[str, SimClock] = {}
        self.broker = Broker(self, sync_interval=self.sync_interval)
        self.disk = Disk(self)

    def now_ms(self) -> int:
        return BASE + int(self.loop.time() * 1000)

    def clock(self, name: str) -> SimClock:
        """The clock of a machine: it survives its processes."""
        if name not in self._clocks:
            clock = self._clocks[name] = SimClock(self)
            if "clock_skew" in self.plan:
                clock.offset = self.rng.randint(-120_000, 120_000)
        return self._clocks[name]

    def note(self, *what: object) -> None:
        """One line of the trace; the digest of all lines tells two runs apart."""
        line = f"{self.loop.time():.6f} {' '.join(map(str, what))}"
        self._digest.update(line.encode())
        if self.keep_trace:
            self.trace.append(line)

    def outsider(self) -> SimBus:
        """The bus as somebody sees it who is no part of Penstock."""
        return Process(self, "outsider").bus

    # -- the network between clients and edges

    async def submit(self, request: Request, number: int) -> str:
        """Send a request to an edge and wait for its answer; raises what the edge answers, or Unavailable."""
        edge = self.edges[number]
        await asyncio.sleep(self.rng.uniform(0.0001, 0.003))
        if edge.dead:
            raise Unavailable("connection refused")
        task = edge.spawn(edge.serve(request))
        patience = self.rng.uniform(0.001, 2.0) if self._unlucky("client_leaves", 0.2) else 30.0
        done, _ = await asyncio.wait([task], timeout=patience)
        if not done:
            task.cancel()
            await asyncio.wait([task])
        if task.cancelled() or not done or self._unlucky("answer_lost", 0.1):
            if not task.cancelled():
                task.exception()
            raise Unavailable("no answer")
        error = task.exception()
        if isinstance(error, Died):
            raise Unavailable("connection reset")
        if error is not None:
            if not isinstance(error, PenstockError):
                self.violations.append(f"the door fell over: {error!r}")
                raise Unavailable("internal error")
            raise error
        return task.result()

    def _unlucky(self, fault: str, chance: float) -> bool:
        return fault in self.plan and self.stormy and self.rng.random() < chance

    # -- one world from start to rest

    def run(self) -> Outcome:
        """Run the world to its end; the oracle's findings are in `violations`."""
        from tests.simulation.oracle import examine  # noqa: PLC0415 - it reads worlds

        with _quiet(self.rng.randrange(1 << 30)):
            try:
                self.loop.run(self._live())
                self.violations += self.loop.run(examine(self))
            finally:
                self.loop.close()
        digest = self._digest.hexdigest()
        return Outcome(
            self.seed, digest, self.violations, self.loop.steps, self.loop.time(), len(self.disk.frames), self.trace
        )

    async def _live(self) -> None:
        self.note("faults", *sorted(self.plan.faults))
        self.edges = [Edge(self, f"edge{i}") for i in range(self.plan.edges)]
        self.core = Core(self, "core")
        storm = self.loop.create_task(self._storm())
        watch = self.loop.create_task(self._watch())
        clients = [self.loop.create_task(Client(self, i).run()) for i in range(self.plan.clients)]
        if "garbage" in self.plan:
            clients.append(self.loop.create_task(Vandal(self).run()))
        await asyncio.gather(*clients)
        self.stormy = False
        await storm
        await self._heal()
        await self._drain()
        watch.cancel()
        await asyncio.wait([watch])
        await self._stop()

    async def _heal(self) -> None:
        self.broker.start()
        self.disk.away_until = 0.0
        for process in (*self.edges, self.core):
            process.bus.cut_until = 0.0
        self.note("healed")

    async def _drain(self) -> None:
        deadline = self.loop.time() + DRAIN_SECONDS
        quiet = self.loop.time() + SLOWEST_WIRE  # what a client gave up may still be on its way to the broker
        while self.loop.time() <= quiet or any(self.broker.depth(lane) for lane in Lane):
            if self.core.task.done():
                self.violations.append(f"the commit loop ended: {self.core.task.exception()!r}")
                return
            if self.loop.time() > deadline:
                left = {str(lane): self.broker.depth(lane) for lane in Lane}
                self.violations.append(f"still in flight after {DRAIN_SECONDS:g} s of calm: {left}")
                return
            await asyncio.sleep(0.25)
        self.note("drained")

    async def _stop(self) -> None:
        """Everybody ends in good order, and nothing of them stays."""
        for edge in self.edges:
            await edge.spawn(edge.gate.close())
            if edge.gate.held_bytes:
                self.violations.append(f"an idle gate holds {edge.gate.held_bytes} bytes")
        self.core.task.cancel()
        await asyncio.wait([self.core.task])
        left = [task for task in self.loop.alive() if task is not asyncio.current_task()]
        if left:
            self.violations.append(f"tasks leaked: {[task.get_name() for task in left]}")

    async def _watch(self) -> None:
        """Ask now and then how fresh answers are; with wrong clocks nobody can know."""
        while not self.plan.faults & {"clock_skew", "clock_jump"}:
            await asyncio.sleep(self.rng.expovariate(8.0 / self.plan.calm))
            self.fresh.append((self.loop.time(), self.core.runner.as_of()))

    # -- the storm

    async def _storm(self) -> None:
        kinds = [(fault, act) for fault, act in self._acts().items() if fault in self.plan]
        while kinds and self.stormy:
            await asyncio.sleep(self.rng.expovariate(6.0 / self.plan.calm))
            fault, act = self.rng.choice(kinds)
            self.note("fault", fault)
            await act()

    def _acts(self) -> dict[str, Any]:
        return {
            "disconnect": self._disconnect,
            "power_cut": self._power_cut,
            "edge_crash": self._edge_crash,
            "edge_restart": self._edge_restart,
            "core_crash": self._core_crash,
            "core_restart": self._core_restart,
            "store_away": self._store_away,
            "clock_jump": self._clock_jump,
        }

    async def _disconnect(self) -> None:
        process = self.rng.choice([*self.edges, self.core])
        process.bus.cut_until = self.loop.time() + self.rng.uniform(0.01, 10.0)

    async def _power_cut(self) -> None:
        self.broker.cut_power()
        await asyncio.sleep(self.rng.uniform(0.1, 5.0))
        self.broker.start()

    async def _edge_crash(self) -> None:
        number = self.rng.randrange(len(self.edges))
        await self.edges[number].kill()
        await asyncio.sleep(self.rng.uniform(0.0, 3.0))
        self.edges[number] = Edge(self, f"edge{number}")

    async def _edge_restart(self) -> None:
        number = self.rng.randrange(len(self.edges))
        edge, self.edges[number] = self.edges[number], Edge(self, f"edge{number}")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(10.0):
                await edge.spawn(edge.gate.close())
        await edge.kill()

    async def _core_crash(self) -> None:
        await self.core.kill()
        await asyncio.sleep(self.rng.uniform(0.0, 3.0))
        self.core = Core(self, "core")

    async def _core_restart(self) -> None:
        """SIGTERM, and SIGKILL to a core that is stuck in a long commit."""
        self.core.task.cancel()
        await asyncio.wait([self.core.task], timeout=self.rng.uniform(0.0, 5.0))
        await self.core.kill()
        self.core = Core(self, "core")

    async def _store_away(self) -> None:
        self.disk.away_until = self.loop.time() + self.rng.choice((0.5, 2.0, 2.0, 30.0))

    async def _clock_jump(self) -> None:
        clock = self.rng.choice(list(self._clocks.values()))
        clock.offset += self.rng.choice((-3_600_000, -5_000, 1_000, 60_000, 3_600_000))


@contextlib.contextmanager
def _quiet(seed: int) -> Iterator[None]:
    """Jitter follows the seed, and logging (thousands of expected warnings) is off."""
    config, state = structlog.get_config(), random.getstate()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    random.seed(seed)
    try:
        yield
    finally:
        random.setstate(state)
        structlog.configure(**config)
