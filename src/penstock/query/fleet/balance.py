"""The energy balance of a site: what is known, what follows from it, and where power goes. Pure.

Power is signed as the site sees it: positive feeds it, negative takes from it. So the nodes of a whole flow add up to 0, and the grid, as
one number, has one direction at a time.

Measured values are never changed. Where exactly one node is there but not measured, it is what the others leave over, unless that
is impossible (a sun that draws power, a load that gives some). Where all are measured, what they leave over is told as unmetered.
Where more than one is not measured, nothing is derived and the flow is not balanced.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from penstock.query.overview import ROLES

__all__ = ["NODES", "UNMETERED", "Balanced", "Edge", "balance", "edges"]

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

UNMETERED: Final = "unmetered"
NODES: Final = (*ROLES, UNMETERED)

_GIVES_ONLY: Final = np.array([role == "pv" for role in ROLES])
_TAKES_ONLY: Final = np.array([role in {"ev", "load"} for role in ROLES])
_NOISE: Final = 1e-3
"""W: less comes from rounding."""


class Balanced(NamedTuple):
    """power float64 [roles, n], NaN where not known · derived int64 [n]: the role that follows from the others, -1 for none ·
    unmetered float64 [n]: 0 with a derived node, NaN where the flow is not balanced.
    """

    power: F64
    derived: I64
    unmetered: F64


class Edge(NamedTuple):
    """Power that goes from one node to another, W, positive."""

    source: str
    target: str
    power: float


def balance(power: F64, present: Bools) -> Balanced:
    """Complete `power` (float64 [roles, n], NaN for not measured) by the rule above; `present` bool [roles]: the site has that node.

    A node that is not present counts as 0.
    """
    known = np.where(present[:, None], power, 0.0)
    missing = np.isnan(known)
    rest = -np.nansum(known, axis=0)
    which = missing.argmax(axis=0)
    possible = ~(_GIVES_ONLY[which] & (rest < 0)) & ~(_TAKES_ONLY[which] & (rest > 0))
    derives = (missing.sum(axis=0) == 1) & possible & (missing.sum(axis=0) < present.sum())
    filled = np.where(present[:, None], power, np.nan)
    columns = np.flatnonzero(derives)
    filled[which[columns], columns] = rest[columns]
    unmetered = np.where(derives, 0.0, np.where(missing.any(axis=0), np.nan, rest))
    return Balanced(filled, np.where(derives, which, -1), unmetered)


def edges(power: Sequence[float], unmetered: float) -> list[Edge]:
    """Who feeds whom, for one instant of a balanced flow; nothing for one that is not.

    Meters do not tell, so it is a convention: the sun is used up first, then battery, grid and what is unmetered; and the load is
    served first, then vehicles, battery, grid and what is unmetered.
    """
    if np.isnan(unmetered):
        return []
    node = dict(zip(NODES, [0.0 if np.isnan(p) else p for p in (*power, unmetered)], strict=True))
    found: list[Edge] = []
    wanted = {name: -node[name] for name in ("load", "ev", "battery", "grid", UNMETERED, "pv") if node[name] < 0}
    for source in ("pv", "battery", "ev", "load", "grid", UNMETERED):
        left = max(node[source], 0.0)
        for target, open_ in wanted.items():
            moved = min(left, open_)
            if moved > _NOISE:
                found.append(Edge(source, target, moved))
            wanted[target], left = open_ - moved, left - moved
    return found
