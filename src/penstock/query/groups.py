"""How an answer is grouped: what `group_by` and `by` may name, and the numbering of groups."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from penstock.model.errors import InvalidInput
from penstock.model.series import SeriesInfo

__all__ = ["GROUPS", "METRIC", "Columns", "check_groups", "group_columns", "number_groups"]

I64 = npt.NDArray[np.int64]

GROUPS: Final[Mapping[str, tuple[str, Callable[[SeriesInfo], str]]]] = {
    "site": ("site_id", lambda info: info.key.site),
    "sensor": ("sensor_id", lambda info: info.key.sensor),
    "building": ("building", lambda info: info.attributes.building),
    "room": ("room", lambda info: info.attributes.room),
    "equipment": ("equipment", lambda info: info.attributes.equipment),
}
"""What `group_by` may name → the answer's column, and a series' value in it."""

METRIC: Final = "metric"
"""May be named in `by`, where it changes nothing but by what lines are matched: the metric separates anyhow."""
_TAG: Final = "tag:"
_ORDER: Final = ("site", "building", "room", "equipment", "sensor")

Columns = Mapping[str, tuple[str, Callable[[SeriesInfo], str]]]
"""Name in `by` → the answer's column, and a series' value in it."""


def group_columns(by: Sequence[str]) -> Columns:
    """The columns of `Fetch.by` in the order of an answer: the building's levels, then tags by name; not the metric.

    Raises InvalidInput (`invalid_group_by`) unless these are different names of GROUPS, metric or `tag:NAME`.
    """
    tags = sorted(name for name in by if name.startswith(_TAG) and len(name) > len(_TAG))
    unknown = [name for name in by if name not in GROUPS and name not in tags and name != METRIC]
    if unknown or len(set(by)) < len(by):
        said = f"{unknown[0]!r:.60}" if unknown else "a name twice"
        raise InvalidInput(
            f"`by` holds {said}",
            code="invalid_group_by",
            hint=f"different ones of {', '.join(_ORDER)}, metric, tag:NAME",
        )
    return {name: GROUPS[name] for name in _ORDER if name in by} | {
        name: (name, _tag(name[len(_TAG) :])) for name in tags
    }


def _tag(key: str) -> Callable[[SeriesInfo], str]:
    return lambda info: info.attributes.tags.get(key, "")


def check_groups(group_by: Sequence[str]) -> None:
    """Raises InvalidInput (`invalid_group_by`) unless these are different names of GROUPS."""
    unknown = [name for name in group_by if name not in GROUPS]
    if unknown or len(set(group_by)) < len(group_by):
        raise InvalidInput(
            f"group_by {list(group_by)} is not a set of {', '.join(GROUPS)}",
            code="invalid_group_by",
            hint="metric and unit always separate, name only what should separate besides",
        )


def number_groups(labels: Sequence[tuple[str, ...]]) -> tuple[I64, I64]:
    """The group of each label, numbered in the order of the labels, and the index of one member of each group."""
    member: dict[tuple[str, ...], int] = {}
    for i, label in enumerate(labels):
        member.setdefault(label, i)
    number = {label: i for i, label in enumerate(sorted(member))}
    group = np.array([number[label] for label in labels], np.int64)
    return group, np.array([member[label] for label in number], np.int64)
