"""Who checks the checker: each kind of damage, planted, is found; sound data is not."""

from __future__ import annotations

import json

import polars as pl
import pytest

from tests.faults import check
from tests.faults.books import Books
from tests.faults.rows import CANARY

T = 1_795_000_000_000
A = CANARY


@pytest.fixture
def books(tmp_path):
    """Batch 0 acked, 1 refused, 2 unknown, 3 a correction of batch 0 (acked), 4 sent and nothing heard of."""
    batches = [
        (0, [T, T + 10], [A, A + 1], [0, 0], "acked"),
        (1, [T + 20], [A + 2], [0], "refused"),
        (2, [T + 30], [A + 3], [0], "unknown"),
        (3, [T], [A + 0.125], [1], "acked"),
        (4, [T + 40], [A + 4], [0], None),
    ]
    lines = []
    for number, ts, value, seq, outcome in batches:
        row = {"rows": number, "tenant": "default", "door": "json", "key": str(number), "sensor": [0] * len(ts)}
        lines.append(row | {"ts": ts, "value": value, "seq": seq})
        if outcome:
            told = {"outcome": outcome, "batch": number, "attempt": 1, "status": 200, "code": "", "ms": 1.0, "at": T}
            lines.append(told)
    path = tmp_path / "ledger.ndjson"
    path.write_text("\n".join(map(json.dumps, lines)))
    return Books.read(path)


def stored(*rows, tenant="default"):
    frame = pl.DataFrame(rows, schema={"ts": pl.Int64, "value": pl.Float64}, orient="row")
    return frame.select(pl.lit(tenant).alias("tenant"), pl.lit(0, pl.Int64).alias("sensor"), "ts", "value")


SOUND = ((T, A + 0.125), (T + 10, A + 1))


@pytest.mark.parametrize("extra", [(), ((T + 30, A + 3),), ((T + 40, A + 4),)], ids=["none", "unknown", "unheard"])
def test_what_was_acknowledged_and_perhaps_what_is_unknown_is_sound(books, extra):
    assert check.readings(books, stored(*SOUND, *extra)) == []


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([SOUND[0]], "I1"),
        ([*SOUND, (T + 20, A + 2)], "I2"),
        ([*SOUND, (T + 50, A + 5)], "I2"),
        ([SOUND[0], (T + 10, A + 9)], "I2"),
        ([*SOUND, SOUND[1]], "I3"),
        ([(T, A), SOUND[1]], "I3"),
    ],
    ids=["lost", "refused but kept", "invented", "altered", "twice", "correction lost"],
)
def test_damage_is_found(books, rows, found):
    told = check.readings(books, stored(*rows))
    assert told
    assert all(line.startswith(found) for line in told)


def test_a_canary_of_another_tenant_is_found():
    tenants = ("default", "other")
    assert check.canaries(stored((T, A)), tenants) == []
    assert check.canaries(stored((T, A), tenant="other"), tenants)[0].startswith("I12")


@pytest.mark.parametrize(
    ("received", "difference", "sound"),
    [(3, 0, True), (4, 0, True), (5, 0, True), (2, 0, False), (6, 0, False), (3, 1, False)],
    ids=["acked", "one unknown came", "both came", "one missing", "one invented", "unbalanced"],
)
def test_the_ledger_is_held_against_the_books(books, received, difference, sound):
    row = {"tenant": "default", "source": "load-json", "received": received, "difference": difference, "in_flight": 0}
    assert (check.balance(books, pl.DataFrame([row])) == []) is sound


def test_a_time_outside_the_window_is_found():
    assert check.times(stored((T, A)), start=T, end=T) == []
    assert check.times(stored((T, A)), start=T + 1, end=T + 2)[0].startswith("I11")


def test_open_descriptors_that_stay_are_found():
    assert check.returned_to_base({"core": (1, 20)}, {"core": (1, 30)}) == []
    assert check.returned_to_base({"core": (1, 20)}, {"core": (1, 60)})[0].startswith("I10")
