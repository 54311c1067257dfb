"""F1, F2, F12: processes end, at once or asked to, while readings come in."""

from __future__ import annotations

import os
import signal
import statistics
import time
from pathlib import Path

from tests.faults.drill import Drill, Report, recipe
from tests.faults.plan import Case, fault
from tests.faults.platform import Up, seconds_to_serve
from tests.journeys.conftest import pause

RECOVERY_SECONDS = 15.0
_PER_PLATFORM = 4
"""Kills of one supervisor's children; more would measure how it slows restarts down, not whether data survives."""


def _killing(case: Case, victims: tuple[str, ...]) -> Report:
    total, rng, took = Report(), case.rng, []
    for number in range(-(-case.count // _PER_PLATFORM)):
        home = case.part(number)
        up = Up(home).start()
        try:
            drill = Drill(up, home)
            kills = min(_PER_PLATFORM, case.count - number * _PER_PLATFORM)
            with drill.sampling(), drill.load(recipe(case.seed + number), seconds=3.0 * kills):
                for turn in range(kills):
                    pause(rng.uniform(0.0, 2.0))
                    os.kill(up.pids()[victims[turn % len(victims)]], signal.SIGKILL)
                    took.append(seconds_to_serve(up))
            total.add(drill.verify())
        finally:
            up.stop()
    total.numbers |= {
        "kills": case.count,
        "recovery_median_s": round(statistics.median(took), 1),
        "recovery_max_s": round(max(took), 1),
    }
    if max(took) > RECOVERY_SECONDS:
        total.violations.append(f"serving again took {max(took):.1f} s, at most {RECOVERY_SECONDS:g} s is promised")
    return total


@fault("F1", "kill -9 of core or edge at random moments", bounded=8, long=200)
def kill_roles(case: Case) -> Report:
    return _killing(case, ("core", "edge"))


@fault("F2", "kill -9 of nats-server at random moments", bounded=4, long=100)
def kill_broker(case: Case) -> Report:
    return _killing(case, ("nats",))


@fault("F12", "SIGTERM of the whole platform under load, then a new start", bounded=2, long=50)
def restart(case: Case) -> Report:
    up = Up(case.home).start()
    try:
        drill = Drill(up, case.home)
        stopped: list[float] = []
        codes: list[int] = []
        with drill.load(recipe(case.seed), seconds=6.0 * case.count):
            for _ in range(case.count):
                pause(case.rng.uniform(0.5, 2.0))
                began = time.monotonic()
                codes.append(up.stop())
                stopped.append(time.monotonic() - began)
                up.start()
        report = drill.verify()
    finally:
        up.stop()
    if any(codes):
        report.violations.append(f"exit codes {codes}, 0 is promised\n{_tail(case.home)}")
    if max(stopped) > 10.5:
        report.violations.append(f"stopping took {max(stopped):.1f} s, at most 10 s is promised")
    report.numbers |= {"stops": case.count, "stop_max_s": round(max(stopped), 1)}
    return report


def _tail(home: Path) -> str:
    return "\n".join(path.read_text()[-1000:] for path in sorted(home.glob("up-*.log"))[-2:])
