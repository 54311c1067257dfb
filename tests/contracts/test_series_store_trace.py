"""What a store can tell about how each reading came in: every adapter, held to the oracle."""

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from penstock.model.batch import SEQ_BASE
from penstock.model.errors import NotFound
from penstock.model.findings import Converted, Findings, Refused
from penstock.model.frame import Frame
from penstock.model.ledger import Part
from penstock.model.time import DAY
from penstock.store.series import Filter, Passage, Refusal, SeriesStore, Trace
from penstock.store.series.memory import MemorySeriesStore
from tests.contracts.stores import ADAPTERS, POWER, REMOTE, T0, TEMPERATURE, Adapter, FixedClock, frame, ids_of

NOW = T0 + 40 * DAY
KEYS = [(key, T0 + ms) for key in (POWER, REMOTE) for ms in (0, 1)]
CELSIUS = Converted("temperature", "degC", "temperature", "K", 1.0, 273.15)
REFUSED = Refused(3, "hq", "t1", "temperature", T0, "value_out_of_range", "temperature -300 degC is below 0 K")


async def story(store: SeriesStore, key=POWER, ts: int = T0) -> Trace:
    [series] = (await ids_of(store, key)).tolist()
    return await store.trace("acme", series, ts)


def told(trace: Trace) -> list[tuple[float, int, str, str | None]]:
    """(value, version, fate, receipt) of each arrival."""
    return [(a.value, a.version, a.fate, a.passage.receipt if a.passage else None) for a in trace.arrivals]


def sent(name: str, stamp: int, value: float, seq: int = 0, ts: int = T0) -> Frame:
    """A request of one reading, versioned as the gate does."""
    return frame([(POWER, ts, value, SEQ_BASE + seq if seq else stamp)], name=name, stamp=stamp)


async def test_a_first_arrival_is_led_back_to_its_request_by_its_stamp(store):
    await store.commit([sent("a", 5_000, 1.0), sent("b", 6_000, 2.0, ts=T0 + 1)])
    trace = await story(store)
    assert (trace.value, trace.version) == (1.0, 5_000)
    [arrival] = trace.arrivals
    assert arrival.fate == "stored"
    assert arrival.passage == Passage("r-a", "http", 5_000, NOW, ("a",), ())


async def test_nothing_arrived_for_a_key_that_is_not_there(store):
    await store.commit([sent("a", 5_000, 1.0)])
    assert await story(store, ts=T0 + 7) == Trace(None, None, ())


async def test_a_series_of_another_tenant_is_not_told(store):
    await store.commit([sent("a", 5_000, 1.0)])
    with pytest.raises(NotFound):
        await store.trace("other", 0, T0)


async def test_what_a_correction_replaced_is_told_with_its_own_request(store):
    await store.commit([sent("a", 5_000, 1.0)])
    await store.commit([sent("b", 6_000, 2.0, seq=7)])
    trace = await story(store)
    assert (trace.value, trace.version) == (2.0, SEQ_BASE + 7)
    assert told(trace) == [(1.0, 5_000, "stored", "r-a"), (2.0, SEQ_BASE + 7, "stored", "r-b")]


async def test_superseded_and_duplicate_readings_are_told(store):
    await store.commit([sent("b", 6_000, 2.0)])
    await store.commit([sent("a", 5_000, 1.0), sent("c", 7_000, 2.0)])
    assert told(await story(store)) == [
        (2.0, 6_000, "stored", "r-b"),
        (1.0, 5_000, "superseded", "r-a"),
        (2.0, 7_000, "duplicate", "r-c"),
    ]


async def test_a_duplicate_that_raised_the_version_leaves_the_first_arrival_told(store):
    for name, stamp, value in (("a", 1_000, 1.0), ("b", 2_000, 1.0), ("c", 3_000, 1.0), ("d", 4_000, 9.0)):
        await store.commit([sent(name, stamp, value)])
    assert told(await story(store)) == [
        (1.0, 1_000, "stored", "r-a"),
        (1.0, 2_000, "duplicate", "r-b"),
        (1.0, 3_000, "duplicate", "r-c"),
        (9.0, 4_000, "stored", "r-d"),
    ]


