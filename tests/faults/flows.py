"""F10, F11: nothing breaks but the order and the pace of what comes in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl

from tests.faults import readback
from tests.faults.books import Books
from tests.faults.drill import Drill, Report, recipe
from tests.faults.plan import Absent, Case, fault
from tests.faults.platform import Up

_PEAK = 768 << 20


@fault("F10", "repetitions, late readings, corrections; then everything again", bounded=1, long=5)
def replay(case: Case) -> Report:
    """The second time every batch goes under another key, as a client would that has lost its memory."""
    up = Up(case.home).start()
    try:
        drill = Drill(up, case.home)
        made = recipe(case.seed, duplicates=0.05, late=0.10, corrections=0.02)
        with drill.sampling(), drill.load(made, seconds=5):
            pass
        drill.drained()
        before = readback.over_rest(up.url, up.keys)
        for again in range(case.count):
            with drill.load(made, seconds=5, source=f"again{again}", senders=16):
                pass
        drill.drained()
        after = readback.over_rest(up.url, up.keys)
        rows = readback.ledger(up.url, up.keys)
        report = _verify_first(drill)
    finally:
        up.stop()
    if not before.sort(before.columns).equals(after.sort(after.columns)):
        report.violations.append(
            f"I5 sending everything again changed the store: {before.height} → {after.height} rows"
        )
    repeated = rows.filter(pl.col("source").str.starts_with("again"))
    if stored := int(repeated["stored"].sum()):
        report.violations.append(f"I5 {stored} repeated readings were stored again")
    report.numbers["repeated"] = int(repeated["received"].sum())
    report.checked += " I5"
    return report


def _verify_first(drill: Drill) -> Report:
    """Judge by the first load's books alone: the later ones sent the same and must not have mattered."""
    drill.forget_later_loads()
    return drill.verify()


@fault("F11", "bursts of 10× the rate", bounded=2, long=30)
def bursts(case: Case) -> Report:
    """A burst of 3 s every 8 s; long runs keep on for as many bursts.

    The readings' own time passes with the load's, ten times as fast in a burst: it begins so much earlier.
    """
    up = Up(case.home).start()
    try:
        drill = Drill(up, case.home)
        plain = recipe(case.seed, rate=4_000, size=400)
        made = replace(plain, base=plain.base - case.count * 3 * 9_000)
        seconds = case.count * (5 + 3 * 10)
        with (
            drill.sampling(),
            drill.watching(_PEAK),
            drill.load(made, seconds=seconds, burst=(10.0, 3.0, 8.0), senders=16),
        ):
            pass
        report = drill.verify()
    finally:
        up.stop()
    attempts = Books.read(Path(case.home / "ledger-0.ndjson")).attempts
    odd = attempts.filter((pl.col("outcome") != "acked") & ~pl.col("status").is_in([429, 503]))
    if odd.height:
        report.violations.append(f"answers other than 429 and 503 under load: {odd.head(3).to_dicts()}")
    latency = attempts.filter(pl.col("outcome") == "acked")["ms"]
    report.numbers |= {"ack_p50_ms": latency.median(), "ack_p99_ms": latency.quantile(0.99)}
    return report


@fault("F15", "a webhook's receiver fails, hangs, resets", bounded=1, long=200)
def webhooks(case: Case) -> Report:
    """There is nothing to break yet."""
    raise Absent("not applicable: notifications come with alarms")
