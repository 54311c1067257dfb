"""All four simulators over real HTTP, the real nats-server and the real store; the process role is killed under load."""

from __future__ import annotations

import os
import signal
import threading
import time

import numpy as np
import pytest

from penstock.app.upload import Uploader
from penstock.model.units import conversion, resolve_metric
from penstock.sources.simulate import Faults, Stream, parse_fleet
from tests.journeys.conftest import until

FLEETS = "buildings:step=10s+ems:step=5s+batteries:count=200,step=30s+events:per_hour=2000"
FAULTS = Faults(out_of_order=0.03, duplicates=0.01, burst_factor=10, burst_length_s=10, burst_every_s=60)
SPAN_MS = 8 * 60_000
SLICE_MS = 5_000


@pytest.mark.timeout(240)
async def test_killing_the_process_role_under_load_loses_nothing_and_counts_nothing_twice(fresh_platform):
    platform = fresh_platform
    stream = Stream(parse_fleet(FLEETS), faults=FAULTS, seed=11, keep_truth=True)
    end = int(time.time() * 1000) - 10_000
    kills = threading.Timer(1.0, lambda: os.kill(platform.state()["processes"]["core"], signal.SIGKILL))
    kills.start()
    async with Uploader(platform.url, platform.key, source="simulate") as uploader:
        for start in range(end - SPAN_MS, end, SLICE_MS):
            for delivery in stream.take(start, start + SLICE_MS):
                await _send(uploader, delivery)
        for delivery in stream.flush():
            await _send(uploader, delivery)
    kills.join()
    truth = stream.truth()

    ledger = _at_rest(platform)
    assert [row["difference"] for row in ledger] == [0] * len(ledger)
    fates = {
        name: sum(row[name] for row in ledger if row["source"] == "simulate") for name in ledger[0] if name != "source"
    }
    tally = truth.tally
    assert fates["received"] == tally.sent + tally.events
    assert fates["stored"] == tally.unique + tally.events
    assert fates["duplicate"] == tally.duplicates
    assert (fates["superseded"], fates["rejected"], fates["dead_lettered"]) == (0, 0, 0)
    assert platform.state()["restarts"]["core"] == 1

    _every_reading_is_there(platform, truth)
    stored = platform.get("/v1/events?limit=1000")["data"]
    assert len({row["id"] for row in stored}) == min(1000, len(truth.events))


async def _send(uploader, delivery):
    if delivery.draft is not None:
        verdict = await uploader.send(delivery.draft)
        assert verdict.rejected_total == 0, verdict.rejected[:3]
    if delivery.events:
        assert await uploader.send_events(delivery.events) == 0


def _at_rest(platform):
    """The ledger once nothing is in flight any more; the store may be away for a moment."""

    def settled():
        try:
            rows = platform.get("/v1/system/ledger")["data"]
        except AssertionError:  # 503 while the killed role comes back
            return None
        return rows if rows and all(row["in_flight"] == 0 for row in rows) else None

    return until(settled, 60.0, what="an empty bus")


def _every_reading_is_there(platform, truth):
    """What is served of each sensor of a sample equals the ground truth, value by value."""
    rng = np.random.default_rng(5)
    for code in rng.choice(np.unique(truth.series), 25, replace=False).tolist():
        key = truth.keys[code]
        metric, unit = resolve_metric(key.metric)
        to = conversion(metric, key.unit or unit)
        mine = truth.series == code
        expected = dict(zip(truth.ts[mine].tolist(), (truth.value[mine] * to.factor + to.offset).tolist(), strict=True))
        answer = platform.get(
            f"/v1/sensors/{key.sensor}/recent?metric={metric}&limit=10000",
            accept="application/vnd.penstock.columns+json",
        )
        served = dict(zip(answer["columns"]["ts"], answer["columns"]["value"], strict=True))
        assert served == expected, key
