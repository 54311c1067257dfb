"""The list of faults and how often each is run: every module of faults adds its own with `fault`."""

from __future__ import annotations

import importlib
import random
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.faults.drill import Report

MODULES: Final = ("kills", "power", "disks", "stalls", "links", "flows", "garbage", "bits")


class Absent(Exception):
    """The fault cannot be run here; says why."""


@dataclass(frozen=True)
class Case:
    """One run of a fault: its directory (empty), its seed, and how many times to break something."""

    home: Path
    seed: int
    count: int

    @property
    def rng(self) -> random.Random:
        return random.Random(self.seed)

    def part(self, number: int) -> Path:
        """A directory of its own for one of several platforms."""
        path = self.home / f"part-{number}"
        path.mkdir(parents=True)
        return path


@dataclass(frozen=True)
class Fault:
    """name (F1 …), title, how often something is broken in the bounded and in the long plan, and the run itself."""

    name: str
    title: str
    bounded: int
    long: int
    run: Callable[[Case], Report]


@dataclass(frozen=True)
class Outcome:
    """What a fault's run came to; `absent` says why it was not run."""

    fault: Fault
    count: int
    seed: int
    seconds: float
    report: Report
    absent: str = ""

    @property
    def ok(self) -> bool:
        return not self.report.violations


FAULTS: Final[dict[str, Fault]] = {}


def fault(
    name: str, title: str, *, bounded: int, long: int
) -> Callable[[Callable[[Case], Report]], Callable[[Case], Report]]:
    """Add a run to the plan."""

    def add(run: Callable[[Case], Report]) -> Callable[[Case], Report]:
        FAULTS[name] = Fault(name, title, bounded, long, run)
        return run

    return add


def load_all() -> dict[str, Fault]:
    """Every fault by name, in the plan's order."""
    for module in MODULES:
        importlib.import_module(f"tests.faults.{module}")
    return {name: FAULTS[name] for name in sorted(FAULTS, key=order)}


def order(name: str) -> tuple[int, str]:
    """Sorts F2 before F10."""
    return int("".join(filter(str.isdigit, name))), name


def execute(one: Fault, home: Path, *, seed: int, count: int) -> Outcome:
    """Run one fault; whatever it raises is a finding, never the end of the plan."""
    began = time.monotonic()
    absent = ""
    try:
        report = one.run(Case(home, seed, count))
    except Absent as reason:
        report, absent = Report(), str(reason)
    except Exception:  # noqa: BLE001 - the plan goes on with the next fault, and tells
        report = Report(violations=[f"the run broke off:\n{traceback.format_exc()}"])
    return Outcome(one, count, seed, time.monotonic() - began, report, absent)
