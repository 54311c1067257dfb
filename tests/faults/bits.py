"""F16: a bit flips on disk while everything is stopped. It may cost data; it must never do so in silence, nor change a value."""

from __future__ import annotations

import os
import random
import urllib.request
from pathlib import Path

from tests.faults import check, readback
from tests.faults.drill import Drill, Report, recipe
from tests.faults.plan import Case, fault
from tests.faults.platform import Parts, Up
from tests.journeys.conftest import until


def flip(path: Path, rng: random.Random) -> int:
    """Flip one bit of a file; its position in bytes."""
    at = rng.randrange(path.stat().st_size)
    with path.open("r+b") as file:
        file.seek(at)
        (byte,) = file.read(1)
        file.seek(at)
        file.write(bytes([byte ^ 1 << rng.randrange(8)]))
        file.flush()
        os.fsync(file.fileno())
    return at


@fault("F16a", "a bit flips in a .blk of the broker while it is stopped, with a backlog in it", bounded=1, long=20)
def in_the_broker(case: Case) -> Report:
    """nats-server cuts a damaged file off without a word; Penstock must tell how much went, and alter nothing."""
    report = Report(checked="no altered value, no silent loss")
    rng, told, lost = case.rng, 0, 0
    for number in range(case.count):
        damage, gone, wrong = _flip_in_backlog(case.part(number), case.seed + number, rng)
        report.violations += wrong
        if gone and not damage:
            report.violations.append(f"{gone} acknowledged readings are gone and nothing tells of it")
        told, lost = told + bool(damage), lost + gone
    report.numbers |= {"flips": case.count, "told": told, "readings_lost": lost}
    return report


def _flip_in_backlog(home: Path, seed: int, rng: random.Random) -> tuple[float, int, list[str]]:
    """(messages that the platform tells are damaged, readings gone, readings that nobody sent)."""
    parts = Parts(home)
    try:
        parts.start()
        drill = Drill(parts, home)
        parts.stop_role("core")  # so that what is acknowledged stays on the bus
        with drill.load(recipe(seed), seconds=2):
            pass
        parts.stop_role("edge")
        parts.restart_broker(lambda: flip(_block(parts.data), rng))
        parts.start()
        until(lambda: _settled(parts), 30.0, what="an end to what can be delivered")
        stored = readback.over_rest(parts.url, parts.keys)
        books = drill.books()
        wrong = [line for line in check.readings(books, stored) if line.startswith("I2")]
        return _damage(parts), books.expected().height - stored.height, wrong
    finally:
        parts.stop()


def _block(data: Path) -> Path:
    """The largest file of messages of the readings lane."""
    return max((data / "nats").rglob("PENSTOCK_READINGS/msgs/*.blk"), key=lambda path: path.stat().st_size)


def _damage(parts: Parts) -> float:
    """What the metrics tell of lost or unreadable messages."""
    with urllib.request.urlopen(
        urllib.request.Request(f"{parts.url}/metrics", headers={"Authorization": f"Bearer {parts.keys['default']}"})
    ) as answer:
        text = answer.read().decode()
    names = (
        "penstock_broker_lost_messages_total",
        "penstock_lane_unreadable_messages",
        "penstock_lane_vanished_messages_total",
    )
    return sum(float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(names))


def _settled(parts: Parts) -> bool:
    rows = readback.ledger(parts.url, parts.keys)
    return rows.height > 0 and int(rows["in_flight"].sum()) == 0


@fault("F16b", "a bit flips in the DuckDB file while it is stopped", bounded=1, long=20)
def in_the_store(case: Case) -> Report:
    """DuckDB keeps a checksum per block: a damaged one is refused, a value is never changed."""
    report = Report(checked="no altered value, damage is told")
    told = 0
    rng = case.rng
    for number in range(case.count):
        home = case.part(number)
        up = Up(home).start()
        try:
            drill = Drill(up, home)
            with drill.load(recipe(case.seed + number, rate=20_000, size=1_000), seconds=2):
                pass
            drill.drained()
            up.stop()
            at = flip(up.data / "store" / "series.duckdb", rng)
            try:
                up.start()
                stored = readback.over_rest(up.url, up.keys)
            except (AssertionError, OSError):  # it did not start, or did not answer: damage was told
                told += 1
                continue
            if wrong := check.readings(drill.books(), stored):
                report.violations += [f"bit {at} of the store: {line}" for line in wrong]
        finally:
            up.kill()
    report.numbers |= {"flips": case.count, "told": told, "harmless": case.count - told}
    return report
