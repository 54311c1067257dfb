"""The commands that the documents show are run as they stand, against a platform of their own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.journeys.conftest import clean_environment

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(not shutil.which("curl") or not shutil.which("bash"), reason="needs curl and bash")

# Every curl must succeed; a stream is followed for a moment, and 28 is its way of saying that time was up.
PRELUDE = """
set -euo pipefail
curl() {
  if [ "$1" = -N ]; then command curl -sS --fail-with-body --max-time 1 "$@" || [ $? = 28 ]
  else command curl -sS --fail-with-body "$@"; echo; fi
}
"""


def _blocks(document: Path) -> list[str]:
    """Shell blocks: those marked `sh`, and those without a language."""
    fences = re.findall(r"^```(\w*)\n(.*?)^```$", document.read_text(), re.MULTILINE | re.DOTALL)
    return [text for language, text in fences if language in {"", "sh"}]


def _run(script: str, platform, home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-c", PRELUDE + script.replace("http://127.0.0.1:8080", platform.url)],
        cwd=home,
        env=clean_environment(PATH=path, **environment),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_reference_of_the_api_can_be_pasted(platform, tmp_path):
    (tmp_path / "readings.csv").write_text("sensor_id,metric,ts,value\nmeter-1,power_w,2026-01-31T12:01:00Z,1180.5\n")
    blocks = [block for block in _blocks(ROOT / "docs" / "api.md") if "curl" in block or "U=" in block]
    assert len(blocks) >= 6
    done = _run("\n".join(blocks), platform, tmp_path, KEY=platform.key)
    assert done.returncode == 0, done.stderr + done.stdout
    assert '"accepted":2' in done.stdout
    assert "bat-7@1769860800000" in done.stdout


def test_the_examples_of_keys_can_be_pasted(platform, tmp_path):
    (block,) = [block for block in _blocks(ROOT / "docs" / "web.md") if "curl" in block]
    head = f'U={platform.url}\nH="Authorization: Bearer $KEY"\n'
    done = _run(head + block, platform, tmp_path, KEY=platform.key)
    assert done.returncode == 0, done.stderr + done.stdout
    assert done.stdout.count('"name":"gateway"') == 2
    assert done.stdout.count('"key":"pk_') == 1


def test_the_examples_of_the_catalog_can_be_pasted(fresh_platform, tmp_path):
    blocks = [block for block in _blocks(ROOT / "docs" / "catalog.md") if "curl" in block]
    assert len(blocks) == 3
    done = _run("\n".join(blocks), fresh_platform, tmp_path, KEY=fresh_platform.key)
    assert done.returncode == 0, done.stderr + done.stdout
    assert '"name":"Laboratory"' in done.stdout
    assert '"refused":0' in done.stdout


def test_the_readmes_first_steps_can_be_pasted(platform, tmp_path):
    (tmp_path / "penstock-data").symlink_to(platform.data)
    (tmp_path / "meter.csv").write_text("timestamp,P\n2026-01-31 12:00:00,1.2\n2026-01-31 12:01:00,1.3\n")
    (block,) = [block for block in _blocks(ROOT / "README.md") if "penstock up" in block]
    start, rest = block.split("\n", 1)
    assert start.startswith("penstock up ")  # the fixture has done that
    done = _run(rest, platform, tmp_path)
    assert done.returncode == 0, done.stderr + done.stdout
    assert '"readings":3' in done.stdout
    assert '"sensor_id":"meter-1"' in done.stdout
    assert "stored" in done.stdout + done.stderr
