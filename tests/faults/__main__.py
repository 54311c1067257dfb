"""Run the fault plan.

    python -m tests.faults [--long] [--only F1,F3] [--times N] [--seed N] [--report FILE] [--keep DIR]

Exits with 1 when an invariant was violated. A failing run is repeated by its seed; `--keep` leaves its directory.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from penstock.app.observe import configure_logs
from tests.faults import report
from tests.faults.plan import Outcome, execute, load_all


def main() -> int:
    arguments = argparse.ArgumentParser(prog="python -m tests.faults", description="Run the fault plan.")
    arguments.add_argument("--long", action="store_true", help="the full counts (hours)")
    arguments.add_argument("--only", help="names by commas, such as F1,F3")
    arguments.add_argument("--times", type=int, help="how often to break something, instead of the plan's counts")
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--report", type=Path, help="document whose table takes each outcome as it comes")
    arguments.add_argument("--keep", type=Path, help="directory for data, ledgers and logs; kept")
    chosen = arguments.parse_args()
    configure_logs("error", "console", process="faults")
    faults = load_all()
    wanted = chosen.only.split(",") if chosen.only else list(faults)
    if unknown := set(wanted) - faults.keys():
        arguments.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(faults)}")
    home = chosen.keep or Path(tempfile.mkdtemp(prefix="penstock-faults-"))
    outcomes: list[Outcome] = []
    try:
        for name in wanted:
            place = home / name
            place.mkdir(parents=True)
            count = chosen.times or (faults[name].long if chosen.long else faults[name].bounded)
            outcomes.append(execute(faults[name], place, seed=chosen.seed, count=count))
            sys.stdout.write(report.line(outcomes[-1]) + "\n")
            sys.stdout.flush()
            if chosen.report:
                report.write(chosen.report, outcomes[-1], seed=chosen.seed, long=chosen.long)
    finally:
        if chosen.keep is None:
            shutil.rmtree(home, ignore_errors=True)
    return int(any(not one.ok for one in outcomes))


if __name__ == "__main__":
    sys.exit(main())
