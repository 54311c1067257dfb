"""Request bodies, rendered once and re-stamped in place, so that the client's CPU stays out of the figures.

Every body carries `ROWS` rows of `sensors` series in turn. Sending it again only rewrites its timestamps: 13 digits a row for
the text bodies, one int64 column for Arrow. Every reading is new: instants advance by `STEP_MS` once all series had one.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

ROWS = 10_000
SENSORS = 1_000
STEP_MS = 1
"""So small that a minute of full load covers about two minutes: what is sent as live is live, in no hour that is rolled up."""
TEMPLATES = 4
LATE_MS = 2 * 3_600_000
"""How late a late row is: an outage of two hours that is made up for."""

I64 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Stream:
    """Which rows a load sends.

    start    epoch ms of the first instant
    sensors  how many series take turns
    late     share of the rows whose instant lies `LATE_MS` before that of the others
    prefix   of the sensors' names
    """

    start: int
    sensors: int = SENSORS
    late: float = 0.0
    prefix: str = "m"

    def __post_init__(self) -> None:
        if ROWS % self.sensors and self.sensors % ROWS:
            raise ValueError(f"{self.sensors} sensors: must divide {ROWS} or be a multiple of it")

    @property
    def slices(self) -> int:
        """Bodies until every sensor had its turn."""
        return max(1, self.sensors // ROWS)

    @property
    def templates(self) -> int:
        """Bodies that differ in more than their instants: a multiple of `slices`."""
        return self.slices * max(1, TEMPLATES // self.slices)

    def members(self, n: int) -> I64:
        """int64 [ROWS]: the sensor of each row of the n-th body."""
        return (n % self.slices * ROWS + np.arange(ROWS)) % self.sensors

    def first(self, n: int) -> int:
        """Epoch ms of the first instant of the n-th body."""
        return self.start + (n // self.slices * max(1, ROWS // self.sensors)) * STEP_MS

    def offsets(self) -> I64:
        """int64 [ROWS]: how far behind `first(n)` each row of a body is, ms; a (sensor, instant) never comes twice."""
        late = np.arange(ROWS) * 7919 % ROWS < self.late * ROWS
        return np.arange(ROWS) // self.sensors * STEP_MS - late * LATE_MS


@dataclass(frozen=True, slots=True)
class Body:
    """`render(n)` gives the n-th body; each holds `readings` readings."""

    readings: int
    render: Callable[[int], bytes]


Row = Callable[[str, int, np.random.Generator], bytes]
_MARK = b"1111111111111"


def _json_row(prefix: str, i: int, rng: np.random.Generator) -> bytes:
    row = {
        "sensor_id": f"{prefix}{i:05d}",
        "site_id": f"site{i % 20:02d}",
        "metric": "power_w",
        "ts": int(_MARK),
        "value": round(float(rng.normal(1200, 40)), 2),
    }
    return json.dumps(row, separators=(",", ":")).encode()


def _ems_row(prefix: str, i: int, rng: np.random.Generator) -> bytes:
    volts, amps = round(float(rng.normal(230, 2)), 2), round(float(rng.normal(5, 0.4)), 3)
    row = {
        "sensor_id": f"{prefix}{i:05d}",
        "ts": int(_MARK),
        "power_w": round(volts * amps * 0.97, 2),
        "voltage_v": volts,
        "current_a": amps,
        "site_id": f"site{i % 20:02d}",
        "tags": {"phase": "L1"},
        "tenant_id": "default",
    }
    return json.dumps(row, separators=(",", ":")).encode()


def _line_row(prefix: str, i: int, rng: np.random.Generator) -> bytes:
    value = round(float(rng.normal(1200, 40)), 2)
    name = f"{prefix}{i:05d}"
    return f"power_w,sensor_id={name},site_id=site{i % 20:02d} value={value} ".encode() + _MARK


def _copy_row(prefix: str, i: int, rng: np.random.Generator) -> bytes:
    """PostgreSQL's COPY text: sensor, metric, site, room, ts, value."""
    value = round(float(rng.normal(1200, 40)), 2)
    return f"{prefix}{i:05d}\tpower_w\tsite{i % 20:02d}\t\\N\t".encode() + _MARK + f"\t{value}".encode()


@dataclass(frozen=True, slots=True)
class _Text:
    """How rows of text become a body; a row holds `readings` readings."""

    row: Row
    head: bytes = b""
    glue: bytes = b"\n"
    tail: bytes = b"\n"
    readings: int = 1


_TEXTS = {
    "json": _Text(_json_row, b"[", b",", b"]"),
    "ndjson": _Text(_json_row),
    "ems": _Text(_ems_row, b"[", b",", b"]", readings=3),
    "line": _Text(_line_row),
    "copy": _Text(_copy_row),
}
BODIES = (*_TEXTS, "arrow")


def body(name: str, stream: Stream) -> Body:
    """The bodies called `name` (one of BODIES) for the rows of `stream`."""
    rng = np.random.default_rng(7)
    if name == "arrow":
        return Body(ROWS, _arrow(stream, rng))
    text = _TEXTS[name]
    templates = [_template(text, stream, n, rng) for n in range(stream.templates)]
    distinct, which = np.unique(stream.offsets(), return_inverse=True)

    def render(n: int) -> bytes:
        filled, at = templates[n % len(templates)]
        stamps = stream.first(n) + distinct
        digits = (stamps[:, None] // 10 ** np.arange(12, -1, -1)) % 10 + 48
        filled[at] = digits.astype(np.uint8)[which]
        return filled.tobytes()

    return Body(ROWS * text.readings, render)


def _template(
    text: _Text, stream: Stream, n: int, rng: np.random.Generator
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.intp]]:
    """A body and, for each of its rows, the 13 places of its timestamp."""
    rows = [text.row(stream.prefix, i, rng) for i in stream.members(n).tolist()]
    # Every row's mark lies at a known offset within it, so positions need no search of the whole body.
    starts = np.cumsum([0, *(len(r) + len(text.glue) for r in rows[:-1])]) + len(text.head)
    offsets = starts + np.array([r.index(_MARK) for r in rows])
    filled = text.head + text.glue.join(rows) + text.tail
    return np.frombuffer(bytearray(filled), np.uint8), offsets[:, None] + np.arange(13)


def _arrow(stream: Stream, rng: np.random.Generator) -> Callable[[int], bytes]:
    def columns(n: int) -> list[pa.Array]:
        members = stream.members(n)
        sensors, index = np.unique(members, return_inverse=True)
        names = pa.array([f"{stream.prefix}{i:05d}" for i in sensors.tolist()])
        metric = pa.DictionaryArray.from_arrays(pa.array(np.zeros(ROWS, np.int32)), pa.array(["power_w"]))
        return [
            pa.DictionaryArray.from_arrays(pa.array(index.astype(np.int32)), names),
            pa.DictionaryArray.from_arrays(
                pa.array((members % 20).astype(np.int32)), pa.array([f"site{i:02d}" for i in range(20)])
            ),
            metric,
            pa.array(np.round(rng.normal(1200, 40, ROWS), 2)),
        ]

    templates = [columns(n) for n in range(stream.templates)]
    offsets = stream.offsets()

    def render(n: int) -> bytes:
        sensor, site, metric, value = templates[n % len(templates)]
        return arrow_stream(
            {"sensor_id": sensor, "site_id": site, "metric": metric, "ts": stream.first(n) + offsets, "value": value}
        )

    return render


def arrow_stream(columns: dict[str, object]) -> bytes:
    """One Arrow IPC stream of equally long columns."""
    table = pa.table(columns)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()
