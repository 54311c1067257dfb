"""The contract of `store/series/port.py`, sentence by sentence, for every adapter."""

import asyncio
import itertools

import numpy as np
import pytest

from penstock.model.errors import NotFound
from penstock.model.ledger import Counts, DeadLetter, Part
from penstock.model.partials import partials_at
from penstock.model.series import Attributes, SeriesKey
from penstock.model.time import DAY, HOUR, MINUTE, SECOND
from penstock.store.series import Filter, SeriesStore
from tests.contracts.stores import (
    POWER,
    REMOTE,
    T0,
    TEMPERATURE,
    bits,
    event,
    frame,
    ids_of,
    settle,
    values,
)


def fates(counts: Counts) -> tuple[int, int, int]:
    return counts.stored, counts.duplicate, counts.superseded


# -- what a reading's key holds


@pytest.mark.parametrize(
    ("held", "new", "fate", "stays"),
    [
        (None, (1, 5.0), (1, 0, 0), 5.0),
        ((1, 5.0), (1, 5.0), (0, 1, 0), 5.0),
        ((1, 5.0), (9, 5.0), (0, 1, 0), 5.0),
        ((9, 5.0), (1, 5.0), (0, 1, 0), 5.0),
        ((1, 5.0), (2, 4.0), (1, 0, 0), 4.0),
        ((2, 5.0), (1, 6.0), (0, 0, 1), 5.0),
        ((2, 5.0), (2, 6.0), (1, 0, 0), 6.0),
        ((2, 5.0), (2, -6.0), (0, 0, 1), 5.0),
    ],
)
async def test_a_reading_meets_what_its_key_holds(store, held, new, fate, stays):
    if held:
        await store.commit([frame([(POWER, T0, held[1], held[0])])])
    [receipt] = await store.commit([frame([(POWER, T0, new[1], new[0])])])
    assert fates(receipt.counts) == fate
    assert await values(store, POWER) == {T0: stays}


async def test_a_duplicate_raises_the_version_so_that_order_cannot_matter(store):
    for version, value, fate in ((1, 5.0, (1, 0, 0)), (9, 5.0, (0, 1, 0)), (4, 7.0, (0, 0, 1))):
        [receipt] = await store.commit([frame([(POWER, T0, value, version)])])
        assert fates(receipt.counts) == fate
    assert await values(store, POWER) == {T0: 5.0}


async def test_within_a_frame_the_greatest_of_a_key_is_its_candidate(store):
    rows = [(POWER, T0, value, version) for version, value in ((1, 5.0), (3, 7.0), (2, 7.0), (3, 7.0), (3, 6.0))]
    [receipt] = await store.commit([frame(rows)])
    assert fates(receipt.counts) == (1, 2, 2)
    assert await values(store, POWER) == {T0: 7.0}


async def test_a_superseded_candidate_still_has_its_own_duplicates(store):
    await store.commit([frame([(POWER, T0, 1.0, 100)])])
    [receipt] = await store.commit([frame([(POWER, T0, 2.0, 5), (POWER, T0, 2.0, 6), (POWER, T0, 3.0, 4)])])
    assert fates(receipt.counts) == (0, 1, 2)


async def test_frames_of_one_commit_are_judged_one_after_another(store):
    receipts = await store.commit(
        [frame([(POWER, T0, value, version)]) for version, value in ((1, 1.0), (2, 2.0), (1, 3.0))]
    )
    assert [fates(r.counts) for r in receipts] == [(1, 0, 0), (1, 0, 0), (0, 0, 1)]
    assert await values(store, POWER) == {T0: 2.0}


async def test_metrics_sensors_sites_and_units_are_different_series(store):
    keys = [
        POWER,
        POWER._replace(metric="x"),
        POWER._replace(sensor="x"),
        POWER._replace(site="x"),
        POWER._replace(unit="x"),
    ]
    await store.commit([frame([(key, T0, float(i), 1) for i, key in enumerate(keys)])])
    for i, key in enumerate(keys):
        assert await values(store, key) == {T0: float(i)}


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
async def test_the_greatest_version_stays_whatever_the_order(store, order):
    rows = [(POWER, T0, 3.0, 1), (POWER, T0, 1.0, 3), (POWER, T0, 2.0, 3)]
    for i in order:
        await store.commit([frame([rows[i]])])
    assert await values(store, POWER) == {T0: 2.0}


