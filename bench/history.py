"""A day of room temperatures as it really arrives (late, repeated, corrected), and what a system must make of it.

2,000 sensors in 20 sites and 200 rooms, one reading each 30 s, values with two decimals that wander. On top of the unique readings:
2 % come 5 to 300 s late, 0.75 % come twice, 0.25 % are corrected 10 to 30 minutes later. Sent in the order of arrival over one
connection, so that the later write is the later one for every system.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from bench.peers.port import Totals
from bench.questions import MINUTE, Question, Seen

SENSORS = 2_000
STEP_MS = 30_000
BATCH = 10_000
LATE, TWICE, CORRECTED = 0.02, 0.0075, 0.0025

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]


def sensor(i: int) -> str:
    return f"q{i:05d}"


def site(i: int) -> str:
    return f"site{i // 100:02d}"


def building(i: int) -> str:
    return f"b{i // 100:02d}"


def room(i: int) -> str:
    return f"r{i // 10:03d}"


@dataclass(frozen=True, slots=True)
class History:
    """What arrived and what is true.

    end       epoch ms behind the last instant
    value     float64 [steps, SENSORS]: the true value of each reading, corrections applied
    who, ts, said  int64, int64, float64 [n]: the stream in the order of arrival
    """

    end: int
    value: F64
    who: I64
    ts: I64
    said: F64

    @property
    def start(self) -> int:
        return self.end - len(self.value) * STEP_MS

    @property
    def truth(self) -> Totals:
        """How many readings there are, and their sum."""
        return Totals(self.value.size, float(self.value.sum()))

    def lines(self) -> Iterator[bytes]:
        """Bodies of line protocol, ms."""
        heads = [
            f"temperature,building={building(i)},room={room(i)},sensor_id={sensor(i)},site_id={site(i)} value="
            for i in range(SENSORS)
        ]
        return self._rendered(heads, "", " {ts}")

    def copies(self) -> Iterator[bytes]:
        """Bodies of PostgreSQL's COPY text: sensor, metric, site, room, ts, value."""
        return self._rendered(
            [f"{sensor(i)}\ttemperature\t{site(i)}\t{room(i)}\t" for i in range(SENSORS)], "{ts}\t", ""
        )

    def _rendered(self, heads: list[str], before: str, after: str) -> Iterator[bytes]:
        """Rows of head, `before`, value, `after`; one of the two holds the instant."""
        head = pa.array(heads)
        for at in range(0, len(self.ts), BATCH):
            part = np.s_[at : at + BATCH]
            ts = pc.cast(pa.array(self.ts[part]), pa.string())
            value = pc.cast(pa.array(self.said[part]), pa.string())
            pieces = [head.take(pa.array(self.who[part])), *_around(before, ts), value, *_around(after, ts), "\n", ""]
            joined = pc.binary_join_element_wise(*pieces)  # pyright: ignore[reportAttributeAccessIssue] - made at run time
            yield "".join(joined.to_pylist()).encode()

    def answer(self, question: Question) -> Seen | None:
        """What the truth says to a question; None where it depends on when it is asked."""
        places = {"recent": sensor, "site": site, "room": room}
        if question.kind not in places:
            return None
        wanted = {"recent": question.sensor, "site": question.site, "room": question.room}[question.kind]
        members = [i for i in range(SENSORS) if places[question.kind](i) == wanted]
        if question.kind == "recent":
            return Seen.of(self.value[-question.limit :, members].ravel().tolist())
        instants = self.start + np.arange(len(self.value)) * STEP_MS
        kept = (instants >= question.start) & (instants < question.end)
        window = instants[kept] // question.window
        values = self.value[kept][:, members]
        sums, counts = (np.bincount(window - window[0], weights=w) for w in (values.sum(axis=1), None))
        return Seen.of((sums / (counts * len(members))).tolist())


def _around(template: str, ts: pa.Array) -> list[object]:
    """The pieces of `template`, with the column in the place of `{ts}`."""
    if not template:
        return []
    first, _, last = template.partition("{ts}")
    return [first, ts, last]


def make(rows: int, end: int) -> History:
    """A history of about `rows` unique readings before `end` (epoch ms, a multiple of a quarter of an hour is best)."""
    rng = np.random.default_rng(7)
    steps = rows // SENSORS
    first = np.round(rng.normal(294, 1.5, SENSORS), 2)
    value = np.round(first + np.cumsum(rng.choice([-0.02, -0.01, 0.0, 0.01, 0.02], (steps, SENSORS)), axis=0), 2)
    said = value.ravel().copy()
    ts = np.repeat(end - (steps - np.arange(steps)) * STEP_MS, SENSORS)
    who = np.tile(np.arange(SENSORS), steps)
    arrival = ts + np.where(rng.random(len(ts)) < LATE, rng.integers(5_000, 300_000, len(ts)), 0)
    twice = np.flatnonzero(rng.random(len(ts)) < TWICE)
    corrected = np.flatnonzero(rng.random(len(ts)) < CORRECTED)
    right = np.round(said[corrected] + rng.uniform(0.5, 5.0, len(corrected)), 2)
    value.ravel()[corrected] = right
    index = np.concatenate((np.arange(len(ts)), twice, corrected))
    when = np.concatenate(
        (
            arrival,
            arrival[twice] + rng.integers(0, 60_000, len(twice)),
            ts[corrected] + rng.integers(10 * MINUTE, 30 * MINUTE, len(corrected)),
        )
    )
    spoken = np.concatenate((said, said[twice], right))
    order = np.argsort(when, kind="stable")
    return History(end, value, who[index[order]], ts[index[order]], spoken[order])
