import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.sources.simulate.noise import bits, keys, normal, poisson, uniform, wander

DRAWN = bits(keys(1, "test", ["a"])[0], np.arange(200_000))


def test_bits_are_a_pure_function_of_key_and_counter():
    key = keys(1, "test", ["a", "b"])
    together = bits(key[:, None], np.arange(10))
    assert (together[1] == [bits(key[1], np.array([i]))[0] for i in range(10)]).all()
    assert (keys(1, "test", ["b", "a"]) == key[::-1]).all()
    assert len({*keys(2, "test", ["a"]), *keys(1, "rest", ["a"]), *key}) == 4


def test_uniform_numbers_are_uniform_and_uncorrelated():
    u = uniform(DRAWN)
    assert 0 <= u.min() < u.max() < 1
    counts = np.histogram(u, 100, (0, 1))[0]
    assert ((counts - 2000) ** 2 / 2000).sum() < 150  # chi-square, 99 degrees of freedom: p < 0.001
    assert abs(np.corrcoef(u[:-1], u[1:])[0, 1]) < 0.01


@pytest.mark.parametrize("lane", range(4))
def test_normal_numbers_have_mean_0_and_deviation_1(lane):
    z = normal(DRAWN, lane)
    assert abs(z.mean()) < 0.01
    assert z.std() == pytest.approx(1.0, abs=0.01)
    assert (np.abs(z) > 1.96).mean() == pytest.approx(0.05, abs=0.02)


def test_lanes_are_uncorrelated():
    correlation = np.corrcoef([normal(DRAWN, lane) for lane in range(4)])
    assert np.abs(correlation - np.eye(4)).max() < 0.01


@pytest.mark.parametrize("mean", [0.01, 0.7, 20.0, 100.0])
def test_poisson_counts_have_equal_mean_and_variance(mean):
    counts = poisson(DRAWN, mean)
    assert counts.mean() == pytest.approx(mean, rel=0.05)
    assert counts.var() == pytest.approx(mean, rel=0.05)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 10**13), min_size=2, max_size=30, unique=True).map(sorted), st.integers(1, 10**12))
def test_wandering_noise_at_an_instant_does_not_depend_on_the_other_instants(times, scale):
    key = keys(1, "test", ["a", "b"])
    at = np.array([times[0], times[-1]])
    if (times[-1] - times[0]) // scale < 100_000:
        assert (wander(key, np.array(times), scale)[[0, -1]] == wander(key, at, scale)).all()
    assert (wander(key, at[:1], scale) == wander(key, at[:1] + 0, scale)).all()


def test_wandering_noise_is_smooth():
    series = wander(keys(1, "test", ["a"]), np.arange(0, 1_000_000, 100), 10_000)
    assert np.abs(np.diff(series, axis=0)).max() < 0.1
    assert series.std() == pytest.approx(0.85, abs=0.25)