# -- frames, parts and receipts


async def test_a_redelivered_frame_changes_nothing_and_yields_its_receipts_again(store):
    first = frame([(POWER, T0, 1.0, 1), (POWER, T0, 1.0, 1)])
    receipts = await store.commit([first])
    await store.commit([frame([(POWER, T0, 2.0, 2)])])
    ledger, state = await store.ledger(None), await store.state()
    assert list(await store.commit([first])) == list(receipts)
    assert await store.ledger(None) == ledger
    assert (await store.state()).readings == state.readings
    assert await values(store, POWER) == {T0: 2.0}


async def test_a_frame_twice_in_one_commit_counts_once(store):
    twice = frame([(POWER, T0, 1.0, 1)])
    first, second = await store.commit([twice, twice])
    assert first == second
    assert [row.counts for row in await store.ledger("acme")] == [Counts(1, 1)]


async def test_receipts_are_those_of_the_parts_in_order(store):
    parts = [Part("a", "http", 2, 1), Part("b", "line", 0, 3), Part("c", "http", 1)]
    rows = [(POWER, T0, 1.0, 1), (POWER, T0 + 1, 1.0, 1), (POWER, T0, 1.0, 2)]
    receipts = await store.commit([frame(rows[:2]), frame(rows, parts=parts)])
    assert [(r.id, r.tenant, r.source, r.counts) for r in receipts[1:]] == [
        ("a", "acme", "http", Counts(received=3, duplicate=2, rejected=1)),
        ("b", "acme", "line", Counts(received=3, rejected=3)),
        ("c", "acme", "http", Counts(received=1, duplicate=1)),
    ]


async def test_of_equal_rows_in_a_frame_the_first_is_stored(store):
    parts = [Part("a", "http", 1), Part("b", "line", 1)]
    a, b = await store.commit([frame([(POWER, T0, 1.0, 1), (POWER, T0, 1.0, 1)], parts=parts)])
    assert (fates(a.counts), fates(b.counts)) == ((1, 0, 0), (0, 1, 0))


async def test_a_receipt_sums_over_its_frames(store):
    for ts in (T0, T0 + 1):
        await store.commit([frame([(POWER, ts, 1.0, 1)], parts=[Part("r", "http", 1, 2)])])
    receipt = await store.receipt("acme", "r")
    assert receipt.counts == Counts(received=6, stored=2, rejected=4)
    assert await store.receipt("acme", "nothing") is None
    assert await store.receipt("other", "r") is None


async def test_a_commit_of_nothing_is_nothing(store):
    assert list(await store.commit([])) == []
    assert await store.ledger(None) == []


async def test_the_ledger_is_by_tenant_and_source_and_balances(store):
    await store.commit([
        frame([(POWER, T0, 1.0, 1), (POWER, T0, 2.0, 2)], parts=[Part("a", "tcp", 1, 4), Part("b", "http", 1)]),
        frame([(POWER, T0, 1.0, 1)], tenant="beta"),
        frame([(POWER, T0 + 1, 1.0, 1)]),
    ])  # fmt: skip
    rows = await store.ledger(None)
    assert [(row.tenant, row.source, row.counts.received) for row in rows] == [
        ("acme", "http", 2),
        ("acme", "tcp", 5),
        ("beta", "http", 1),
    ]
    assert all(row.counts.balance == 0 for row in rows)
    assert await store.ledger("acme") == rows[:2]
    assert await store.ledger("nobody") == []


async def test_dead_letters_are_kept_whole_and_counted(store):
    letters = [DeadLetter(f"d{i}", "nats", T0 + i, "bad_json", f"detail {i}", bytes([i, 0, 255])) for i in range(3)]
    poisoned = [frame(parts=[Part(f"p{d.id}", "nats", 0, dead_lettered=1)], dead_letters=[d]) for d in letters]
    receipts = await store.commit(poisoned)
    await store.commit(poisoned)
    assert [r.counts for r in receipts] == [Counts(received=1, dead_lettered=1)] * 3
    assert await store.dead_letters("acme", 2) == [letters[2], letters[1]]
    assert await store.dead_letters("other", 2) == []
    assert [row.counts for row in await store.ledger("acme")] == [Counts(received=3, dead_lettered=3)]


