"""Side by side: the same rows (for HTTP the same bytes) from the same client to every system, in interleaved rounds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bench.doors import COLUMNS, row
from bench.load import Figures, Load, running, sustain
from bench.peers import Penstock
from bench.peers.port import Peer
from bench.report import by_process, heading, line, median


def measure(
    makers: Mapping[str, Callable[[], Peer]], absent: Mapping[str, str], load: Load, rounds: int
) -> list[dict[str, Any]]:
    """`rounds` rounds over all systems, each time a fresh one; medians, and their ratio to Penstock's."""
    heading(
        f"side by side: one row a reading, {load.seconds:g} s each, {load.connections} connections, {rounds} rounds, "
        "until everything can be queried",
        COLUMNS.replace("door  ", "system").replace("platform", "system  "),
    )
    for name, reason in absent.items():
        line(f"{name}: skipped, {reason}")
    measured: dict[str, list[Figures]] = {name: [] for name in makers}
    described: dict[str, Peer] = {}
    for _ in range(rounds):
        for name, make in makers.items():
            with running(make) as peer:
                described[name] = peer
                measured[name].append(sustain(peer, load))
            line(row(name, measured[name][-1]))
    return _compared(measured, described)


def _compared(measured: Mapping[str, list[Figures]], described: Mapping[str, Peer]) -> list[dict[str, Any]]:
    rates = {name: median([f.rate for f in figures]) for name, figures in measured.items()}
    cpu = {name: median([f.platform_cpu for f in figures]) for name, figures in measured.items()}
    own = Penstock.name
    if own in rates:
        heading(f"{own}'s rate and CPU as a multiple of each system's (medians of the rounds)")
        for name, rate in rates.items():
            if name != own:
                used = f"{cpu[own] / cpu[name]:.2f}x" if cpu[name] else "unknown"
                line(f"{rates[own] / rate:5.2f}x the readings/s, {used:>7} the CPU per reading of {name}")
    heading(
        "medians of the rounds", "system              readings/s   CPU s/M   acknowledged data survives a power cut"
    )
    found: list[dict[str, Any]] = []
    for name, figures in measured.items():
        peer = described[name]
        label = f"{name} {peer.version.partition('+')[0]}"
        line(f"{label:24} {rates[name]:10,.0f}   {cpu[name]:7.2f}   {peer.durability}")
        found.append(
            {
                "system": name,
                "version": peer.version,
                "durability": peer.durability,
                "rate": rates[name],
                "cpu": cpu[name],
                "detail": by_process(figures[-1].cpu),
                "rounds": [f.document() for f in figures],
            }
        )
    return found
