"""The TypeScript package, installed from its lock for a test."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

__all__ = ["FOLDER", "ROOT", "installed_package"]

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "sdk" / "typescript"
_OFFLINE = ("ENOTFOUND", "ECONNREFUSED", "ETIMEDOUT", "EAI_AGAIN")


def installed_package(home: Path) -> Path:
    """A copy of the package under `home` with what its lock names; the test is skipped where the registry cannot be reached."""
    place = home / "sdk" / "typescript"
    shutil.copytree(FOLDER, place, ignore=shutil.ignore_patterns("node_modules", "build", "dist"))
    (home / "docs").mkdir()
    (home / "docs" / "api").symlink_to(ROOT / "docs" / "api")
    command = ["npm", "ci", "--no-audit", "--no-fund", "--prefer-offline"]
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=200, check=False)
    if done.returncode and any(code in done.stderr for code in _OFFLINE):
        pytest.skip("the npm registry cannot be reached")
    assert done.returncode == 0, done.stderr
    return place
