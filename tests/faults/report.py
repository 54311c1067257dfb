"""The plan's outcome as a table: for the terminal, and between two marks of a document."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tests.faults.plan import Outcome

BEGIN: Final = "<!-- faults: begin, written by `make faults-report` -->"
END: Final = "<!-- faults: end -->"


def line(outcome: Outcome) -> str:
    """One line for the terminal."""
    word = "skip" if outcome.absent else "ok" if outcome.ok else "FAIL"
    said = outcome.absent or ", ".join(f"{k} {v}" for k, v in outcome.report.numbers.items())
    head = f"{outcome.fault.name:4} {word:4} {outcome.seconds:6.1f} s  {outcome.fault.title} ×{outcome.count}"
    return "\n".join([f"{head}: {said}", *(f"       {v}" for v in outcome.report.violations)])


def table(outcomes: Sequence[Outcome]) -> str:
    """Markdown."""
    rows = [
        "| | Fault | Runs | Checked | Result | Measured |",
        "|---|---|---|---|---|---|",
    ]
    for one in outcomes:
        result = "not run" if one.absent else "pass" if one.ok else f"**{len(one.report.violations)} violations**"
        measured = one.absent or ", ".join(f"{k} {v}" for k, v in one.report.numbers.items())
        checked = "" if one.absent else one.report.checked
        rows.append(
            f"| {one.fault.name} | {one.fault.title} | {'' if one.absent else one.count} | {checked} | {result} | {measured} |"
        )
    return "\n".join(rows)


def write(path: Path, outcomes: Sequence[Outcome], *, seed: int, long: bool) -> None:
    """Replace what stands between the marks of `path`; raises ValueError if it has none."""
    text = path.read_text()
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{path} has no `{BEGIN}` … `{END}`")
    ran = [one for one in outcomes if not one.absent]
    when = datetime.now(UTC).strftime("%Y-%m-%d")
    plan = "long" if long else "bounded"
    said = (
        f"The {plan} plan, seed {seed}, on {when}: Python {platform.python_version()}, {platform.system()}, "
        f"{sum(one.seconds for one in ran) / 60:.1f} minutes."
    )
    path.write_text(f"{head}{BEGIN}\n{said}\n\n{table(outcomes)}\n{END}{tail}")
