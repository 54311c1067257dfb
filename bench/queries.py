"""The standard questions on the same history in every system: at rest, and while it takes in half of what it can."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from bench import embedded
from bench.bodies import Stream
from bench.history import BATCH, SENSORS, STEP_MS, History, building, make, room, sensor, site
from bench.load import Load, command, recently, running, sustain
from bench.month import SERIES, SITE, Month
from bench.peers.penstock import Penstock
from bench.peers.port import Peer, Totals
from bench.peers.postgres import Postgres
from bench.questions import Asker, Question, Seen, standard
from bench.report import heading, line, percentile
from penstock.model.event import Event
from penstock.model.series import Attributes, SeriesKey

BURST_SECONDS = 5.0
"""Of the load that finds out what a system can take, when no comparison has measured it."""
_OFTEN = 4
"""Times as many repeats where a question takes milliseconds."""
USUAL_RATE = 500_000.0
"""Readings/s that the store in process is taken to get, when no comparison has measured it."""


def measure(
    makers: Mapping[str, Callable[[], Peer]],
    absent: Mapping[str, str],
    *,
    rows: int,
    events: int,
    repeats: int,
    rates: Mapping[str, float],
) -> list[dict[str, Any]]:
    """Fill each system with `rows` readings and `events` events, then ask. `rates`: system → readings/s that it can take."""
    history = make(rows, int(time.time() * 1000) // STEP_MS * STEP_MS)
    month = Month.make(history.end)
    questions = [*standard(history.end, history.end - history.start), month.question()]
    heading(
        f"{rows:,} readings ({len(history.ts):,} sent: 2 % late, 0.75 % repeated, 0.25 % corrected), {events:,} events; "
        f"{repeats} repeats, first (not counted) / p50 / p95 ms"
    )
    for name, reason in absent.items():
        line(f"{name}: skipped, {reason}")
    found = [
        _one(name, make_peer, history, month, questions, events, repeats, rates.get(name))
        for name, make_peer in {**makers, **_without_cache(makers)}.items()
    ]
    if Penstock.name in makers:
        found.append(_in_process(history, month, questions, events, repeats, rates.get(Penstock.name, USUAL_RATE)))
    return found


def _without_cache(makers: Mapping[str, Callable[[], Peer]]) -> Mapping[str, Callable[[], Peer]]:
    """Penstock that computes every answer: its edge would give the same one out again. `bench cache` measures that."""
    return {Penstock.name: lambda: Penstock({"PENSTOCK_CACHE_FRESH": "0"})} if Penstock.name in makers else {}


def _in_process(
    history: History, month: Month, questions: list[Question], events: int, repeats: int, rate: float
) -> dict[str, Any]:
    with embedded.Embedded() as store:
        line("\nDuckSeriesStore in this process, without bus and HTTP")
        keys = [SeriesKey(site(i), sensor(i), "temperature", "K") for i in range(SENSORS)]
        places = {(site(i), sensor(i)): Attributes(building(i), room(i)) for i in range(SENSORS)}
        for at in range(0, len(history.ts), BATCH):
            part = np.s_[at : at + BATCH]
            store.commit(keys, history.who[part], history.ts[part], history.said[part], attributes=places)
        for columns in month.columns():
            store.commit([SeriesKey(SITE, f"e{i:02d}", "power", "W") for i in range(SERIES)], *columns)
        for first in range(0, events, 50_000):
            columns = event_columns(history.end, first, min(50_000, events - first))
            store.commit_events([Event(m, t, "", c, m) for t, c, m in zip(*columns, strict=True)])
        store.upkeep()
        ask = store.askers()["in process"]
        answers = {"in process": _ask(ask, "in process", questions, truth(history, month), _OFTEN * repeats, "at rest")}
        with store.committing(rate / 2):
            busy = f"while committing {rate / 2:,.0f} readings/s"
            answers["in process, busy"] = _ask(
                ask, "in process", questions, truth(history, month), _OFTEN * repeats, busy
            )
    return {"system": "penstock in process", "rate": rate, "answers": answers}


def _one(
    name: str,
    make_peer: Callable[[], Peer],
    history: History,
    month: Month,
    questions: list[Question],
    events: int,
    repeats: int,
    rate: float | None,
) -> dict[str, Any]:
    with running(make_peer) as peer:
        line(f"\n{name} {peer.version.partition('+')[0]}")
        took, right = fill(peer, history, events, month), truth(history, month)
        exact = _exactness(peer.totals("temperature", history.start, history.end), history.truth)
        line(f"filled in {took:.1f} s over one connection; {exact['says']}")
        doors = peer.askers()
        answers = {door: _ask(ask, door, questions, right, repeats, "at rest") for door, ask in doors.items()}
        size = peer.disk_bytes()
        if rate is None:
            rate = sustain(peer, Load(seconds=BURST_SECONDS)).rate
        load = command(peer.target(), Stream(recently(), prefix="n"), 600.0, 2, rate / 2)
        client = subprocess.Popen(load, stdout=subprocess.DEVNULL)
        try:
            time.sleep(3)
            for door, ask in doors.items():
                busy = f"while taking in {rate / 2:,.0f} readings/s"
                answers[f"{door}, busy"] = _ask(ask, door, questions, right, repeats, busy)
            if client.poll() is not None:
                raise SystemExit(f"{name}: the load client ended while it was asked")
        finally:
            client.kill()
            client.wait()
    return {
        "system": name,
        "fill_s": took,
        "exact": exact,
        "bytes_per_reading": size and size / history.truth.readings,
        "rate": rate,
        "answers": answers,
    }


def truth(history: History, month: Month) -> Callable[[Question], Seen | None]:
    """What is true; None where it depends on when it is asked."""
    return lambda question: month.answer() if question.kind == "explore" else history.answer(question)


def fill(peer: Peer, history: History, events: int, month: Month) -> float:
    """Write the history (and where there are events, those); seconds until all of it can be queried. Penstock gets the month, too."""
    began = time.monotonic()
    for body in history.copies() if peer.target().body == "copy" else history.lines():
        peer.write(body)
    peer.settle()
    took = time.monotonic() - began
    if isinstance(peer, Penstock):
        for first in range(0, events, 5_000):
            peer.post_events(json.dumps(event_documents(history.end, first, min(5_000, events - first))).encode())
        for body in month.lines():
            peer.write(body)
        peer.settle()
        peer.rolled_up()
    elif isinstance(peer, Postgres):
        for first in range(0, events, 50_000):
            rows = event_columns(history.end, first, min(50_000, events - first))
            peer.write_events("".join(f"{ts}\t{c}\t{message}\n" for ts, c, message in zip(*rows, strict=True)).encode())
        peer.settle()
    return took


def event_columns(end: int, first: int, n: int) -> tuple[list[int], list[int], list[str]]:
    """Instants (epoch ms), criticalities and messages of the events `first` to `first + n`: ten a second, back from `end`."""
    rng = np.random.default_rng(first)
    ts = (end - (first + np.arange(n)) * 100).tolist()
    return ts, rng.integers(0, 11, n).tolist(), [f"badge refused at door {i}" for i in range(first, first + n)]


def event_documents(end: int, first: int, n: int) -> list[dict[str, Any]]:
    """The same as the events door takes them."""
    ts, criticality, message = event_columns(end, first, n)
    stamps = np.datetime_as_string(np.array(ts, "datetime64[ms]"), timezone="UTC").tolist()
    return [
        {"criticality": c, "timestamp": t, "eventMessage": m}
        for c, t, m in zip(criticality, stamps, message, strict=True)
    ]


def _exactness(held: Totals, truth: Totals) -> dict[str, Any]:
    """How far a system is from the truth after repetitions and corrections."""
    missing, off = truth.readings - held.readings, held.total - truth.total
    exact = missing == 0 and abs(off) <= 1e-9 * abs(truth.total)
    says = "count and sum are exact" if exact else f"{-missing:+,} readings, sum off by {off:+,.2f}"
    return {"exact": exact, "readings_off": -missing, "sum_off": off, "says": says}


def _ask(
    ask: Asker,
    door: str,
    questions: list[Question],
    truth: Callable[[Question], Seen | None],
    repeats: int,
    state: str,
) -> dict[str, dict[str, Any]]:
    """Each question `repeats` times, round-robin, after one round that does not count."""
    took: dict[str, list[float]] = {}
    first: dict[str, float] = {}
    right: dict[str, bool] = {}
    for n in range(repeats + 1):
        for question in questions:
            began = time.perf_counter()
            answer = ask(question)
            ended = time.perf_counter()
            if answer is None:
                continue
            elapsed = 1e3 * ((answer.at or ended) - began)
            if not n:
                first[question.name] = elapsed
                if (expected := truth(question)) is not None:
                    right[question.name] = answer.equals(expected)
            else:
                took.setdefault(question.name, []).append(elapsed)
    line(f"  {door}, {state}")
    found: dict[str, dict[str, Any]] = {}
    for question in questions:
        times = took.get(question.name)
        if times is None:
            line(f"    {question.name:58} {'-':>26}")
            continue
        p50, p95 = percentile(times, 0.5), percentile(times, 0.95)
        equal = right.get(question.name)
        cold = first[question.name]
        line(f"    {question.name:58} {cold:8.2f} {p50:8.2f} {p95:8.2f}{'   not the truth' if equal is False else ''}")
        found[question.name] = {"first_ms": cold, "p50_ms": p50, "p95_ms": p95, "equals_truth": equal}
    return found
