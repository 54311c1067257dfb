"""Every fault of the bounded plan as a test of its own: `pytest -m faults`; `python -m tests.faults` tells more."""

from __future__ import annotations

import pytest

from tests.faults.plan import execute, load_all
from tests.faults.report import line

FAULTS = load_all()


@pytest.mark.faults
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", list(FAULTS))
def test_nothing_promised_is_broken_by_fault(name, tmp_path):
    outcome = execute(FAULTS[name], tmp_path, seed=1, count=FAULTS[name].bounded)
    if outcome.absent:
        pytest.skip(outcome.absent)
    assert outcome.ok, line(outcome)
