"""Penstock's own doors, each on a fresh platform: sustained rate, CPU and memory. And what a platform needs at rest."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from bench.load import Figures, Load, running, sustain
from bench.peers.penstock import Penstock
from bench.peers.port import resident_mb
from bench.report import by_process, heading, line

COLUMNS = (
    "door         readings/s   ack p50 / p95 ms   CPU s per million readings (platform | client)"
    "                 peak MB   refused"
)


def idle() -> dict[str, float]:
    """Resident MB of each process of an empty platform, five seconds after it is up."""
    with running(Penstock) as platform:
        time.sleep(5)
        resting = resident_mb(platform)
    line(f"idle memory {sum(resting.values()):.0f} MB ({by_process(resting)})")
    return resting


def measure(doors: Sequence[str], load: Load) -> list[dict[str, Any]]:
    """Load each of `doors` (names of `bench.peers.penstock.DOORS`) as `load` says."""
    heading(
        f"Penstock's doors, {load.seconds:g} s each, {load.connections} connections, {load.sensors} sensors", COLUMNS
    )
    found: list[dict[str, Any]] = []
    for door in doors:
        with running(Penstock) as platform:
            figures = sustain(platform, Load(door, load.seconds, load.connections, load.sensors, load.late))
        line(row(door, figures))
        found.append({"door": door} | figures.document())
    return found


def row(label: str, figures: Figures) -> str:
    """One line under COLUMNS."""
    cpu = f"{figures.platform_cpu:.2f} ({by_process(figures.cpu)}) | {figures.client_cpu:.2f}"
    ack = f"{figures.ack_p50_ms:.0f} / {figures.ack_p95_ms:.0f}"
    return f"{label:12} {figures.rate:10,.0f}   {ack:>16}   {cpu:58} {figures.peak_mb:8.0f}   {figures.refused:7}"
