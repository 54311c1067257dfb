"""Findings: bounded wherever they are made or read."""

import pytest

from penstock.model.errors import RowError
from penstock.model.findings import MAX_CONVERSIONS, MAX_REFUSED, NOTHING_FOUND, Converted, Findings, Refused

CELSIUS = Converted("temperature", "degC", "temperature", "K", 1.0, 273.15)
REFUSED = Refused(3, "hq", "t1", "temperature", 1, "value_out_of_range", "below 0 K")


def test_lists_and_texts_are_cut_to_their_bounds():
    long = REFUSED._replace(sensor="s" * 999, detail="d" * 9_999)
    cut = Findings((CELSIUS._replace(sent_unit="u" * 999),) * 99, {"c" * 999: 1}, (long,) * 99).bounded()
    assert (len(cut.conversions), len(cut.refused)) == (MAX_CONVERSIONS, MAX_REFUSED)
    assert max(len(text) for row in (*cut.conversions, *cut.refused) for text in row if isinstance(text, str)) == 400
    assert len(next(iter(cut.reasons))) == 256
    assert cut.size < 64_000


def test_numbers_that_no_column_holds_are_cut_too():
    [refused] = Findings(refused=(REFUSED._replace(row=2**70, ts=2**70),)).bounded().refused
    assert (refused.row, refused.ts) == (2**63 - 1, None)


def test_what_is_within_bounds_stays_as_it_is():
    findings = Findings((CELSIUS,), {"value_out_of_range": 1}, (REFUSED,))
    assert findings.bounded() == findings


@pytest.mark.parametrize("part", [{"conversions": (CELSIUS,)}, {"reasons": {"x": 1}}, {"refused": (REFUSED,)}], ids=str)
def test_any_finding_makes_findings_true(part):
    assert Findings(**part)
    assert not NOTHING_FOUND


def test_rows_of_which_only_the_reason_is_known_are_counted_and_told():
    findings = Findings.of_rows([RowError(n, "ab"[n % 2], "why") for n in range(50)])
    assert findings.reasons == {"a": 25, "b": 25}
    assert findings.refused[1] == Refused(1, "", "", "", None, "b", "why")
    assert len(findings.refused) == MAX_REFUSED
