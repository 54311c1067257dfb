"""The plan's outcome as a table: for the terminal, and between two marks of a document."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tests.faults.plan import Outcome, order

_MARKS: Final = {
    False: ("<!-- faults: begin, written by `make faults-report` -->", "<!-- faults: end -->"),
    True: ("<!-- long faults: begin, written by `make faults-long` -->", "<!-- long faults: end -->"),
}
_HEAD: Final = (
    "| | Fault | Times | Checked | Result | Measured | Took | Seed | On |",
    "|---|---|---|---|---|---|---|---|---|",
)


def line(outcome: Outcome) -> str:
    """One line for the terminal."""
    word = "skip" if outcome.absent else "ok" if outcome.ok else "FAIL"
    said = outcome.absent or ", ".join(f"{k} {v}" for k, v in outcome.report.numbers.items())
    head = f"{outcome.fault.name:4} {word:4} {outcome.seconds:6.1f} s  {outcome.fault.title} ×{outcome.count}"
    return "\n".join([f"{head}: {said}", *(f"       {v}" for v in outcome.report.violations)])


def row(one: Outcome, *, seed: int, when: str) -> str:
    """The outcome's row of the document's table."""
    result = "not run" if one.absent else "pass" if one.ok else f"**{len(one.report.violations)} violations**"
    measured = one.absent or ", ".join(f"{k} {_short(v)}" for k, v in one.report.numbers.items())
    count, checked = ("", "") if one.absent else (one.count, one.report.checked)
    cells = (
        one.fault.name,
        one.fault.title,
        count,
        checked,
        result,
        measured,
        f"{one.seconds:.0f} s",
        seed,
        when,
    )
    return f"| {' | '.join(map(str, cells))} |"


def write(path: Path, outcome: Outcome, *, seed: int, long: bool) -> None:
    """Replace the outcome's row between the marks that `path` has for the bounded or the long plan. ValueError without marks."""
    text, marks = path.read_text(), _MARKS[long]
    head, begin, rest = text.partition(marks[0])
    old, end, tail = rest.partition(marks[1])
    if not (begin and end):
        raise ValueError(f"{path} has no `{marks[0]}` … `{marks[1]}`")
    when = datetime.now(UTC).strftime("%Y-%m-%d")
    rows = {line.split("|")[1].strip(): line for line in old.splitlines() if line.startswith("| F")}
    rows[outcome.fault.name] = row(outcome, seed=seed, when=when)
    table = [*_HEAD, *(rows[name] for name in sorted(rows, key=order))]
    path.write_text("\n".join([f"{head}{begin}", *table, f"{end}{tail}"]))


def _short(value: object) -> object:
    return round(value, 1) if isinstance(value, float) and abs(value) >= 10 else value