async def test_readings_that_pass_within_one_commit_are_told(store):
    await store.commit([sent("a", 1_000, 1.0), sent("b", 2_000, 2.0), sent("c", 3_000, 3.0)])
    assert told(await story(store)) == [(float(n), n * 1_000, "stored", f"r-{'_abc'[n]}") for n in (1, 2, 3)]


async def test_a_repeated_request_of_the_same_stamp_is_kept_apart_from_the_first(store):
    await store.commit([sent("a", 5_000, 1.0)])
    await store.commit([sent("again", 5_000, 1.0)])
    assert told(await story(store)) == [(1.0, 5_000, "stored", "r-a"), (1.0, 5_000, "duplicate", "r-again")]


async def test_rows_beaten_within_their_frame_are_told(store):
    rows = [(POWER, T0, 1.0, 5_000), (POWER, T0, 2.0, 5_000), (POWER, T0, 2.0, 5_000)]
    await store.commit([frame(rows, name="a", stamp=5_000)])
    assert told(await story(store)) == [
        (1.0, 5_000, "superseded", "r-a"),
        (2.0, 5_000, "duplicate", "r-a"),
        (2.0, 5_000, "stored", "r-a"),
    ]


async def test_gathered_requests_are_told_by_their_own_stamps(store):
    parts = [Part("early", "http", 1, stamp=5_000), Part("late", "line", 1)]
    rows = [(POWER, T0, 1.0, 5_000), (POWER, T0 + 1, 2.0, 5_001)]
    await store.commit([frame(rows, stamp=5_001, parts=parts)])
    for ts, receipt, source, stamp in ((T0, "early", "http", 5_000), (T0 + 1, "late", "line", 5_001)):
        [arrival] = (await story(store, ts=ts)).arrivals
        assert arrival.passage
        assert (arrival.passage.receipt, arrival.passage.source, arrival.passage.stamp) == (receipt, source, stamp)


async def test_a_large_request_is_told_with_the_frame_of_the_reading(store):
    for n in (0, 1):
        rows = [(POWER, T0 + n * 10 + i, 1.0, 5_000) for i in range(10)]
        await store.commit([frame(rows, name=f"big.{n}", stamp=5_000, parts=[Part("big", "http", 10)])])
    [arrival] = (await story(store, ts=T0 + 12)).arrivals
    assert arrival.passage
    assert arrival.passage.frames == ("big.1",)
    receipt = await store.receipt("acme", "big")
    assert receipt
    assert (receipt.frames, receipt.stamp, receipt.counts.stored) == (("big.0", "big.1"), 5_000, 20)


async def test_findings_are_kept_with_the_receipt(store):
    findings = Findings((CELSIUS,), {"value_out_of_range": 1}, (REFUSED,))
    parts = [Part("r1", "http", 1, 1, findings=findings), Part("r2", "http", 0)]
    await store.commit([frame([(TEMPERATURE, T0, 294.65, 9)], stamp=9, parts=parts)])
    assert await store.findings("acme", "r1") == findings
    assert await store.findings("acme", "r2") == Findings()
    assert await store.findings("other", "r1") == Findings()
    [arrival] = (await story(store, TEMPERATURE)).arrivals
    assert arrival.passage
    assert arrival.passage.conversions == (CELSIUS,)


async def test_refusals_are_found_by_name_and_instant_newest_first(store):
    for n in (1, 2, 3):
        part = Part(f"r{n}", "http", 0, 1, findings=Findings((), {"x": 1}, (REFUSED._replace(row=n),)))
        await store.commit([frame(stamp=n, parts=[part])])
    found = await store.refusals("acme", "t1", "temperature", T0, 2)
    assert found == [Refusal(REFUSED._replace(row=n), f"r{n}", "http", n) for n in (3, 2)]
    assert not await store.refusals("acme", "t1", "temperature", T0 + 1, 2)
    assert not await store.refusals("other", "t1", "temperature", T0, 2)


async def test_refused_names_may_be_whatever_was_sent(store):
    odd = REFUSED._replace(sensor="a\x00b'; --", metric="", ts=None, detail="ж\n\x1b[31m")
    findings = Findings((CELSIUS._replace(sent_unit="\x00"),), {"invalid_name": 1}, (odd,))
    await store.commit([frame(parts=[Part("r", "http", 0, 1, findings=findings)])])
    assert await store.findings("acme", "r") == findings


