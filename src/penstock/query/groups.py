"""How an answer is grouped: what `group_by` may name, and the numbering of groups."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from penstock.model.errors import InvalidInput
from penstock.model.series import SeriesInfo

__all__ = ["GROUPS", "check_groups", "number_groups"]

I64 = npt.NDArray[np.int64]

GROUPS: Final[Mapping[str, tuple[str, Callable[[SeriesInfo], str]]]] = {
    "site": ("site_id", lambda info: info.key.site),
    "sensor": ("sensor_id", lambda info: info.key.sensor),
    "building": ("building", lambda info: info.attributes.building),
    "room": ("room", lambda info: info.attributes.room),
    "equipment": ("equipment", lambda info: info.attributes.equipment),
}
"""What `group_by` may name → the answer's column, and a series' value in it."""


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
    number = {label: i for i, label in enumerate(sorted(set(labels)))}
    group = np.array([number[label] for label in labels], np.int64)
    return group, np.unique(group, return_index=True)[1].astype(np.int64)
