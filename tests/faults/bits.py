"""F16: a bit flips on disk while everything is stopped. It may cost data; it must never do so in silence, nor change a value."""

from __future__ import annotations

import os
import random
from pathlib import Path

from tests.faults import check, readback
from tests.faults.drill import Drill, Report, recipe
from tests.faults.plan import Case, fault
from tests.faults.platform import Up


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


@fault("F16b", "a bit flips in the DuckDB file while it is stopped", bounded=3, long=20)
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