async def test_a_redelivered_frame_is_told_once(store):
    findings = Findings((), {"x": 1}, (REFUSED,))
    first = frame([(POWER, T0, 1.0, SEQ_BASE + 1)], parts=[Part("r", "http", 1, 1, findings=findings)])
    await store.commit([first, first])
    await store.commit([first])
    assert len((await story(store)).arrivals) == 1
    assert len(await store.refusals("acme", "t1", "temperature", T0, 9)) == 1


async def test_the_story_survives_reopening(adapter: Adapter, tmp_path: Path):
    if not adapter.persists:
        pytest.skip("keeps nothing")
    findings = Findings((CELSIUS,), {"value_out_of_range": 1}, (REFUSED,))
    first = adapter.make(tmp_path)
    await first.open()
    await first.commit([sent("a", 5_000, 1.0), sent("b", 6_000, 2.0, seq=7)])
    await first.commit([frame(stamp=7, parts=[Part("r", "http", 0, 1, findings=findings)])])
    before, receipt = await story(first), await first.receipt("acme", "r-a")
    await first.close()
    second = adapter.make(tmp_path)
    await second.open()
    assert await story(second) == before
    assert await second.receipt("acme", "r-a") == receipt
    assert await second.findings("acme", "r") == findings
    await second.commit([sent("c", 8_000, 1.0)])
    assert told(await story(second)) == [*told(before), (1.0, 8_000, "superseded", "r-c")]
    await second.close()


# -- against the oracle

VERSIONS = st.one_of(st.just(0), st.just(0), st.integers(1, 3))
REQUESTS = st.lists(
    st.tuples(st.sampled_from(KEYS), st.sampled_from([1.0, 2.0, 3.0]), VERSIONS), min_size=1, max_size=6
)


@st.composite
def frames_of_requests(draw: st.DrawFn) -> list[Frame]:
    """Requests as a gate frames them: own stamps, some gathered, some repeated under their stamp, senders' seqs."""
    requests = list(enumerate(draw(st.lists(REQUESTS, min_size=1, max_size=8)), 1))
    requests += draw(st.lists(st.sampled_from(requests), max_size=3))
    frames: list[Frame] = []
    while requests:
        size = draw(st.integers(1, 3))
        group, requests = requests[:size], requests[size:]
        n = len(frames)
        rows = [
            (key, ts, value, SEQ_BASE + seq if seq else stamp)
            for stamp, said in group
            for (key, ts), value, seq in said
        ]
        parts = [Part(f"r{n}-{i}", "http", len(said), stamp=stamp) for i, (stamp, said) in enumerate(group)]
        frames.append(frame(rows, name=f"f{n}", stamp=group[-1][0], parts=parts))
    return frames


async def stories(store: SeriesStore) -> dict[object, Trace]:
    found = await store.find("acme", Filter())
    return {(info.key, ts): await store.trace("acme", info.id, ts) for info in found for ts in (T0, T0 + 1)}


async def committed(store: SeriesStore, frames: Sequence[Frame], sizes: Sequence[int]) -> dict[object, Trace]:
    await store.open()
    left = list(frames)
    for size in sizes:
        await store.commit(left[:size])
        left = left[size:]
    await store.commit(left)
    said = await stories(store)
    await store.close()
    return said


@pytest.mark.parametrize("adapter", ADAPTERS)
@given(st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_adapter_tells_the_same_story_and_arrivals_do_not_depend_on_order(adapter: Adapter, data: st.DataObject):
    frames = data.draw(frames_of_requests())
    sizes = data.draw(st.lists(st.integers(1, 3), max_size=4))
    shuffled = data.draw(st.permutations(frames))
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        said = asyncio.run(committed(adapter.make(Path(one)), frames, sizes))
        oracle = asyncio.run(committed(MemorySeriesStore(FixedClock()), frames, sizes))
        other = asyncio.run(committed(adapter.make(Path(two)), shuffled, sizes))
    assert said == oracle
    for key, trace in said.items():
        assert (trace.value, trace.version) == (other[key].value, other[key].version)
        pairs = sorted((a.value, a.version) for a in trace.arrivals)
        assert pairs == sorted((a.value, a.version) for a in other[key].arrivals)
        if trace.arrivals:
            last = max((a for a in trace.arrivals), key=lambda a: (a.version, a.value))
            assert (trace.value, trace.version) == (last.value, last.version)
