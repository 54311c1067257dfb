"""Amounts per window: energy, what counters counted, how fast, and by how much a value changed."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from penstock.model.time import SECOND
from penstock.query.chosen import Chosen
from penstock.query.counters import CounterRule
from penstock.query.energy import MAX_HOLD
from penstock.query.flow import Flow
from penstock.query.layout import Groups, Layout
from penstock.query.lines import Lines
from penstock.query.meters import CounterReader, PowerReader
from penstock.query.reading import Reading

__all__ = ["read_amounts", "read_change"]

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]


async def read_amounts(
    reading: Reading, fn: Literal["energy", "increase", "rate"], chosen: Chosen, layout: Layout, lines: Lines
) -> Lines:
    """`lines` with what flowed, as `Consumption` defines it; energy is imported minus exported."""
    edges = np.clip(layout.edges, *chosen.span)
    flow = await _flow(reading, chosen, edges, np.arange(len(chosen.groups.series)))
    value = flow.forward - flow.backward if fn == "energy" else flow.forward + flow.backward
    value = chosen.units.out(value.ravel(), np.repeat(chosen.member, len(layout)), weight=0.0).reshape(value.shape)
    past = np.diff(np.minimum(edges, reading.now + 1)).astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        if fn == "rate":
            value = value / (past / SECOND)
    return _with_flow(lines, flow, value, np.bincount(chosen.groups.group), past)


async def read_change(reading: Reading, chosen: Chosen, layout: Layout, lines: Lines) -> Lines:
    """`lines` with last minus first of each series, added up; counters as they counted, what is exported negative."""
    gauges, counters = np.flatnonzero(~chosen.counts), np.flatnonzero(chosen.counts)
    if len(counters):
        edges = np.clip(layout.edges, *chosen.span)
        flow = await _flow(reading, chosen, edges, counters)
        members = np.bincount(chosen.groups.group[counters], minlength=chosen.groups.total)
        past = np.diff(np.minimum(edges, reading.now + 1)).astype(np.float64)
        lines = _with_flow(lines, flow, flow.forward - flow.backward, members, past)
    if len(gauges):
        lines = await _with_gauges(reading, chosen, layout, lines, gauges)
    repeated = np.repeat(chosen.member, len(layout))
    return replace(lines, value=chosen.units.out(lines.value.ravel(), repeated, weight=0.0).reshape(lines.value.shape))


async def _with_gauges(reading: Reading, chosen: Chosen, layout: Layout, lines: Lines, gauges: I64) -> Lines:
    """`lines` with the change of the series `gauges`, int64 [n]. Units separate, so no group holds gauges and counters."""
    alone = Groups([chosen.groups.series[i] for i in gauges.tolist()], np.arange(len(gauges)), len(gauges))
    each = await reading.combined(alone, layout, chosen.span)
    series, window = np.divmod(each.slot, len(layout))
    at = chosen.groups.group[gauges[series]], window
    value, count = np.zeros(lines.value.shape), lines.count.copy()
    covered, contributed = np.zeros(lines.value.shape), np.zeros(lines.value.shape)
    with np.errstate(over="ignore", invalid="ignore"):
        np.add.at(value, at, each.last - each.first)
    np.add.at(count, at, each.count)
    np.add.at(covered, at, each.coverage)
    np.add.at(contributed, at, 1.0)
    mine = contributed > 0.0
    with np.errstate(invalid="ignore", divide="ignore"):
        coverage = np.where(mine, covered / contributed, lines.coverage)
    return replace(
        lines, value=np.where(mine, value, lines.value), count=count, coverage=coverage, there=lines.there | mine
    )


async def _flow(reading: Reading, chosen: Chosen, edges: I64, which: I64) -> Flow:
    """The flow per (group, window) of the series `which`, int64 [n]."""
    groups = chosen.groups
    totals = Flow.nothing(groups.total, len(edges) - 1)
    for reader in (
        PowerReader(reading.view, reading.tenant, edges, "hold", MAX_HOLD, reading.now),
        CounterReader(reading.view, reading.tenant, edges, MAX_HOLD, CounterRule()),
    ):
        index = which[chosen.counts[which] == reader.counts]
        infos = [groups.series[i] for i in index.tolist()]
        async for part, flow in reader.flows(infos):
            flow.note_series()
            totals.add(flow, groups.group[index[part]], np.arange(len(edges) - 1))
        if infos:
            reading.note(infos, int(totals.readings.sum()), reader.tier)
    return totals


def _with_flow(lines: Lines, flow: Flow, value: F64, members: npt.NDArray[np.intp], past: F64) -> Lines:
    """`lines` where something is known of `flow`; `past` float64 [windows]: ms of each window in the range and the past."""
    there = flow.known > 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        coverage = np.minimum(flow.covered / (members[:, None] * past), 1.0)
    return replace(
        lines,
        value=np.where(there, value, lines.value),
        count=np.where(there, flow.readings, lines.count),
        coverage=np.where(there, coverage, lines.coverage),
        there=lines.there | there,
    )
