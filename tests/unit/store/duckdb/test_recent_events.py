"""What is kept of the newest events answers as all of them would, or says that it cannot."""

from hypothesis import given
from hypothesis import strategies as st

from penstock.model.event import Event
from penstock.store.series.duckdb.recent_events import RecentEvents, StoredEvent
from penstock.store.series.port import EventRow

times = st.integers(0, 30)
events = st.lists(st.tuples(times, st.sampled_from("ab"), st.integers(0, 3)), max_size=60)


def stored(number: int, ts: int, tenant: str, criticality: int) -> StoredEvent:
    return StoredEvent(tenant, EventRow(Event(f"{number:03}", ts, str(ts), criticality, "m"), number))


@given(
    events,
    st.integers(0, 60),
    st.integers(1, 8),
    st.none() | times,
    st.none() | times,
    st.none() | st.integers(-1, 3),
    st.integers(1, 5),
    st.none() | times,
)
def test_an_answer_is_that_of_all_events_and_none_only_when_some_are_missing(
    said, loaded, kept, start, end, above, limit, expired
):
    every = [stored(number, *event) for number, event in enumerate(said)]
    recent = RecentEvents(kept)
    recent.load(sorted(every[:loaded], key=lambda e: (e.row.event.ts, e.row.event.id))[-kept - 1 :])
    for event in every[loaded:]:
        recent.add([event])
    if expired is not None:
        recent.forget_before(expired)
        every = [event for event in every if event.row.event.ts >= expired]
    asked = [
        event.row
        for event in sorted(every, key=lambda e: (e.row.event.ts, e.row.event.id), reverse=True)
        if event.tenant == "a"
        and (above is None or event.row.event.criticality > above)
        and (start is None or event.row.event.ts >= start)
        and (end is None or event.row.event.ts < end)
    ][:limit]
    found = recent.find("a", above, start, end, limit)
    assert found == asked or (found is None and len(said) > kept)


def test_the_newest_are_always_answered_from_memory():
    recent = RecentEvents(10)
    recent.add(stored(number, number, "a", 5) for number in range(5_000))
    found = recent.find("a", 4, None, None, 10)
    assert found is not None
    assert [row.event.ts for row in found] == list(range(4_999, 4_989, -1))
