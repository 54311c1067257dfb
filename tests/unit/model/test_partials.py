import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.model.batch import Readings
from penstock.model.partials import TIERS, Partials, fold, from_readings, partials_at, tier_for
from penstock.model.time import DAY, HOUR, MINUTE, SECOND

COLUMNS = Partials.__slots__
T0 = 20_454 * DAY
WIDTHS = (SECOND, MINUTE, 90 * SECOND, 5 * MINUTE, 15 * MINUTE, HOUR, 2 * HOUR, DAY, 7 * DAY)

# A few long runs as well as scattered readings, with values whose sums depend on the order of addition.
KEYS = st.tuples(st.integers(0, 3), st.one_of(st.integers(0, 3 * MINUTE), st.integers(0, 3 * DAY)))
VALUES = st.sampled_from([0.1, 0.2, 1 / 3, 1e16, -1e16, 1.0, -2.5]) | st.floats(-1e6, 1e6).map(lambda x: x + 0.0)
HISTORY = st.dictionaries(KEYS, VALUES, max_size=80)


def readings(history: dict[tuple[int, int], float]) -> Readings:
    rows = sorted((series, T0 + ts, value) for (series, ts), value in history.items())
    return Readings(
        np.array([s for s, _, _ in rows], np.int32),
        np.array([t for _, t, _ in rows], np.int64),
        np.array([v for _, _, v in rows], np.float64),
    )


def only(data: Readings, mask: np.ndarray) -> Readings:
    return Readings(data.series[mask], data.ts[mask], data.value[mask])


def same(a: Partials, b: Partials) -> bool:
    """Bit for bit, dtypes included."""
    return all(
        getattr(a, n).dtype == getattr(b, n).dtype and getattr(a, n).tobytes() == getattr(b, n).tobytes()
        for n in COLUMNS
    )


@given(HISTORY, st.sampled_from(WIDTHS))
def test_partials_are_what_their_names_say(history, width):
    data = readings(history)
    found = partials_at(data, width)
    buckets: dict[tuple[int, int], list[tuple[int, float]]] = {}
    for series, ts, value in zip(*(column.tolist() for column in data), strict=True):
        buckets.setdefault((series, ts - ts % width), []).append((ts, value))
    assert list(zip(found.series.tolist(), found.bucket.tolist(), strict=True)) == sorted(buckets)
    for i, key in enumerate(sorted(buckets)):
        rows = buckets[key]
        values = [value for _, value in rows]
        size = math.fsum(map(abs, values))
        area = math.fsum(v * (rows[j + 1][0] - t) for j, (t, v) in enumerate(rows[:-1]))
        assert found.count[i] == len(rows)
        assert (found.min[i], found.max[i]) == (min(values), max(values))
        assert (found.first[i], found.last[i]) == (values[0], values[-1])
        assert (found.first_ts[i], found.last_ts[i]) == (rows[0][0], rows[-1][0])
        assert found.sum[i] == pytest.approx(math.fsum(values), abs=1e-12 * size)
        assert found.area[i] == pytest.approx(area, abs=1e-12 * size * width)


@given(HISTORY)
def test_stored_tiers_fold_into_coarser_ones_bit_for_bit(history):
    data = readings(history)
    finer = partials_at(data, TIERS[0])
    for tier in TIERS[1:]:
        finer = fold(finer, tier)
        assert same(finer, partials_at(data, tier))


@given(HISTORY, st.sampled_from([w for w in WIDTHS if tier_for(w)]))
def test_any_width_is_the_fold_of_its_tier(history, width):
    data = readings(history)
    tier = tier_for(width)
    assert tier is not None
    assert same(
        partials_at(data, width), fold(partials_at(data, tier), width) if width != tier else partials_at(data, tier)
    )


@given(HISTORY, st.sampled_from(TIERS), st.integers(1, 50), st.integers(-3000, 3000))
def test_buckets_counted_from_another_origin_are_those_of_shifted_time(history, tier, times, shift):
    data, origin = readings(history), shift * tier
    found = fold(partials_at(data, tier), times * tier, origin)
    shifted = fold(partials_at(data._replace(ts=data.ts - origin), tier), times * tier)
    assert np.array_equal(found.bucket, shifted.bucket + origin)
    assert all(
        getattr(found, n).tobytes() == getattr(shifted, n).tobytes() for n in COLUMNS if n[-2:] not in {"et", "ts"}
    )


@given(HISTORY, st.sampled_from(WIDTHS))
def test_a_series_does_not_depend_on_its_neighbours(history, width):
    data = readings(history)
    whole = partials_at(data, width)
    for series in range(4):
        assert same(partials_at(only(data, data.series == series), width), whole.take(whole.series == series))


@given(HISTORY, st.sampled_from(WIDTHS), st.integers(0, 4 * DAY))
def test_whole_buckets_recomputed_apart_join_to_the_same(history, width, cut):
    data = readings(history)
    edge = (T0 + cut) - (T0 + cut) % width
    pieces = [partials_at(only(data, data.ts < edge), width), partials_at(only(data, data.ts >= edge), width)]
    assert same(Partials.concat(pieces), partials_at(data, width))
    assert same(Partials.concat(pieces[::-1]), partials_at(data, width))


@settings(max_examples=30)
@given(st.integers(1, 4000), st.integers(0, 63))
def test_bits_do_not_depend_on_where_in_memory_a_bucket_lies(n, shift):
    rng = np.random.default_rng(n)
    value = rng.normal(size=n + shift)
    ts = T0 + np.arange(n + shift, dtype=np.int64)
    series = np.repeat(np.array([0, 1], np.int32), [shift, n])
    moved = from_readings(Readings(series, ts, value), DAY)
    alone = from_readings(Readings(series[shift:], ts[shift:].copy(), value[shift:].copy()), DAY)
    assert same(moved.take(moved.series == 1), alone)


def test_no_readings_are_no_partials_of_the_right_types():
    empty = Partials.empty()
    full = partials_at(readings({(0, 0): 1.0}), MINUTE)
    assert len(empty) == 0
    assert [getattr(empty, n).dtype for n in COLUMNS] == [getattr(full, n).dtype for n in COLUMNS]
    assert len(fold(empty, DAY)) == 0
    assert same(Partials.concat([empty, full]), full)


@pytest.mark.parametrize(
    ("width", "tier"),
    [
        (SECOND, None),
        (90 * SECOND, None),
        (MINUTE, MINUTE),
        (5 * MINUTE, MINUTE),
        (30 * MINUTE, 15 * MINUTE),
        (6 * HOUR, HOUR),
        (DAY, DAY),
        (7 * DAY, DAY),
    ],
)
def test_the_tier_of_a_width_is_the_coarsest_that_divides_it(width, tier):
    assert tier_for(width) == tier


def test_each_tier_divides_the_next():
    assert all(coarse % fine == 0 for fine, coarse in itertools.pairwise(TIERS))


def test_times_before_the_epoch_fall_into_the_bucket_that_starts_before_them():
    found = partials_at(Readings(np.zeros(2, np.int32), np.array([-1, 0]), np.ones(2)), MINUTE)
    assert found.bucket.tolist() == [-MINUTE, 0]


def test_values_that_overflow_a_sum_are_no_warning_and_no_number():
    found = partials_at(
        readings({(0, 0): 1.7e308, (0, 30_000): 1.7e308, (1, 2 * DAY): -1.7e308, (1, 3 * DAY): 1e300}), 7 * DAY
    )
    assert found.sum.tolist()[0] == math.inf
    assert (found.max[0], found.last[1]) == (1.7e308, 1e300)
