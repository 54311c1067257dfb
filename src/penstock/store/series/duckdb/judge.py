"""The fate of each reading of a commit, vectorised: stored, duplicate or superseded. Pure.

The state of a key is the greatest (version, value) ever seen, a join-semilattice, so it cannot depend on order. What is
counted is judged frame by frame: within a frame the greatest row of a key is its candidate, the others are duplicates
of it (equal value) or superseded; then the candidate is judged against the state.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from penstock.model.batch import sort_order

__all__ = ["DUPLICATE", "STORED", "SUPERSEDED", "Known", "Rows", "Verdict", "judge"]

STORED: Final = 0
DUPLICATE: Final = 1
SUPERSEDED: Final = 2

I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]


class Rows(NamedTuple):
    """Columns of readings: series int32 store ids, ts int64 ms, value float64, version int64."""

    series: I32
    ts: I64
    value: F64
    version: I64

    def take(self, index: npt.NDArray[np.intp] | npt.NDArray[np.bool_]) -> Rows:
        return Rows(self.series[index], self.ts[index], self.value[index], self.version[index])


class Known(NamedTuple):
    """What the store holds for some keys: present bool [n]; version, value meaningful where present."""

    present: npt.NDArray[np.bool_]
    version: I64
    value: F64


@dataclass(frozen=True, slots=True)
class Verdict:
    """fate uint8 [n] per input row; `append` and `update` hold the rows to write, sorted by (series, ts).

    What these alone do not tell: `before` is what `update` replaces, row by row; `passed` are the input rows that were
    stored but not the last to change their key in this commit, `raised` the duplicates that raised their key's version.
    """

    fate: npt.NDArray[np.uint8]
    append: Rows
    update: Rows
    before: Rows
    passed: npt.NDArray[np.intp]
    raised: npt.NDArray[np.intp]


def judge(rows: Rows, frame: I32, lookup: Callable[[I32, I64], Known]) -> Verdict:
    """Judge the rows of one commit.

    `frame` int32 [n] numbers the frames in order of arrival; `lookup(series, ts)` tells the state of distinct keys,
    sorted by (series, ts), before this commit.
    """
    order = sort_order(rows.series, rows.ts)
    series, ts = rows.series[order], rows.ts[order]
    change = np.ones(len(order), np.bool_)
    if len(order):
        change[1:] = (series[1:] != series[:-1]) | (ts[1:] != ts[:-1])
    starts = np.flatnonzero(change)
    ends = np.append(starts[1:], len(order))
    first = order[starts]
    final = rows.take(first)
    known = lookup(final.series, final.ts)

    same = known.present & (known.value == final.value)
    newer = final.version > known.version
    wins = known.present & ~same & (newer | ((final.version == known.version) & (final.value > known.value)))
    raises = same & newer
    update = wins | raises
    fate = np.empty(len(order), np.uint8)
    fate[first] = np.where(~known.present | wins, STORED, np.where(same, DUPLICATE, SUPERSEDED))

    # Keys that occur more than once in a commit are rare (duplicates, corrections), so they are settled one by one.
    passed: list[int] = []
    raised: list[int] = []
    for group in np.flatnonzero(ends - starts > 1).tolist():
        members = np.sort(order[starts[group] : ends[group]]).tolist()
        before = (int(known.version[group]), float(known.value[group])) if known.present[group] else None
        after, changes = _settle(rows, frame, members, before, fate)
        final.version[group], final.value[group] = after
        update[group] = before is not None and after != before
        raises[group] = False
        passed += [i for i in changes[:-1] if fate[i] == STORED]
        raised += [i for i in changes if fate[i] == DUPLICATE]
    changed = np.flatnonzero(update)
    held = Rows(final.series[changed], final.ts[changed], known.value[changed], known.version[changed])
    return Verdict(
        fate,
        final.take(~known.present),
        final.take(changed),
        held,
        np.array(passed, np.intp),
        np.concatenate((first[raises], np.array(raised, np.intp))),
    )


def _settle(
    rows: Rows, frame: I32, members: list[int], state: tuple[int, float] | None, fate: npt.NDArray[np.uint8]
) -> tuple[tuple[int, float], list[int]]:
    """Judge the rows of one key in order of arrival; fills `fate`.

    Returns the state that remains, and the rows that changed it on the way there.
    """
    changes: list[int] = []
    by_frame: dict[int, list[int]] = {}
    for i in members:
        by_frame.setdefault(int(frame[i]), []).append(i)
    for group in by_frame.values():
        ranked = [((int(rows.version[i]), float(rows.value[i])), i) for i in group]
        best, winner = max(ranked, key=lambda entry: (entry[0], -entry[1]))
        for (_, value), i in ranked:
            fate[i] = DUPLICATE if value == best[1] else SUPERSEDED
        if state is None:
            fate[winner] = STORED
        elif best[1] == state[1]:
            fate[winner] = DUPLICATE
        else:
            fate[winner] = STORED if best > state else SUPERSEDED
        if state is None or best > state:
            state = best
            changes.append(winner)
    assert state is not None  # a group has members
    return state, changes
