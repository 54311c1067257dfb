"""The lines of a query's answer side by side, for people: one row per time and group, one column per line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

__all__ = ["lines_of", "side_by_side"]

_GROUPS: Final = ("site_id", "building", "room", "equipment", "sensor_id")

Row = Mapping[str, Any]


def side_by_side(rows: Sequence[Row]) -> tuple[list[dict[str, Any]], list[str]]:
    """Rows with a column for each name, and the columns in order. Whole numbers come without a fraction.

    `metric` is told where a line holds several, or where there is one for all; `unit` names all units of a row.
    """
    names = list(dict.fromkeys(row["name"] for row in rows))
    metrics = {name: {row["metric"] for row in rows if row["name"] == name} for name in names}
    time = "label" if any(row.get("label") for row in rows) else "ts"
    groups = _groups(rows)
    many = any(len(found) > 1 for found in metrics.values())
    wide: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        key = (row["ts"], *(row.get(group) for group in groups), row["metric"] if many else None)
        place = wide.setdefault(key, {time: row[time], **{group: row.get(group) for group in groups}, "units": {}})
        place["metric"] = row["metric"]
        place[row["name"]] = _whole(row["value"])
        if row.get("unit"):
            place["units"][row["unit"]] = None
    told = ["metric"] if many or len(set().union(*metrics.values())) == 1 else []
    out = [{**place, "unit": ", ".join(place.pop("units"))} for place in wide.values()]
    return out, [time, *groups, *told, *names, "unit"]


def lines_of(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Title → rows of each line with a value, in order of time."""
    groups = _groups(rows)
    many = len({row["metric"] for row in rows}) > 1
    lines: dict[str, list[Row]] = {}
    for row in rows:
        words = [str(row[group]) for group in groups if row.get(group)]
        if many and row["metric"]:
            words.append(str(row["metric"]))
        title = " · ".join([str(row["name"]), *words])
        if row["value"] is not None:
            lines.setdefault(title, []).append(row)
    return {title: sorted(line, key=lambda row: row["ts"]) for title, line in lines.items()}


def _groups(rows: Sequence[Row]) -> list[str]:
    """Group columns that any row has."""
    names = dict.fromkeys(name for row in rows for name in row)
    return [name for name in _GROUPS if name in names] + [name for name in names if name.startswith("tag:")]


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else value
