import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.query.fleet.balance import NODES, balance, edges
from penstock.query.overview import ROLES

NAN = float("nan")
ALL = np.ones(len(ROLES), np.bool_)


def of(**power):
    return np.array([[power.get(role, NAN)] for role in ROLES])


def present(*roles):
    return np.array([role in roles for role in ROLES])


def test_one_missing_node_is_what_the_others_leave_over():
    whole = balance(of(pv=500.0, grid=300.0, battery=-100.0, ev=-50.0), ALL)
    assert whole.power[ROLES.index("load"), 0] == -650.0
    assert ROLES[whole.derived[0]] == "load"
    assert whole.unmetered[0] == 0.0


def test_measured_nodes_stay_and_what_they_leave_over_is_told():
    measured = of(pv=500.0, grid=300.0, battery=-100.0, ev=-50.0, load=-600.0)
    whole = balance(measured, ALL)
    assert np.array_equal(whole.power, measured)
    assert whole.derived[0] == -1
    assert whole.unmetered[0] == -50.0


def test_two_missing_nodes_are_not_guessed():
    whole = balance(of(pv=500.0, grid=300.0, battery=-100.0), ALL)
    assert np.isnan(whole.power[ROLES.index("load"), 0])
    assert np.isnan(whole.power[ROLES.index("ev"), 0])
    assert np.isnan(whole.unmetered[0])
    assert whole.derived[0] == -1


@pytest.mark.parametrize(
    ("power", "missing"),
    [(of(grid=300.0, battery=0.0, ev=0.0, load=-100.0), "pv"), (of(pv=5.0, grid=-300.0, battery=0.0, ev=0.0), "load")],
)
def test_what_is_impossible_is_not_derived(power, missing):
    whole = balance(power, ALL)
    assert whole.derived[0] == -1
    assert np.isnan(whole.power[ROLES.index(missing), 0])
    assert np.isnan(whole.unmetered[0])


def test_a_node_that_is_not_there_counts_as_nothing():
    whole = balance(of(grid=300.0), present("grid", "load"))
    assert whole.power[ROLES.index("load"), 0] == -300.0
    assert np.isnan(whole.power[ROLES.index("pv"), 0])


def test_nothing_is_derived_of_nothing():
    whole = balance(of(), present("load"))
    assert whole.derived[0] == -1
    assert np.isnan(whole.unmetered[0])


watts = st.one_of(st.just(NAN), st.floats(-1e6, 1e6))


@given(st.lists(st.tuples(*[watts] * len(ROLES)), min_size=1, max_size=5), st.tuples(*[st.booleans()] * len(ROLES)))
def test_a_balanced_flow_adds_up_to_nothing_and_measured_values_are_never_changed(columns, there):
    power, there = np.array(columns).T, np.array(there)
    whole = balance(power, there)
    known = there[:, None] & ~np.isnan(power)
    assert np.array_equal(whole.power[known], power[known])
    settled = ~np.isnan(whole.unmetered)
    total = np.nansum(whole.power, axis=0) + whole.unmetered
    assert np.allclose(total[settled], 0.0, atol=1e-6)
    assert (whole.power[ROLES.index("load")][whole.derived == ROLES.index("load")] <= 0.0).all()
    assert (whole.power[ROLES.index("pv")][whole.derived == ROLES.index("pv")] >= 0.0).all()


def test_the_sun_serves_the_load_first_and_the_grid_takes_the_rest():
    drawn = edges([900.0, -300.0, -200.0, -100.0, -300.0], 0.0)
    assert [(e.source, e.target, e.power) for e in drawn] == [
        ("pv", "load", 300.0), ("pv", "ev", 100.0), ("pv", "battery", 200.0), ("pv", "grid", 300.0),
    ]  # fmt: skip
    assert edges([900.0, NAN, NAN, NAN, NAN], NAN) == []


@given(st.tuples(*[st.floats(-1e5, 1e5)] * len(ROLES)))
def test_edges_carry_what_nodes_give_and_take(power):
    unmetered = -sum(power)
    net = dict.fromkeys(NODES, 0.0)
    for edge in edges(list(power), unmetered):
        assert edge.power > 0.0
        assert edge.source != edge.target
        net[edge.source] += edge.power
        net[edge.target] -= edge.power
    for name, value in zip(NODES, [*power, unmetered], strict=True):
        assert net[name] == pytest.approx(value, abs=0.1)
