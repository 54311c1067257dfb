"""The command line while a part of the platform comes back: it waits, says so, and can be interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from tests.unit.app.answering import answering

from .conftest import clean_environment, until

AWAY = 503, {"detail": "nobody answers on readings.query", "code": "unavailable"}
WHEN = 1_769_860_800_000  # 2026-01-31T12:00:00Z


@pytest.mark.parametrize("command", [("status", "--json"), ("query", "mean(temperature) last 1h", "-o", "json")])
def test_a_question_in_the_second_after_the_core_was_killed_is_answered(fresh_platform, command):
    reading = {"sensor_id": "t1", "site_id": "hq", "metric": "temperature", "value": 293.0, "ts": WHEN}
    fresh_platform.post("/v1/readings", [reading])
    until(lambda: fresh_platform.get("/v1/series")["data"], what="the reading")
    os.kill(fresh_platform.state()["processes"]["core"], signal.SIGKILL)
    done = fresh_platform.cli(*command)
    assert done.code == 0, done.err
    assert done.json()["as_of"]


def test_an_interrupt_ends_the_wait(tmp_path):
    with answering(AWAY) as (url, _):
        waiting = subprocess.Popen(
            [sys.executable, "-m", "penstock", "status", "--url", url],
            env=clean_environment(PENSTOCK_DATA=str(tmp_path), PENSTOCK_KEY="pk_x"),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert waiting.stderr is not None
        assert "asking again" in waiting.stderr.readline()
        waiting.send_signal(signal.SIGINT)
        out, err = waiting.communicate(timeout=10)
    assert (waiting.returncode, out, err) == (130, "", "")
