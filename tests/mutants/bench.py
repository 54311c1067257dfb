"""Where a mutant is made and tried: a copy of the package, patched, in front of the tests' import path."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from tests.mutants.catalogue import Mutant

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "penstock"
SECONDS = 900.0  # for a whole run; a single test that hangs fails by its own timeout

_FAILED = re.compile(r"^(?:FAILED|ERROR) ([^\s\[]+)", re.MULTILINE)


class NotRun(Exception):
    """The tests could not be run, so they say nothing."""


class StalePatch(Exception):
    """The code that a mutant replaces is no longer there: the catalogue must follow the code."""


def patched(mutant: Mutant, package: Path = PACKAGE) -> str:
    """The text of the mutant's file with the patch applied; raises StalePatch."""
    text = (package / mutant.file).read_text()
    if (times := text.count(mutant.old)) != 1:
        raise StalePatch(
            f"mutant {mutant.name!r}: the text to replace occurs {times} times in src/penstock/{mutant.file}; "
            "write the patch anew in tests/mutants/catalogue.py"
        )
    return text.replace(mutant.old, mutant.new)


def copy_package(directory: Path) -> Path:
    """A copy of the sound package, importable from `directory`."""
    copy = directory / "penstock"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


def failing(directory: Path, tests: Iterable[str]) -> set[str]:
    """Which of `tests` fail against the package in `directory`. A hang fails every one of them. Raises NotRun."""
    named = sorted(set(tests))
    environment = os.environ | {
        "PYTHONPATH": f"{directory}{os.pathsep}{ROOT}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "HYPOTHESIS_PROFILE": "mutants",
        "PENSTOCK_WORLDS": "80",
    }
    # Nobody reads why a test failed, and to explain how two long lists differ takes pytest a minute: plain asserts.
    options = ["-q", "--timeout=50", "--tb=no", "--assert=plain", "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", *options, *named]
    try:
        ran = subprocess.run(
            command, check=False, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=SECONDS
        )
    except subprocess.TimeoutExpired:
        return set(named)
    if ran.returncode not in (0, 1):
        raise NotRun(f"{named} could not be run:\n{ran.stdout[-2000:]}{ran.stderr[-2000:]}")
    broken = set(_FAILED.findall(ran.stdout))
    return {test for test in named if any(name == test or name.startswith(f"{test}::") for name in broken)}
