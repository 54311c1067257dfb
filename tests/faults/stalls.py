"""F6, F7, F9: the store stalls, fails or drags, while readings go on coming in."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import polars as pl

from tests.faults import readback
from tests.faults.books import Books
from tests.faults.core import CALLS, trouble
from tests.faults.drill import Drill, Report, recipe
from tests.faults.plan import Case, fault
from tests.faults.platform import Parts, Up, seconds_to_serve
from tests.journeys.conftest import pause

_PEAK = 512 << 20
_BOUNDED_SECONDS = {"stall": 12.0, "errors": 15.0, "slow": 12.0}
_LONG_SECONDS = {"stall": 30.0, "errors": 60.0, "slow": 300.0}


def _seconds(case: Case, what: str) -> float:
    return (_BOUNDED_SECONDS if case.count == 1 else _LONG_SECONDS)[what]


@fault(
    "F6", "the store stalls (12 s, long plan 30 s): core stopped by SIGSTOP, then commits that hang", bounded=1, long=20
)
def stalls(case: Case) -> Report:
    total = Report()
    for number in range(case.count):
        for run in (_frozen_core, _hanging_commits):
            total.add(run(case, case.part(2 * number + (run is _hanging_commits))))
    return total


def _frozen_core(case: Case, home: Path) -> Report:
    """The whole process stands still: no heartbeats either, so the broker delivers again what it held."""
    up = Up(home).start()
    try:
        drill = Drill(up, home)
        stall = _seconds(case, "stall")
        with drill.watching(_PEAK), drill.load(recipe(case.seed), seconds=stall + 4):
            pause(2)
            core = up.pids()["core"]
            os.kill(core, signal.SIGSTOP)
            try:
                pause(stall)
            finally:
                os.kill(core, signal.SIGCONT)
            took = seconds_to_serve(up)
        report = drill.verify()
        report.numbers["recovery_s"] = round(took, 1)
        report.violations += _nobody_was_refused(drill.books())
    finally:
        up.stop()
    return report


def _hanging_commits(case: Case, home: Path) -> Report:
    """The store hangs and the process lives: heartbeats must keep everything where it is."""
    return _troubled(case, home, _seconds(case, "stall"), most_rows=1.05, stall=True)


@fault(
    "F7",
    "half of the store's commits fail (15 s, long plan 60 s), half of them after they took effect",
    bounded=1,
    long=20,
)
def errors(case: Case) -> Report:
    total = Report()
    for number in range(case.count):
        total.add(_troubled(case, case.part(number), _seconds(case, "errors"), most_calls=1.2, errors=0.5))
    return total


@fault("F9", "a slow consumer: 12 s (long plan 5 min) in which every commit takes 0.5 s more", bounded=1, long=5)
def slow(case: Case) -> Report:
    total = Report()
    for number in range(case.count):
        total.add(_troubled(case, case.part(number), _seconds(case, "slow"), most_rows=1.05, lag=True, slow_s=0.5))
    return total


def _troubled(
    case: Case,
    home: Path,
    seconds: float,
    *,
    most_rows: float = 0.0,
    most_calls: float = 0.0,
    lag: bool = False,
    **what: object,
) -> Report:
    """Trouble for so long in the middle of a load, with bounds on what the store is asked to do meanwhile."""
    parts = Parts(home, store_fault={"seed": case.seed})
    try:
        parts.start()
        drill = Drill(parts, home)
        with drill.sampling(), drill.watching(_PEAK), drill.load(recipe(case.seed), seconds=seconds + 4):
            pause(2)
            trouble(parts.data, **what)
            if lag:
                pause(seconds / 2)
                drill.report.violations += _lag_is_told(parts)
                pause(seconds / 2)
            else:
                pause(seconds)
            before = _calls(parts)
            trouble(parts.data)
            took = seconds_to_serve(parts)
        drill.drained()
        report = drill.verify()
        books = drill.books()
    finally:
        parts.stop()
    calls = _calls(parts)
    report.violations += _nobody_was_refused(books)
    report.numbers |= {"recovery_s": round(took, 1), "calls": calls["calls"], "failed": calls["failed"]}
    needed = books.rows.height
    report.numbers["rows_ratio"] = round(calls["rows"] / needed, 3)
    if most_rows and calls["rows"] > most_rows * needed + 2_000:
        report.violations.append(f"{calls['rows']} rows were given to the store for {needed}, at most {most_rows}×")
    # A healthy store commits each frame once, or several at a time: more calls than that are retries.
    if most_calls and before["calls"] > most_calls * books.attempts.height:
        report.violations.append(f"{before['calls']} calls for {books.attempts.height} frames, at most {most_calls}×")
    return report


def _calls(parts: Parts) -> dict[str, int]:
    try:
        return json.loads((parts.data / CALLS).read_text())
    except FileNotFoundError:
        return {"calls": 0, "failed": 0, "rows": 0, "max_rows": 0}


def _lag_is_told(parts: Parts) -> list[str]:
    """What waits is told: the ledger's in_flight is what was received and is not settled."""
    rows = readback.ledger(parts.url, parts.keys)
    wrong = rows.filter(pl.col("difference") != 0)
    return [f"I9 differences while the store drags: {wrong.to_dicts()[:2]}"] if wrong.height else []


def _nobody_was_refused(books: Books) -> list[str]:
    """A stall of the store is the bus's business, never the sender's, while there is room."""
    wrong = books.attempts.filter(pl.col("outcome") != "acked")
    return (
        [f"senders saw the stall: {wrong.height} attempts, such as {wrong.head(2).to_dicts()}"] if wrong.height else []
    )