# -- series


async def test_find_lists_by_ascending_id_with_first_and_last(store):
    await store.commit([frame([(REMOTE, T0 + 5, 1.0, 1), (POWER, T0, 1.0, 1), (REMOTE, T0 + 9, 1.0, 1)])])
    await store.commit([frame([(REMOTE, T0 + 2, 1.0, 1), (TEMPERATURE, T0, 1.0, 1)])])
    found = await store.find("acme", Filter())
    assert [i.id for i in found] == sorted(i.id for i in found)
    assert {i.key: (i.first_ts, i.last_ts) for i in found} == {
        REMOTE: (T0 + 2, T0 + 9),
        POWER: (T0, T0),
        TEMPERATURE: (T0, T0),
    }
    assert {i.tenant for i in found} == {"acme"}


async def test_find_continues_behind_an_id_up_to_a_limit(store):
    keys = [POWER._replace(sensor=f"s{i}") for i in range(7)]
    await store.commit([frame([(key, T0, 1.0, 1) for key in keys])])
    pages: list[SeriesKey] = []
    after = -1
    while page := await store.find("acme", Filter(sensor="s*", after=after, limit=3)):
        assert len(page) <= 3
        pages += [info.key for info in page]
        after = page[-1].id
    assert sorted(pages) == sorted(keys)


@pytest.mark.parametrize(
    ("where", "sensors"),
    [
        (Filter(), {"a.1", "a_1", "aX1", "A.1", "b%\n2"}),
        (Filter(sensor="a.1"), {"a.1"}),
        (Filter(sensor="a_1"), {"a_1"}),
        (Filter(sensor="a*1"), {"a.1", "a_1", "aX1"}),
        (Filter(sensor="*.*"), {"a.1", "A.1"}),
        (Filter(sensor="b*2"), {"b%\n2"}),
        (Filter(sensor="*"), {"a.1", "a_1", "aX1", "A.1", "b%\n2"}),
        (Filter(sensor="a"), set()),
        (Filter(sensor="a?1"), set()),
        (Filter(sensors=("a.1", "aX1", "nope")), {"a.1", "aX1"}),
        (Filter(sensor="a*", sensors=("a.1", "A.1")), {"a.1"}),
        (Filter(site="east"), {"aX1", "A.1"}),
        (Filter(site="e*t", sensor="A*"), {"A.1"}),
        (Filter(metric="soc"), {"A.1"}),
        (Filter(metrics=("soc", "soh")), {"A.1", "b%\n2"}),
        (Filter(metrics=("power_w",), site="west"), {"a.1", "a_1"}),
        (Filter(building="B1"), {"a.1", "a_1"}),
        (Filter(building="B*", room="2"), {"a_1"}),
        (Filter(room="*"), {"a.1", "a_1", "aX1", "A.1", "b%\n2"}),
    ],
)
async def test_a_filter_matches_exactly_or_by_wildcard(store, where, sensors):
    keys = [
        SeriesKey("west", "a.1", "power_w", "W"),
        SeriesKey("west", "a_1", "power_w", "W"),
        SeriesKey("east", "aX1", "power_w", "W"),
        SeriesKey("east", "A.1", "soc", "1"),
        SeriesKey("west", "b%\n2", "soh", "1"),
    ]
    said = {("west", "a.1"): Attributes("B1", "1"), ("west", "a_1"): Attributes("B1", "2")}
    await store.commit([frame([(key, T0, 1.0, 1) for key in keys], attributes=said)])
    await store.commit([frame([(keys[0], T0, 1.0, 1)], tenant="other")])
    assert {i.key.sensor for i in await store.find("acme", where)} == sensors


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
async def test_attributes_by_stamp_not_by_arrival_and_nothing_erases(store, order):
    sensor = (POWER.site, POWER.sensor)
    said = [
        (10, Attributes("B1", "R1", tags={"a": "1"})),
        (30, Attributes("", "R3", tags={})),
        (20, Attributes("B2", "R2", tags={"a": "2"})),
        (20, Attributes("B1", "R9", tags={"a": "1"})),
    ]
    for i in order:
        stamp, attributes = said[i]
        await store.commit([frame([(POWER, T0, 1.0, 1)], stamp=stamp, attributes={sensor: attributes})])
    [info] = await store.find("acme", Filter())
    assert info.attributes == Attributes("B2", "R3", tags={"a": "2"})


