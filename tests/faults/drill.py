"""The common course of a fault run: a load starts, something breaks, it heals, everything drains, the invariants are checked."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from tests.faults import check, readback
from tests.faults.books import Books
from tests.faults.load import Load
from tests.faults.platform import TENANTS, Running, Target, resources
from tests.faults.rows import METRIC, Recipe, sensor_name
from tests.journeys.conftest import until

_DAY = 86_400_000
DRAIN_SECONDS = 90.0
_FINISH_SECONDS = 120.0
_GREATEST = ("_s", "_ms", "_mib", "_ratio")


class Sampler:
    """Asks for a sensor's newest readings five times a second; `violations` holds the answers to I7 afterwards.

    Every fifth time it asks for the same readings as a meter's, and holds the answer to I6.
    """

    def __init__(self, target: Target) -> None:
        self._target = target
        self._seen: list[tuple[str, int, int, set[int]]] = []
        self._falls: list[str] = []
        self.meters = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        keys, turn = self._target.keys, 0
        while not self._ended.wait(0.2):
            tenant = TENANTS[turn % len(TENANTS)]
            sensor, turn = turn % 20, turn + 1
            door = readback.Door(self._target.url, keys[tenant])
            try:
                answer = door.get_once(
                    f"/v1/sensors/{sensor_name(sensor)}/recent?metric={METRIC}&limit=1000", timeout=2.0
                )
                if turn % 5 == 0:
                    self._read_meter(door, sensor_name(sensor))
            except OSError:  # away, or not there yet: what the sampler cannot ask it cannot judge
                continue
            self._seen.append((tenant, sensor, int(answer["as_of"]), set(answer["columns"]["ts"])))

    def _read_meter(self, door: readback.Door, sensor: str) -> None:
        """I6: within one answer a cumulative column never falls, and no increase is negative."""
        to = time.time_ns() // 1_000_000
        asked = f"metric={METRIC}&kind=counter&cumulative=true&window=1m&from={to - 7_200_000}&to={to}"
        columns = door.get_once(f"/v1/sensors/{sensor}/energy?{asked}", timeout=5.0)["columns"]
        self.meters += 1
        running = [value for value in columns["cumulative_increase"] if value is not None]
        least = min((value for value in columns["increase"] if value is not None), default=0.0)
        if least < 0 or any(later < earlier for earlier, later in itertools.pairwise(running)):
            self._falls.append(f"I6 {sensor}: cumulative {running}, least increase {least}")

    def stop(self) -> None:
        self._ended.set()
        self._thread.join()

    def violations(self, books: Books) -> check.Found:
        """I7: what was acknowledged before an answer's `as_of` and is not older than its oldest reading is in it."""
        found: check.Found = []
        acked = books.rows.filter(pl.col("acked_at").is_not_null()).select("tenant", "sensor", "ts", "acked_at")
        parts = acked.partition_by("tenant", "sensor", as_dict=True)
        for tenant, sensor, as_of, times in self._seen:
            mine = parts.get((tenant, sensor))
            if mine is None or not times:
                continue
            due = mine.filter((pl.col("acked_at") < as_of) & (pl.col("ts") >= min(times)))["ts"].to_list()
            if missing := set(due) - times:
                found.append(
                    f"I7 an answer as of {as_of} lacks {len(missing)} of {sensor_name(sensor)}: {min(missing)}"
                )
        return found[:3] + self._falls[:3]

    @property
    def answers(self) -> int:
        return len(self._seen)


@dataclass
class Report:
    """What a drill found: violations (none is what is wanted) and numbers worth telling."""

    violations: list[str] = field(default_factory=list)
    numbers: dict[str, Any] = field(default_factory=dict)
    checked: str = "I1 I2 I3 I4 I6 I7 I9 I10 I11 I12"

    def add(self, part: Report) -> None:
        """What one of several runs found: counts are summed, of times, memory and ratios the greatest is kept."""
        self.violations += part.violations
        for name, value in part.numbers.items():
            before = self.numbers.get(name, 0)
            self.numbers[name] = max(before, value) if name.endswith(_GREATEST) else before + value


