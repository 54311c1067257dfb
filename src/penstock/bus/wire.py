"""The frame on the wire: one Arrow IPC stream, self-describing, readable in any language.

Readings are a record batch `series: dictionary<int32, utf8>`, `ts: timestamp[ms, UTC]`, `value: double`,
`version: int64`; the dictionary holds `site/sensor/metric/unit` (see `SeriesKey.text`). Events are a record batch
`id, ts, timestamp, criticality, message, source`. The schema's metadata key `penstock` is a JSON header with the
frame's id, tenant, stamp, parts and sensor attributes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import pyarrow as pa

from penstock.model.batch import Batch, SensorKey
from penstock.model.errors import Poison
from penstock.model.event import Event
from penstock.model.frame import Frame
from penstock.model.ledger import Part
from penstock.model.series import Attributes, SeriesKey

__all__ = ["MEDIA_TYPE", "decode_frame", "encode_frame", "rows_header"]

MEDIA_TYPE: Final = "application/vnd.penstock.frame+arrow"
_FORMAT: Final = 1
_TS: Final = pa.timestamp("ms", tz="UTC")
_EVENT_FIELDS: Final = (
    ("id", pa.string()),
    ("ts", pa.int64()),
    ("timestamp", pa.string()),
    ("criticality", pa.int32()),
    ("message", pa.string()),
    ("source", pa.string()),
)


def encode_frame(frame: Frame) -> bytes:
    """Bytes of a frame of readings or of events. Dead letters never travel: they are made where a frame is read."""
    header: dict[str, Any] = {
        "format": _FORMAT,
        "id": frame.id,
        "tenant": frame.tenant,
        "stamp": frame.stamp,
        "parts": [[p.receipt, p.source, p.accepted, p.rejected] for p in frame.parts],
    }
    batch = frame.batch
    if batch.attributes:
        header["attributes"] = [
            [site, sensor, a.building, a.room, dict(a.tags)] for (site, sensor), a in batch.attributes.items()
        ]
    metadata = {b"penstock": json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()}
    if frame.events:
        columns = [[getattr(e, name) for e in frame.events] for name, _ in _EVENT_FIELDS]
        arrays = [pa.array(c, kind) for c, (_, kind) in zip(columns, _EVENT_FIELDS, strict=True)]
        schema = pa.schema([pa.field(n, k, nullable=False) for n, k in _EVENT_FIELDS], metadata=metadata)
    else:
        series = pa.DictionaryArray.from_arrays(
            pa.array(batch.series), pa.array([key.text for key in batch.keys], pa.string())
        )
        arrays = [series, pa.array(batch.ts).view(_TS), pa.array(batch.value), pa.array(batch.version)]
        schema = pa.schema(
            [pa.field(n, a.type, nullable=False) for n, a in zip(_COLUMNS, arrays, strict=True)], metadata=metadata
        )
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema) as writer:
        writer.write_batch(pa.record_batch(arrays, schema=schema))
    return sink.getvalue().to_pybytes()


_COLUMNS: Final = ("series", "ts", "value", "version")

_parse_key = lru_cache(maxsize=262_144)(SeriesKey.parse)


def decode_frame(payload: bytes | memoryview) -> Frame:
    """The frame; its columns are views into `payload`. Raises Poison for anything that is not a whole, valid frame."""
    try:
        with pa.ipc.open_stream(pa.py_buffer(payload)) as reader:
            header = json.loads(reader.schema.metadata[b"penstock"])
            record = reader.read_next_batch()
        if header["format"] != _FORMAT:
            raise Poison(f"frame format {header['format']} is not known here (this is {_FORMAT})", code="frame_format")
        parts = tuple(Part(*part) for part in header["parts"])
        is_events = record.schema.names[0] == "id"
        batch = Batch.empty(header["tenant"]) if is_events else _batch(header, record)
        events = tuple(_event(row) for row in record.to_pylist()) if is_events else ()
        frame = Frame(header["id"], header["tenant"], header["stamp"], parts, batch, events)
    except (pa.ArrowException, KeyError, ValueError, TypeError, AttributeError, StopIteration) as error:
        raise Poison(f"not a Penstock frame: {error!r:.300}", code="frame_malformed") from error
    if sum(p.accepted for p in parts) != len(batch) + len(events):
        raise Poison("a frame's parts do not add up to its rows", code="frame_malformed")
    return frame


def _batch(header: Mapping[str, Any], record: pa.RecordBatch) -> Batch:
    series = record.column("series")
    keys = tuple(_parse_key(text) for text in series.dictionary.to_pylist())
    codes = series.indices.to_numpy()
    if len(codes) and (codes.min() < 0 or codes.max() >= len(keys)):
        raise ValueError("series index out of its dictionary")
    attributes: dict[SensorKey, Attributes] = {
        (site, sensor): Attributes(building, room, tags)
        for site, sensor, building, room, tags in header.get("attributes", ())
    }
    return Batch(
        header["tenant"],
        keys,
        codes,
        record.column("ts").view(pa.int64()).to_numpy(),
        record.column("value").to_numpy(),
        record.column("version").to_numpy(),
        attributes,
    )


def _event(row: Mapping[str, Any]) -> Event:
    return Event(row["id"], row["ts"], row["timestamp"], row["criticality"], row["message"], row["source"])


def rows_header(frame: Frame) -> str:
    """What the frame adds to `received`, per source, for HEADER_ROWS: `http=1200,line=3`."""
    rows: dict[str, int] = {}
    for part in frame.parts:
        rows[part.source] = rows.get(part.source, 0) + part.accepted + part.rejected
    return ",".join(f"{source}={count}" for source, count in rows.items())