# -- reading back


async def test_scan_is_half_open_and_sorted_by_series_then_time(store):
    rows = [(key, T0 + ts, float(ts), 1) for ts in (5, 1, 9, 3) for key in (REMOTE, POWER)]
    await store.commit([frame(rows)])
    found = await store.scan("acme", await ids_of(store), T0 + 1, T0 + 9)
    assert [(d.dtype.str) for d in found] == ["<i4", "<i8", "<f8"]
    assert found.ts.tolist() == [T0 + 1, T0 + 3, T0 + 5] * 2
    assert found.value.tolist() == [1.0, 3.0, 5.0] * 2
    assert found.series.tolist() == sorted(found.series.tolist())


async def test_empty_ranges_and_no_ids_are_empty_answers(store):
    await store.commit([frame([(POWER, T0, 1.0, 1)])])
    ids, none = await ids_of(store), np.empty(0, np.int32)
    for found in (
        await store.scan("acme", ids, T0, T0),
        await store.scan("acme", ids, T0 + 5, T0),
        await store.scan("acme", ids, T0 + 1, T0 + DAY),
        await store.scan("acme", none, 0, T0 * 2),
        await store.recent("acme", ids, 5, T0),
        await store.recent("acme", none, 5),
    ):
        assert [(len(c), c.dtype.str) for c in found] == [(0, "<i4"), (0, "<i8"), (0, "<f8")]
    for width in (SECOND, MINUTE, DAY):
        assert len((await store.aggregate("acme", ids, T0 + 1, T0 + DAY, width)).partials) == 0
        assert len((await store.aggregate("acme", none, T0, T0 + DAY, width)).partials) == 0
        assert len((await store.aggregate("acme", ids, T0, T0, width)).partials) == 0


async def test_recent_gives_the_newest_of_each_series_before_an_instant(store):
    rows = [(key, T0 + MINUTE * i, float(i), 1) for i in range(400) for key in (POWER, REMOTE)]
    await store.commit([frame(rows[:500]), frame(rows[500:])])
    ids = await ids_of(store)
    assert (await store.recent("acme", ids, 3)).value.tolist() == [397.0, 398.0, 399.0] * 2
    assert (await store.recent("acme", ids, 2, T0 + MINUTE * 10)).value.tolist() == [8.0, 9.0] * 2
    assert (await store.recent("acme", ids[:1], 399)).value.tolist() == [float(i) for i in range(1, 400)]
    assert (await store.recent("acme", ids[:1], 1000)).value.tolist() == [float(i) for i in range(400)]


@pytest.mark.parametrize("rolled", [False, True])
@pytest.mark.parametrize("width", [SECOND, MINUTE, 15 * MINUTE, HOUR])
async def test_aggregates_come_with_the_last_reading_that_holds_into_them(store, width, rolled):
    rows = [(POWER, T0 + MINUTE * i, float(i), 1) for i in range(1_500)] + [(REMOTE, T0, -1.0, 1)]
    await store.commit([frame(rows)])
    if rolled:
        await settle(store, T0 + 10 * DAY)
    power, remote = ids = await ids_of(store)
    for at in (5, 200, 399, 480, 1_499):
        for start in (T0 + MINUTE * at, T0 + MINUTE * at - 7):

            async def before(hold, end=T0 + 2 * DAY, start=start):
                found = (await store.aggregate("acme", ids, start, end, width, hold)).before
                assert [column.dtype.str for column in found] == ["<i4", "<i8", "<f8"]
                return list(zip(*(column.tolist() for column in found), strict=True))

            last = (power, T0 + MINUTE * (at - 1), at - 1.0)
            assert await before(0) == []
            assert await before(MINUTE) == [last]
            assert await before(MINUTE, start + 1_000) == [last]
            assert await before(MINUTE, start) == []
            assert await before(30) == []
            assert await before(start - T0 - 1) == [last]
            assert await before(start - T0) == [last, (remote, T0, -1.0)]
            assert await before(10 * DAY, start + HOUR) == [last, (remote, T0, -1.0)]


