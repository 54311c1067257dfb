"""The columns of a query's answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from penstock.query.layout import Layout
from penstock.query.lines import Label, Rows
from penstock.query.select import floats

__all__ = ["Shown", "table_of"]


class Shown(NamedTuple):
    """Rows under a name: `columns` are those of each label's group."""

    name: str
    columns: tuple[str, ...]
    labels: Sequence[Label]
    rows: Rows


def table_of(shown: Sequence[Shown], layout: Layout) -> pa.Table:
    """Columns as `Query` says; a group column that a name is not grouped by is null for it."""
    levels = sorted({column for each in shown for column in each.columns}, key=_rank)
    parts = [_part(each, levels, layout) for each in shown]
    return pa.concat_tables(parts)


def _rank(column: str) -> tuple[int, str]:
    order = ("site_id", "building", "room", "equipment", "sensor_id")
    return (order.index(column), "") if column in order else (len(order), column)


def _part(each: Shown, levels: Sequence[str], layout: Layout) -> pa.Table:
    rows = each.rows
    line = pa.array(rows.line)

    def text(values: Sequence[str | None]) -> pa.Array:
        return pa.array(values, pa.string()).take(line)

    columns: dict[str, Any] = {"name": pa.repeat(pa.scalar(each.name), len(rows.line)), "ts": rows.ts}
    if layout.labels is not None:
        within = pa.array(rows.window, pa.int64(), mask=rows.window < 0)
        columns["label"] = pa.array(layout.labels, pa.string()).take(within)
    columns["metric"] = text([label.metric for label in each.labels])
    columns["unit"] = text([label.unit for label in each.labels])
    for level in levels:
        at = each.columns.index(level) if level in each.columns else None
        columns[level] = text([None if at is None else label.group[at] for label in each.labels])
    columns["value"] = floats(rows.value)
    columns["count"] = rows.count.astype(np.int64)
    columns["coverage"] = floats(rows.coverage)
    columns["percent_good"] = floats(100.0 * rows.coverage)
    return pa.table(columns)
