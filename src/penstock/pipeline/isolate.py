"""When a store refuses a frame for its data: which of its rows are at fault, found by halving.

The store rehearses pieces and commits none, so nothing of the frame is stored until all of it is settled, in one commit
under its own id: good rows and dead letters together. A crash on the way leaves nothing behind, and a redelivery starts
again; there are no pieces whose ids the store would have to remember.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

import numpy as np

from penstock.model.batch import Batch
from penstock.model.frame import Frame
from penstock.pipeline.check import Fault
from penstock.pipeline.letters import split, without

__all__ = ["MAX_TRIALS", "Trial", "isolate"]

MAX_TRIALS: Final = 2_048
"""Rehearsals for one frame. Finding one bad row takes about 2·log2(rows); rows not judged by then go with the bad ones."""

_DETAIL: Final = 1_000

Trial = Callable[[Frame], Awaitable[Exception | None]]
"""Rehearse a frame: None if the store could commit it, else why not. Patient with a store that is away."""


async def isolate(frame: Frame, trial: Trial, now: int) -> Frame:
    """`frame` with every row that the store refuses in a dead letter instead. `now` is epoch ms.

    Sensor attributes only describe: when it is they that the store refuses, they are dropped and cost no row.
    """
    batch = frame.batch
    if batch.attributes:
        alone = replace(
            frame, parts=(), batch=replace(Batch.empty(frame.tenant), attributes=batch.attributes), events=()
        )
        if await trial(alone) is not None:
            frame = replace(frame, batch=replace(batch, attributes={}))
    return split(frame, await _faults(frame, trial), now)


async def _faults(frame: Frame, trial: Trial) -> list[Fault]:
    """Halve what fails until single rows are left."""
    bad: dict[str, tuple[str, list[range]]] = {}
    pieces = [(0, len(frame.batch) + len(frame.events))]
    trials, error = 0, None
    while pieces:
        start, stop = pieces.pop()
        judged = trials < MAX_TRIALS or error is None
        if judged:
            trials += 1
            failed = await trial(_piece(frame, start, stop))
            if failed is None:
                continue
            error = failed
        if judged and stop - start > 1:
            middle = (start + stop) // 2
            pieces += [(middle, stop), (start, middle)]
        elif stop > start:
            code = f"commit_{type(error).__name__.lower()}"
            bad.setdefault(code, (str(error)[:_DETAIL], []))[1].append(range(start, stop))
    return [
        Fault(code, detail, np.concatenate([np.arange(r.start, r.stop) for r in ranges]))
        for code, (detail, ranges) in bad.items()
    ]


def _piece(frame: Frame, start: int, stop: int) -> Frame:
    """Rows [start, stop) as a frame of their own, with only the keys that they use."""
    ends = np.cumsum([part.accepted for part in frame.parts])
    taken = np.diff(np.clip(ends, start, stop), prepend=start).tolist()
    parts = tuple(replace(p, accepted=n, rejected=0) for p, n in zip(frame.parts, taken, strict=True) if n)
    events, batch = frame.events[start:stop], frame.batch
    if not frame.events:
        batch = without(batch.slice(start, stop), np.zeros(stop - start, np.bool_))
        batch = replace(batch, attributes={})
    return replace(frame, parts=parts, batch=batch, events=events, dead_letters=(), settles=None)