async def test_what_holds_into_aggregates_is_the_last_reading_wherever_it_lies(store):
    rng = np.random.default_rng(5)
    keys = [POWER, REMOTE, TEMPERATURE]
    rows = {(key, T0 + int(ts)): float(ts) for key in keys for ts in rng.integers(0, 3 * DAY, 300)}
    await store.commit([frame([(*name, value, 1) for name, value in rows.items()])])
    await settle(store, T0 + 2 * DAY)
    ids = await ids_of(store)
    for start in (T0 + rng.integers(0, 3 * DAY, 20)).tolist():
        for hold in (HOUR, DAY, 9 * DAY):
            expected = await store.scan("acme", ids, start - hold, start)
            last = np.searchsorted(expected.series, np.unique(expected.series), "right") - 1
            for width in (SECOND, HOUR):
                found = (await store.aggregate("acme", ids, start, start + 2 * DAY, width, hold)).before
                assert found.series.tolist() == expected.series[last].tolist()
                assert found.ts.tolist() == expected.ts[last].tolist()
                assert found.value.tolist() == expected.value[last].tolist()


async def test_ids_of_another_tenant_are_not_found(store):
    await store.commit([frame([(POWER, T0, 1.0, 1)]), frame([(POWER, T0, 2.0, 1)], tenant="beta")])
    own, other = await ids_of(store), await ids_of(store, tenant="beta")
    assert own.tolist() != other.tolist()
    for ids in (other, np.append(own, other), np.array([999], np.int32), np.array([-1], np.int32)):
        with pytest.raises(NotFound):
            await store.scan("acme", ids, 0, T0 * 2)
        with pytest.raises(NotFound):
            await store.recent("acme", ids, 1)
        with pytest.raises(NotFound):
            await store.aggregate("acme", ids, T0, T0 + DAY, MINUTE)
    assert (await store.scan("beta", other, 0, T0 * 2)).value.tolist() == [2.0]


