"""How soon a live reading is visible while somebody makes up for a long outage, with the backlog lane and without it."""

from __future__ import annotations

import json
import subprocess
import time
from typing import Any

from bench.bodies import Stream
from bench.load import Load, command, running
from bench.peers.penstock import Penstock
from bench.questions import DAY
from bench.report import heading, line, percentile

LIVE_ROWS = 200
LIVE_EVERY = 0.1
"""Together 2,000 live readings/s."""
WARM_UP = 2.0
SENSORS = 1_000


def measure(load: Load) -> list[dict[str, Any]]:
    """A live stream of 2,000 readings/s beside as many readings from three days ago as four connections can send."""
    heading(
        f"live readings beside a backlog that is poured in for {load.seconds:g} s (2,000 readings/s live)",
        "backlog lane   visible after p50 / p95 / max ms   backlog sent/s   drained/s in all   drained after",
    )
    return [_one(lane, load) for lane in ("on", "off")]


def _one(lane: str, load: Load) -> dict[str, Any]:
    with running(lambda: Penstock({} if lane == "on" else {"PENSTOCK_BACKLOG_AFTER": "0"})) as platform:
        assert isinstance(platform, Penstock)
        _send(platform)
        platform.settled()
        old = Stream(int(time.time() * 1000) // 1000 * 1000 - 3 * DAY, SENSORS, prefix="old")
        pour = subprocess.Popen(
            command(platform.target("arrow"), old, load.seconds, load.connections), stdout=subprocess.PIPE, text=True
        )
        began, visible = time.monotonic(), list[float]()
        while pour.poll() is None:
            next_at = time.monotonic() + LIVE_EVERY
            took = _until_visible(platform)
            if time.monotonic() - began > WARM_UP:
                visible.append(1e3 * took)
            time.sleep(max(0.0, next_at - time.monotonic()))
        assert pour.stdout is not None
        sent = json.loads(pour.stdout.read())
        ended = time.time()
        platform.settled()
        after, elapsed = time.time() - ended, time.time() - sent["began"]
    found = {
        "lane": lane,
        "p50_ms": percentile(visible, 0.5),
        "p95_ms": percentile(visible, 0.95),
        "max_ms": max(visible),
        "sent_per_s": sent["readings"] / sent["seconds"],
        "drained_per_s": sent["readings"] / elapsed,
        "drained_after_s": after,
    }
    line(
        "{lane:12}   {p50_ms:10.0f} / {p95_ms:6.0f} / {max_ms:6.0f}   {sent_per_s:19,.0f}   {drained_per_s:16,.0f}   "
        "{drained_after_s:11.1f} s".format(**found)
    )
    return found


def _until_visible(platform: Penstock) -> float:
    """Send live readings; seconds until the newest of them is the answer to a question."""
    began = time.monotonic()
    now = _send(platform)
    while platform.newest(f"live{LIVE_ROWS - 1}") < now:
        time.sleep(0.005)
    return time.monotonic() - began


def _send(platform: Penstock) -> int:
    """One live reading of each sensor; returns their instant, epoch ms."""
    now = int(time.time() * 1000)
    rows = [{"sensor_id": f"live{i}", "metric": "power_w", "ts": now, "value": i} for i in range(LIVE_ROWS)]
    platform.post("json", json.dumps(rows).encode())
    return now
