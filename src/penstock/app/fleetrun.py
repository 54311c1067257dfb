"""`penstock simulate` at work: one plan, one place where its deliveries go, one summary."""

from __future__ import annotations

import asyncio
import contextlib
import re
import signal
import sys
from collections.abc import AsyncGenerator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, get_args

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from penstock.app.client import locate
from penstock.app.config import Settings
from penstock.app.console import note, write_json
from penstock.app.datadir import with_local_broker
from penstock.app.rows import wide_rows
from penstock.app.simulation import for_tenant, gate_emitter
from penstock.app.upload import Uploader
from penstock.app.wiring import open_bus
from penstock.model.errors import InvalidInput
from penstock.model.time import SECOND, WallClock, parse_duration
from penstock.pipeline.gate import Gate, GateConfig
from penstock.sources.simulate import Delivery, Emit, Faults, Fleet, Progress, Stream, Truth, run, to_s1

__all__ = ["Plan", "parse_burst", "run_plan"]

Target = Literal["http", "nats", "stdout"]
_SOURCE: Final = "simulate"
_TELL_EVERY: Final = 5.0
_BURST: Final = re.compile(r"(\d+)x?(?::(\w+))?(?::(\w+))?")


@dataclass(frozen=True, slots=True)
class Plan:
    """What to simulate and where it goes. `history`, `duration` and `step` are ms; `speedup` may be infinite.

    Raises InvalidInput for a target that does not exist.
    """

    fleets: Sequence[Fleet]
    faults: Faults
    to: str
    seed: int
    history: int = 0
    duration: int | None = None
    speedup: float = float("inf")
    step: int = SECOND
    truth: Path | None = None

    def __post_init__(self) -> None:
        if self.to not in get_args(Target):
            raise InvalidInput(
                f"--to {self.to} is not known", code="usage", hint=f"one of {', '.join(get_args(Target))}"
            )


def parse_burst(text: str) -> tuple[int, float, float]:
    """(factor, length in s, every in s) of `10`, `10x` or `10:10s:60s`; raises InvalidInput."""
    match = _BURST.fullmatch(text.strip())
    if not match:
        raise InvalidInput(
            f"burst {text!r} is not understood", code="usage", hint="write FACTOR:LENGTH:EVERY, such as 10:10s:60s"
        )
    length, every = (parse_duration(given or usual) / SECOND for given, usual in ((match[2], "10s"), (match[3], "60s")))
    return int(match[1]), length, every


def run_plan(plan: Plan, settings: Settings, *, as_json: bool) -> None:
    """Simulate until the plan ends or Ctrl-C, then tell what was sent (on stderr when stdout holds the data)."""
    asyncio.run(_run(plan, settings, as_json=as_json))


async def _run(plan: Plan, settings: Settings, *, as_json: bool) -> None:
    clock, progress = WallClock(), Progress()
    stream = Stream(plan.fleets, faults=plan.faults, seed=plan.seed, keep_truth=plan.truth is not None)
    start = clock.now() - plan.history
    until = None if plan.duration is None else start + plan.duration
    async with _target(plan, settings) as emit:
        work = asyncio.ensure_future(
            run(
                stream, clock, emit, start=start, until=until, step=plan.step, speedup=plan.speedup,
                senders=1 if plan.to == "stdout" else 4, progress=progress,
            )
        )  # fmt: skip
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, work.cancel)
        telling = asyncio.create_task(_tell(progress))
        try:
            # Ctrl-C is how an endless simulation is meant to end: what was sent is told, nothing has failed.
            with contextlib.suppress(asyncio.CancelledError):
                await work
        finally:
            telling.cancel()
    if plan.truth is not None:
        _write_truth(plan.truth, stream.truth())
    tally = stream.tally._asdict() | {"retries": progress.retries}
    if as_json and plan.to != "stdout":
        write_json(tally)
    else:
        note("  ".join(f"{name} {count:,}" for name, count in tally.items()))


@contextlib.asynccontextmanager
async def _target(plan: Plan, settings: Settings) -> AsyncGenerator[Emit]:
    if plan.to == "stdout":
        yield _to_stdout
    elif plan.to == "nats":
        clock = WallClock()
        bus = open_bus(with_local_broker(settings), clock)
        await bus.open()
        try:
            gate = Gate(bus, clock, GateConfig(backlog_after=settings.backlog_after))
            same = settings.demo_tenant == settings.events_tenant
            yield gate_emitter(gate, settings.demo_tenant, _SOURCE, clock, lambda: 0, bus if same else None)
            await gate.close()
        finally:
            await bus.close()
    else:
        url, key, verify = locate(settings)
        async with Uploader(url, key, source=_SOURCE, verify=verify) as uploader:

            async def emit(delivery: Delivery) -> None:
                if delivery.draft is None:
                    await uploader.send_events(delivery.events)
                else:
                    await uploader.send(for_tenant(delivery.draft))

            yield emit


async def _to_stdout(delivery: Delivery) -> None:
    lines = _event_lines(delivery) if delivery.draft is None else wide_rows(delivery.draft)
    for line in lines:
        sys.stdout.buffer.write(msgspec.json.encode(line) + b"\n")
    sys.stdout.buffer.flush()


def _event_lines(delivery: Delivery) -> Iterator[dict[str, Any]]:
    return (to_s1(event) for event in delivery.events)


async def _tell(progress: Progress) -> None:
    """A line every few seconds for a person who watches."""
    if not sys.stderr.isatty():
        return
    before = 0
    while True:
        await asyncio.sleep(_TELL_EVERY)
        rate, before = (progress.readings - before) / _TELL_EVERY, progress.readings
        note(f"{progress.readings:,} readings  {progress.events:,} events  {rate:,.0f}/s  {progress.retries} retries")


def _write_truth(path: Path, truth: Truth) -> None:
    """Parquet with sensor_id, site_id, metric, unit, tenant, ts (epoch ms), value, seq: one row per key that must be stored."""
    codes = pa.array(truth.series)
    names = {"tenant": "tenant", "site_id": "site", "sensor_id": "sensor", "metric": "metric", "unit": "unit"}
    columns: dict[str, Any] = {
        column: pa.array([getattr(key, part) for key in truth.keys], pa.string()).take(codes)
        for column, part in names.items()
    }
    pq.write_table(pa.table(columns | {"ts": truth.ts, "value": truth.value, "seq": truth.seq}), path)