@pytest.mark.parametrize("rolled", [False, True])
@pytest.mark.parametrize("width", [SECOND, MINUTE, 5 * MINUTE, 7 * MINUTE, 15 * MINUTE, HOUR, DAY, 2 * T0])
async def test_aggregates_are_the_partials_of_the_scan_bit_for_bit(store, width, rolled):
    rng = np.random.default_rng(width)
    times = np.sort(rng.choice(3 * DAY // 1000, 900, replace=False)) * 1000
    rows = [(key, T0 + int(ts), float(rng.normal(20, 9)), 1) for ts in times for key in (POWER, REMOTE)]
    await store.commit([frame(rows)])
    if rolled:
        await settle(store, T0 + 10 * DAY)
        await store.commit([frame([(POWER, int(T0 + times[450]), 99.5, 2), (POWER, T0 + DAY + 1, 0.1, 1)])])
    ids = await ids_of(store)
    for start, end in ((T0, T0 + 3 * DAY), (T0 + 12_345, T0 + 2 * DAY + 54_321), (T0 + HOUR, T0 + HOUR + 999)):
        expected = partials_at(await store.scan("acme", ids, start, end), width)
        found = (await store.aggregate("acme", ids, start, end, width)).partials
        assert found.series.tolist() == expected.series.tolist()
        for series in ids.tolist():
            assert bits(found, series) == bits(expected, series)


# -- events


async def test_events_newest_first_strictly_above_within_a_range(store):
    events = [event("a", T0, 1), event("c", T0 + 5, 7), event("b", T0 + 5, 9), event("d", T0 + 2, 8)]
    await store.commit([frame(events=events, stamp=77), frame(events=[event("z", T0)], tenant="beta")])

    async def ids(**where) -> list[str]:
        return [row.event.id for row in await store.events("acme", **{"limit": 10, **where})]

    assert await ids() == ["c", "b", "d", "a"]
    assert await ids(limit=2) == ["c", "b"]
    assert await ids(criticality_above=7) == ["b", "d"]
    assert await ids(criticality_above=-(2**31)) == ["c", "b", "d", "a"]
    assert await ids(start=T0 + 2, end=T0 + 5) == ["d"]
    assert await ids(start=T0 + 5, criticality_above=8) == ["b"]
    [newest] = await store.events("acme", limit=1)
    assert newest.event == events[1]
    assert newest.stamp == 77


async def test_a_repeated_event_is_a_duplicate_and_the_first_stays(store):
    door = event("a", T0)
    [first] = await store.commit([frame(events=[door, door], stamp=1)])
    [second] = await store.commit([frame(events=[door, event("b", T0 + 1)], stamp=2)])
    assert (fates(first.counts), fates(second.counts)) == ((1, 1, 0), (1, 1, 0))
    assert [(row.event.id, row.stamp) for row in await store.events("acme", limit=9)] == [("b", 2), ("a", 1)]
    [row] = await store.ledger("acme")
    assert row.counts == Counts(received=4, stored=2, duplicate=2)


async def test_events_beyond_those_kept_in_memory_are_found_as_well(adapter, tmp_path):
    store = adapter.make(tmp_path)
    await store.open()
    rare = [event(f"r{i}", T0 + i, 9) for i in range(3)]
    for block in range(5):
        many = [event(f"{block}-{i}", T0 + 10 + i * 5 + block, 1) for i in range(4_000)]
        await store.commit([frame(events=[*many, rare[block]] if block < 3 else many)])
    for _ in range(2):
        found = await store.events("acme", criticality_above=8, limit=2)
        assert [row.event for row in found] == rare[:0:-1]
        assert [row.event.ts for row in await store.events("acme", limit=3)] == [T0 + 20_009 - i for i in range(3)]
        low = await store.events("acme", start=T0 + 1, end=T0 + 12, limit=99)
        assert [row.event.id for row in low] == ["1-0", "0-0", "r2", "r1"]
        if adapter.persists:
            await store.close()
            store = adapter.make(tmp_path)
            await store.open()
    await store.close()


async def test_events_that_share_an_id_but_differ_are_both_kept(store):
    await store.commit([frame(events=[event("a", T0)]), frame(events=[event("a", T0 + 1)])])
    assert [row.event.ts for row in await store.events("acme", limit=9)] == [T0 + 1, T0]


# -- the whole


async def test_state_counts_commits_series_and_the_newest_stamp(store):
    before = await store.state()
    assert (before.committed, before.series, before.readings) == (0, 0, 0)
    await store.commit([frame([(POWER, T0, 1.0, 1), (REMOTE, T0, 1.0, 1)], stamp=50), frame([], stamp=40)])
    after = await store.state()
    assert (after.committed, after.series, after.readings) == (50, 2, 2)
    assert after.revision > before.revision


async def test_no_reader_sees_half_a_commit(store):
    await store.commit([frame([(POWER, T0, 0.0, 1), (REMOTE, T0, 0.0, 1)])])
    ids = await ids_of(store)

    async def write() -> None:
        for i in range(1, 30):
            await store.commit([frame([(POWER, T0 + i, 1.0, 1)]), frame([(REMOTE, T0 + i, 1.0, 1)])])

    async def read() -> None:
        for _ in range(30):
            found = await store.scan("acme", ids, 0, T0 * 2)
            assert len(set(np.bincount(found.series)[ids].tolist())) == 1
            folded = (await store.aggregate("acme", ids, T0, T0 + HOUR, MINUTE)).partials
            assert len(set(folded.count.tolist())) == 1

    await asyncio.gather(write(), read(), read())


async def test_concurrent_commits_are_serialised(store):
    await asyncio.gather(*(store.commit([frame([(POWER, T0, float(v), v)])]) for v in range(1, 21)))
    assert await values(store, POWER) == {T0: 20.0}
    [row] = await store.ledger("acme")
    assert (row.counts.received, row.counts.balance) == (20, 0)


async def test_a_large_frame_is_judged_exactly(store):
    n = 30_000
    rows = [(POWER, T0 + i % 20_000 * SECOND, float(i), 1 + i // 20_000) for i in range(n)]
    [receipt] = await store.commit([frame(rows)])
    assert fates(receipt.counts) == (20_000, 0, 10_000)
    found = await store.scan("acme", await ids_of(store), T0, T0 + DAY)
    assert len(found.ts) == 20_000
    assert float(found.value.sum()) == sum(range(10_000, 30_000))


async def test_what_was_committed_survives_a_reopen(adapter, tmp_path):
    if not adapter.persists:
        pytest.skip("keeps nothing")
    store = adapter.make(tmp_path)
    await store.open()
    sensor = {(POWER.site, POWER.sensor): Attributes("B1", "R1", tags={"a": "ü"})}
    poisoned = DeadLetter("d", "nats", T0, "bad", "why", b"\x00")
    frames = [
        frame([(POWER, T0 + i * MINUTE, i / 3, 1) for i in range(300)], attributes=sensor, stamp=9),
        frame(events=[event("a", T0)]),
        frame(parts=[Part("p", "nats", 0, dead_lettered=1)], dead_letters=[poisoned]),
    ]
    receipts = await store.commit(frames)

    async def answers(of: SeriesStore) -> list[object]:
        ids = await ids_of(of)
        scan = await of.scan("acme", ids, 0, T0 * 2)
        folded = await of.aggregate("acme", ids, T0, T0 + DAY, 15 * MINUTE)
        recent = await of.recent("acme", ids, 7)
        receipt = await of.receipt("acme", "p")
        listing = (await of.find("acme", Filter()), await of.events("acme", limit=5), await of.dead_letters("acme", 5))
        return [bits(c, 0) for c in (scan, recent, folded.partials)] + [await of.ledger(None), receipt, *listing]

    before = await answers(store)
    await store.close()
    again = adapter.make(tmp_path)
    await again.open()
    assert await answers(again) == before
    assert list(await again.commit(frames)) == list(receipts)
    assert await answers(again) == before
    [late] = await again.commit([frame([(POWER, T0, 0.0, 5)])])
    assert fates(late.counts) == (0, 1, 0)
    await again.close()


async def test_close_comes_last_and_may_follow_a_failed_use(store):
    with pytest.raises(NotFound):
        await store.scan("acme", np.array([0], np.int32), 0, 1)
    assert await store.find("acme", Filter()) == []


# -- what has changed


async def test_changed_tells_for_each_hour_which_revision_last_wrote_a_reading_of_it(store):
    day = T0 - T0 % DAY
    assert (await store.changed(day, day + DAY)).tolist() == [0] * 24
    await store.commit([frame([(POWER, day + HOUR, 1.0, 1), (POWER, day + 3 * HOUR - 1, 1.0, 1)])])
    first = (await store.state()).revision
    assert (await store.changed(day, day + 4 * HOUR)).tolist() == [0, first, first, 0]
    assert (await store.changed(day + 2 * HOUR - 1, day + 2 * HOUR + 1)).tolist() == [first, first]
    await store.commit([frame([(POWER, day + HOUR, 2.0, 2)])])  # a correction changes its hour
    second = (await store.state()).revision
    assert second > first
    assert (await store.changed(day, day + 4 * HOUR)).tolist() == [0, second, first, 0]


async def test_changes_of_a_series_are_told_whoever_else_wrote(store):
    await store.commit([frame([(POWER, T0, 1.0, 1)])])
    (power,) = await store.find("acme", Filter())
    await store.commit([frame([(POWER._replace(metric="voltage_v", unit="V"), T0, 1.0, 1)])])
    mine = await store.changed(T0, T0 + 1, np.array([power.id], np.int32))
    assert 0 < mine[0] <= (await store.changed(T0, T0 + 1))[0]
    await store.commit([frame([(POWER, T0 + 1, 1.0, 1)])])
    assert (await store.changed(T0, T0 + 1, np.array([power.id], np.int32)))[0] == (await store.state()).revision


async def test_upkeep_changes_no_hour(store):
    await store.commit([frame([(POWER, T0 + n * SECOND, float(n), 1) for n in range(600)])])
    before = (await store.changed(T0 - DAY, T0 + DAY)).tolist()
    await settle(store, T0 + 3 * DAY)
    assert (await store.changed(T0 - DAY, T0 + DAY)).tolist() == before
