"""The lines of one `Fetch` over the windows of an answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from penstock.query.amounts import read_amounts, read_change
from penstock.query.ast import Fetch
from penstock.query.chosen import Chosen
from penstock.query.groups import group_columns
from penstock.query.layout import MEASURES, Layout, Measure, measure
from penstock.query.levels import second_level
from penstock.query.lines import Lines
from penstock.query.reading import Reading
from penstock.query.samples import read_spread

__all__ = ["read_lines"]

_SERVED: Final[Mapping[str, Measure]] = {name: name for name in MEASURES}


async def read_lines(reading: Reading, fetch: Fetch, chosen: Chosen, layout: Layout) -> Lines:
    """What `fetch` makes of the `chosen` series per window of `layout`, both levels."""
    if not chosen.labels:
        columns = chosen.columns if fetch.then is None else group_columns(fetch.then.by)
        by = chosen.by if fetch.then is None else frozenset(fetch.then.by)
        return Lines.nothing(by, tuple(column for column, _ in columns.values()), (), len(layout))
    lines = Lines.nothing(chosen.by, chosen.names, chosen.labels, len(layout))
    match fetch.fn:
        case "energy" | "increase" | "rate":
            lines = await read_amounts(reading, fetch.fn, chosen, layout, lines)
        case "delta":
            lines = await read_change(reading, chosen, layout, lines)
        case _:
            lines = await _read_values(reading, fetch, chosen, layout, lines)
    return lines if fetch.then is None else second_level(lines, fetch.then)


async def _read_values(reading: Reading, fetch: Fetch, chosen: Chosen, layout: Layout, lines: Lines) -> Lines:
    """What is made of all readings of a group: by partials, or by the readings themselves for what these do not tell."""
    combined = await reading.combined(chosen.groups, layout, chosen.span)
    lines = replace(lines, there=lines.there.copy(), count=lines.count.copy(), coverage=lines.coverage.copy())
    np.put(lines.there, combined.slot, True)
    np.put(lines.count, combined.slot, combined.count)
    np.put(lines.coverage, combined.slot, combined.coverage)
    if fetch.fn in {"percentile", "stddev"}:
        return replace(lines, value=await read_spread(reading, fetch, chosen, layout))
    values = measure(_SERVED[fetch.fn], combined, chosen.member[combined.slot // len(layout)], chosen.units)
    np.put(lines.value, combined.slot, values)
    return lines
