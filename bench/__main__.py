"""Run the benchmark and print one table.

python -m bench                    about two minutes
python -m bench --seconds 60       the sustained figures
python -m bench --doors arrow,line
"""

from __future__ import annotations

import argparse
import json
import platform as machine
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from bench.bodies import ENDPOINTS, SENSORS, STEP_MS
from bench.measured import KEY, Platform
from bench.queries import measure_queries

RESULTS = Path(__file__).parent / "results"


class _Peak(threading.Thread):
    """Samples the platform's memory while a load runs."""

    def __init__(self, platform: Platform) -> None:
        super().__init__(daemon=True)
        self._platform = platform
        self._done = threading.Event()
        self.total = 0.0
        self.each: dict[str, float] = {}

    def run(self) -> None:
        while not self._done.wait(0.25):
            now = self._platform.memory()
            self.total = max(self.total, sum(now.values()))
            self.each = {name: max(mb, self.each.get(name, 0.0)) for name, mb in now.items()}

    def stop(self) -> None:
        self._done.set()
        self.join()


def measure_door(name: str, seconds: float, connections: int) -> dict[str, Any]:
    """One door on a fresh platform: load, then wait until the last reading is visible."""
    with Platform() as platform:
        start = (int(time.time() * 1000) - 45 * 60_000) // 1000 * 1000
        spec = {
            "host": platform.host,
            "port": platform.port,
            "key": KEY,
            "name": name,
            "start": start,
            "seconds": seconds,
            "connections": connections,
        }
        before = platform.cpu()
        peak = _Peak(platform)
        peak.start()
        output = subprocess.run(
            [sys.executable, "-m", "bench.client", json.dumps(spec)], check=True, capture_output=True, text=True
        ).stdout
        load = json.loads(output)
        stored = platform.settled()
        elapsed = time.time() - load["began"]
        peak.stop()
        after = platform.cpu()
        if stored < load["readings"]:
            raise SystemExit(f"{name}: {load['readings']} acknowledged, {stored} settled")
        millions = load["readings"] / 1e6
        return load | {
            "door": name,
            "readings_per_s": load["readings"] / elapsed,
            "cpu_s_per_million": {n: (after[n] - before.get(n, 0.0)) / millions for n in after},
            "client_cpu_s_per_million": load["client_cpu"] / millions,
            "peak_mb": peak.total,
            "peak_mb_each": peak.each,
        }


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, default=12.0, help="load per door")
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--doors", default="arrow,json,line,ems", help=f"of {', '.join(ENDPOINTS)}")
    parser.add_argument("--no-queries", action="store_true")
    options = parser.parse_args()

    facts = {
        "python": machine.python_version(),
        "machine": machine.machine(),
        "cores": len(__import__("os").sched_getaffinity(0)),
    }
    print(f"{facts['cores']} cores, Python {facts['python']}; {SENSORS} sensors, step {STEP_MS} ms, "
          f"{options.connections} connections, {options.seconds:g} s per door, fsync on, dedupe exact\n")  # fmt: skip
    with Platform() as platform:
        time.sleep(5)
        idle = platform.memory()
    print(
        f"idle memory   {sum(idle.values()):6.0f} MB   " + "  ".join(f"{n} {mb:.0f}" for n, mb in idle.items()) + "\n"
    )

    print(
        "door      readings/s   ack p50/p95 ms   CPU s per million readings (platform | client)            peak MB  refused"
    )
    doors = []
    for name in options.doors.split(","):
        figures = measure_door(name, options.seconds, options.connections)
        doors.append(figures)
        cpu = figures["cpu_s_per_million"]
        detail = " ".join(f"{n} {s:.2f}" for n, s in cpu.items() if s >= 0.005)
        print(
            f"{name:8} {figures['readings_per_s']:11,.0f}   {figures['ack_p50_ms']:6.1f} /{figures['ack_p95_ms']:7.1f}"
            f"   {sum(cpu.values()):.2f} ({detail}) | {figures['client_cpu_s_per_million']:.2f}"
            f"   {figures['peak_mb']:6.0f}  {figures['refused']}"
        )
    queries = [] if options.no_queries else measure_queries()
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{time.strftime('%Y%m%dT%H%M%S')}.json"
    path.write_text(json.dumps({"facts": facts, "idle_mb": idle, "doors": doors, "queries": queries}, indent=1))
    print(f"\nwritten to {path}")


if __name__ == "__main__":
    main()