def recipe(seed: int, **changes: Any) -> Recipe:
    """A recipe whose readings begin now."""
    return Recipe(seed=seed, base=(time.time_ns() // 1_000_000 - 60_000) // 10 * 10, tenants=TENANTS, **changes)


class Drill:
    """One target under one or more loads; `verify` heals nothing, it waits for empty lanes and checks."""

    def __init__(self, target: Target, home: Path) -> None:
        self.target = target
        self.home = home
        self.report = Report()
        self._loads: list[Running] = []
        self._began = time.time_ns() // 1_000_000
        self._base = resources(target.pids())
        self._same = target.pids()
        self._sampler: Sampler | None = None

    @contextmanager
    def load(self, made: Recipe, *, seconds: float, at: str | None = None, **changes: Any) -> Generator[Running]:
        """A load in the background for so long, `at` a URL; leaving waits until every batch has its outcome."""
        path = self.home / f"ledger-{len(self._loads)}.ndjson"
        batches = round(seconds * made.rate / made.size)
        load = Load(made, at or self.target.url, self.target.keys, str(path), batches, **changes)
        running = Running(load, self.home)
        self._loads.append(running)
        try:
            yield running
            running.finish(seconds + _FINISH_SECONDS)
        finally:
            running.kill()

    @contextmanager
    def sampling(self) -> Generator[Sampler]:
        """Answers are taken meanwhile, and judged by `verify`."""
        self._sampler = Sampler(self.target)
        try:
            yield self._sampler
        finally:
            self._sampler.stop()

    @contextmanager
    def watching(self, limit: int) -> Generator[None]:
        """I10 under load: no process of the platform may hold more than `limit` bytes at any time."""
        ended, peak = threading.Event(), dict[str, int]()

        def watch() -> None:
            while not ended.wait(0.25):
                for name, (resident, _) in resources(self.target.pids()).items():
                    peak[name] = max(peak.get(name, 0), resident)

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            ended.set()
            watcher.join()
        self.report.numbers["peak_mib"] = max(peak.values(), default=0) >> 20
        self.report.violations += [
            f"I10 {name} held {held >> 20} MiB, at most {limit >> 20}" for name, held in peak.items() if held > limit
        ]

    def forget_later_loads(self) -> None:
        """Judge by the first load alone."""
        del self._loads[1:]

    def books(self) -> Books:
        return Books.read(*(Path(r.load.ledger) for r in self._loads))

    def drained(self, seconds: float = DRAIN_SECONDS) -> float:
        """Wait until nothing is in flight; how long that took."""
        began = time.monotonic()

        def empty() -> bool:
            try:
                rows = readback.ledger(self.target.url, self.target.keys)
            except OSError:
                return False
            return rows.height > 0 and int(rows["in_flight"].sum()) == 0

        until(empty, seconds, what="an empty bus")
        return time.monotonic() - began

    def verify(self, *, stop: bool = True) -> Report:
        """Check all invariants; with `stop` also in the store's file, after which the platform is stopped."""
        report, target = self.report, self.target
        report.numbers["drained_s"] = round(self.drained(), 1)
        books = self.books()
        stored = readback.over_rest(target.url, target.keys)
        found = report.violations
        found += check.readings(books, stored)
        found += check.canaries(stored, TENANTS)
        found += check.known_sensors(target.url, target.keys, books)
        found += check.balance(books, readback.ledger(target.url, target.keys))
        found += check.aggregates(target.url, target.keys, stored)
        found += check.times(stored, start=self._began - _DAY, end=time.time_ns() // 1_000_000 + 300_000)
        alive = {name: pid for name, pid in target.pids().items() if self._same.get(name) == pid}
        found += check.returned_to_base(self._base, resources(alive))
        if self._sampler is not None:
            found += self._sampler.violations(books)
            report.numbers |= {"answers": self._sampler.answers, "meters": self._sampler.meters}
        report.numbers |= books.tally()
        if stop:
            target.stop()
            report.numbers = {name: value for name, value in report.numbers.items() if value != 0}
            file = target.data / "store" / "series.duckdb"
            in_file = readback.in_file(file)
            found += check.readings(books, in_file.drop("version"))
            found += check.rollups(file)
        return report
