import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.model.errors import InvalidInput
from penstock.model.event import MAX_MESSAGE, make_event

SAID = (7, "2026-01-31T12:00:00+01:00", "door")


def test_an_event_keeps_what_was_said_and_knows_when_it_was():
    event = make_event(*SAID, source="gate")
    assert (event.criticality, event.timestamp, event.message, event.source) == (*SAID, "gate")
    assert event.ts == 1_769_857_200_000


def test_the_same_words_are_the_same_event_and_any_other_are_not():
    ids = {
        make_event(*SAID).id,
        make_event(*SAID).id,
        make_event(8, *SAID[1:]).id,
        make_event(7, "2026-01-31T11:00:00Z", "door").id,
        make_event(7, SAID[1], "doors").id,
        make_event(*SAID, source="gate").id,
    }
    assert len(ids) == 5


def test_the_senders_own_id_is_kept():
    assert make_event(*SAID, event_id="mine").id == "mine"
    assert make_event(*SAID, event_id="").id == make_event(*SAID).id


@pytest.mark.parametrize(
    ("criticality", "timestamp", "message", "code"),
    [
        (True, SAID[1], "m", "invalid_criticality"),
        (7.0, SAID[1], "m", "invalid_criticality"),
        ("7", SAID[1], "m", "invalid_criticality"),
        (None, SAID[1], "m", "invalid_criticality"),
        (2**31, SAID[1], "m", "invalid_criticality"),
        (-(2**31) - 1, SAID[1], "m", "invalid_criticality"),
        (7, 1_769_857_200_000, "m", "invalid_timestamp"),
        (7, "1769857200000", "m", "invalid_timestamp"),
        (7, "²", "m", "invalid_timestamp"),
        (7, "soon", "m", "invalid_timestamp"),
        (7, "2026-01-31T12:00:00", "m", "naive_timestamp"),
        (7, SAID[1], 5, "invalid_message"),
        (7, SAID[1], None, "invalid_message"),
        (7, SAID[1], "m" * (MAX_MESSAGE + 1), "invalid_message"),
    ],
)
def test_a_field_at_fault_is_named(criticality, timestamp, message, code):
    with pytest.raises(InvalidInput) as refused:
        make_event(criticality, timestamp, message)
    assert refused.value.code == code


@pytest.mark.parametrize(("source", "event_id"), [(5, None), (None, None), ("s", 5)])
def test_source_and_id_are_text(source, event_id):
    with pytest.raises(InvalidInput):
        make_event(*SAID, source=source, event_id=event_id)


@pytest.mark.parametrize("criticality", [0, -1, 2**31 - 1, -(2**31)])
def test_criticality_is_any_32_bit_integer(criticality):
    assert make_event(criticality, *SAID[1:]).criticality == criticality


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=2),
    max_leaves=3,
)


@given(JSON, JSON, JSON, JSON, JSON)
def test_any_json_is_an_event_or_refused(criticality, timestamp, message, source, event_id):
    try:
        event = make_event(criticality, timestamp, message, source=source, event_id=event_id)
    except InvalidInput as refused:
        json.dumps(refused.detail)
    else:
        assert event.message == message
