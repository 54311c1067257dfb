"""Try every mutant: `python -m tests.mutants [--only TEXT] [--report]`."""

import argparse
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.mutants.bench import ROOT, NotRun, copy_package, failing, patched
from tests.mutants.catalogue import MUTANTS, Mutant

REPORT = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- mutants: written by python -m tests.mutants --report -->", "<!-- end of mutants -->"


def caught_by(mutant: Mutant) -> set[str] | NotRun:
    """The tests that fail on the broken package, or why that could not be found out."""
    with tempfile.TemporaryDirectory(prefix="penstock-mutant-") as directory:
        copy = copy_package(Path(directory))
        (copy / mutant.file).write_text(patched(mutant))
        try:
            return failing(Path(directory), mutant.tests)
        except NotRun as error:
            return error


def sound() -> set[str]:
    """The tests that fail on an unbroken copy: none should."""
    with tempfile.TemporaryDirectory(prefix="penstock-sound-") as directory:
        copy_package(Path(directory))
        return failing(Path(directory), {test for mutant in MUTANTS for test in mutant.tests})


def table(found: dict[str, set[str]]) -> str:
    """The matrix as a Markdown table."""
    lines = ["| Mutant | What it would do | Caught by |", "|---|---|---|"]
    for mutant in MUTANTS:
        tests = [f"`{test.rpartition('::')[2]}`" for test in mutant.tests if test in found[mutant.name]]
        lines.append(f"| {mutant.name} | {mutant.breaks} | {'<br>'.join(tests)} |")
    return "\n".join(lines)


def write_report(found: dict[str, set[str]]) -> None:
    """Replace what is between the markers in the report, or append it."""
    section = f"{BEGIN}\n{table(found)}\n{END}"
    text = REPORT.read_text() if REPORT.exists() else "# Reliability\n"
    if BEGIN in text:
        before, _, rest = text.partition(BEGIN)
        text = before + section + rest.partition(END)[2]
    else:
        text += f"\n## Mutants\n\n{section}\n"
    REPORT.write_text(text)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--only", default="", metavar="TEXT", help="mutants whose name holds TEXT")
    parser.add_argument("--report", action="store_true", help="write the matrix into docs/reliability.md")
    asked = parser.parse_args()
    mutants = [mutant for mutant in MUTANTS if asked.only in mutant.name]
    for mutant in mutants:
        patched(mutant)  # every patch must apply before the first is tried
    began = time.perf_counter()
    with ThreadPoolExecutor(2) as pool:
        unbroken = pool.submit(sound)
        found = dict(zip([m.name for m in mutants], pool.map(caught_by, mutants), strict=True))
    bad = [f"{test} fails on the sound package" for test in sorted(unbroken.result())]
    caught: dict[str, set[str]] = {}
    for mutant in mutants:
        failed = found[mutant.name]
        if isinstance(failed, NotRun):
            bad.append(f"mutant {mutant.name!r}: {failed}")
            print(f"NOT TRIED  {mutant.name}")
            continue
        caught[mutant.name] = failed
        missing = sorted(set(mutant.tests) - failed)
        bad += [f"mutant {mutant.name!r} survives {test}" for test in missing]
        print(f"{'caught' if not missing else 'SURVIVES'}  {mutant.name}")
    print(*bad, f"{len(mutants)} mutants in {time.perf_counter() - began:.0f} s", sep="\n")
    if asked.report and not bad and not asked.only:
        write_report(caught)
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
