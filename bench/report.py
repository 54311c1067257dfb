"""What a run says: lines of a table as they are measured, and one JSON file with everything."""

from __future__ import annotations

import json
import os
import platform as machine
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"


def facts() -> dict[str, Any]:
    """What the figures depend on besides the code."""
    return {
        "python": machine.python_version(),
        "machine": machine.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "load_before": os.getloadavg()[0],
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def heading(title: str, columns: str = "") -> None:
    print(f"\n{title}\n{columns}" if columns else f"\n{title}", flush=True)


def line(text: str) -> None:
    print(text, flush=True)


def by_process(seconds: dict[str, float]) -> str:
    """`core 0.65, edge 0.68`: what is not nothing."""
    return ", ".join(f"{name} {value:.2f}" for name, value in sorted(seconds.items()) if value >= 0.005)


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of them lie (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def save(document: dict[str, Any]) -> Path:
    """Write `document` under bench/results; returns where."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{time.strftime('%Y%m%dT%H%M%S')}.json"
    path.write_text(json.dumps(document, indent=1))
    return path
