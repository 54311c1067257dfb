"""The frame on the wire: one Arrow IPC stream, self-describing, readable in any language.

Readings are a record batch `series: dictionary<int32, utf8>`, `ts: timestamp[ms, UTC]`, `value: double`,
`version: int64`; the dictionary holds `site/sensor/metric/unit` (see `SeriesKey.text`). Events are a record batch
`id, ts, timestamp, criticality, message, source`. The schema's metadata key `penstock` is a JSON header with the
frame's id, tenant, stamp, parts, and where there are any: the parts' own stamps, findings, sensor attributes, the dead
letter that it settles.

Series repeat from frame to frame, so their texts are cached: of the 2.9 ms that a frame of 16,384 rows over 3,000 series
took to encode, 2.4 ms went into building the same texts again.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Annotated, Any, Final

import msgspec
import pyarrow as pa

from penstock.bus.port import EVENTS_SUBJECT, HEADER_ROWS
from penstock.model.batch import Batch, SensorKey
from penstock.model.errors import Poison
from penstock.model.event import Event
from penstock.model.findings import NOTHING_FOUND, Findings
from penstock.model.frame import Frame
from penstock.model.ledger import Part, Settlement
from penstock.model.series import Attributes, SeriesKey

__all__ = ["MEDIA_TYPE", "decode_frame", "encode_frame", "error_reply", "pending_rows", "rows_header"]

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
_EVENTS_SCHEMA: Final = pa.schema([pa.field(name, kind, nullable=False) for name, kind in _EVENT_FIELDS])
_READINGS_SCHEMA: Final = pa.schema(
    [
        pa.field("series", pa.dictionary(pa.int32(), pa.string()), nullable=False),
        pa.field("ts", _TS, nullable=False),
        pa.field("value", pa.float64(), nullable=False),
        pa.field("version", pa.int64(), nullable=False),
    ]
)


_Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
_Stamp = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]


class _Header(msgspec.Struct, frozen=True):
    """The JSON header as it is read: what does not have these types is not a frame."""

    format: int
    id: str
    tenant: str
    stamp: _Stamp
    parts: tuple[tuple[str, str, _Count, _Count], ...]
    attributes: tuple[tuple[str, str, str, str, dict[str, str]], ...] = ()
    stamps: tuple[_Stamp, ...] = ()
    findings: dict[int, Findings] = {}
    settles: Settlement | None = None


class _Version(msgspec.Struct, frozen=True):
    format: Any = None


_header_decoder: Final = msgspec.json.Decoder(_Header)
_key_text: Final = lru_cache(maxsize=262_144)(lambda key: key.text)  # pyright: ignore[reportUnknownLambdaType]
_parse_key: Final = lru_cache(maxsize=262_144)(SeriesKey.parse)


_KNOWN_DICTIONARIES: Final = 64
_known_keys: Final[OrderedDict[bytes, tuple[SeriesKey, ...]]] = OrderedDict()


@lru_cache(maxsize=32)
def _dictionary(keys: tuple[SeriesKey, ...]) -> pa.Array:
    return pa.array([_key_text(key) for key in keys], pa.string())


def encode_frame(frame: Frame) -> bytes:
    """Bytes of a frame of readings or of events. Dead letters never travel: they are made where a frame is read."""
    header: dict[str, Any] = {
        "format": _FORMAT,
        "id": frame.id,
        "tenant": frame.tenant,
        "stamp": frame.stamp,
        "parts": [[p.receipt, p.source, p.accepted, p.rejected] for p in frame.parts],
    }
    if any(p.stamp for p in frame.parts):
        header["stamps"] = [p.stamp for p in frame.parts]
    if any(p.findings for p in frame.parts):
        header["findings"] = {n: msgspec.to_builtins(p.findings) for n, p in enumerate(frame.parts) if p.findings}
    batch = frame.batch
    if batch.attributes:
        header["attributes"] = [
            [site, sensor, a.building, a.room, dict(a.tags)] for (site, sensor), a in batch.attributes.items()
        ]
    if frame.settles is not None:
        header["settles"] = frame.settles
    metadata = {b"penstock": json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()}
    if frame.events:
        columns = [[getattr(e, name) for e in frame.events] for name, _ in _EVENT_FIELDS]
        arrays = [pa.array(c, kind) for c, (_, kind) in zip(columns, _EVENT_FIELDS, strict=True)]
        schema = _EVENTS_SCHEMA.with_metadata(metadata)
    else:
        series = pa.DictionaryArray.from_arrays(pa.array(batch.series), _dictionary(batch.keys))
        arrays = [series, pa.array(batch.ts).view(_TS), pa.array(batch.value), pa.array(batch.version)]
        schema = _READINGS_SCHEMA.with_metadata(metadata)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema) as writer:
        writer.write_batch(pa.record_batch(arrays, schema=schema))
    return sink.getvalue().to_pybytes()


def decode_frame(payload: bytes | memoryview) -> Frame:
    """The frame; its columns are views into `payload`. Raises Poison for anything that is not a whole, valid frame."""
    try:
        header, record = _read(payload)
        is_events = record.schema.names[0] == "id"
        batch = Batch.empty(header.tenant) if is_events else _batch(header, record)
        events = tuple(_event(row) for row in record.to_pylist()) if is_events else ()
    except (pa.ArrowException, msgspec.MsgspecError, KeyError, ValueError, TypeError, OSError, RecursionError) as error:
        raise Poison(f"not a Penstock frame: {error!r:.300}", code="frame_malformed") from error
    parts = tuple(_parts(header))
    if any(p.accepted < 0 or p.rejected < 0 for p in parts) or sum(p.accepted for p in parts) != len(batch) + len(
        events
    ):
        raise Poison("a frame's parts do not add up to its rows", code="frame_malformed")
    return Frame(header.id, header.tenant, header.stamp, parts, batch, events, settles=header.settles)


def _parts(header: _Header) -> Iterator[Part]:
    stamps = header.stamps if len(header.stamps) == len(header.parts) else (0,) * len(header.parts)
    for n, (part, stamp) in enumerate(zip(header.parts, stamps, strict=True)):
        found = header.findings.get(n)
        yield Part(*part, stamp=stamp, findings=found.bounded() if found else NOTHING_FOUND)


def _read(payload: bytes | memoryview) -> tuple[_Header, pa.RecordBatch]:
    """Header and the only record batch, every buffer inside `payload` checked against its declared lengths."""
    with pa.ipc.open_stream(pa.py_buffer(payload)) as reader:
        schema: pa.Schema = reader.schema
        raw = (schema.metadata or {})[b"penstock"]
        version = msgspec.json.decode(raw, type=_Version).format
        if version != _FORMAT:
            raise Poison(f"frame format {version!r:.40} is not known here (this is {_FORMAT})", code="frame_format")
        header = _header_decoder.decode(raw)
        # Before any batch is read: a foreign schema could make the reader allocate what its lengths claim.
        if not (schema.equals(_READINGS_SCHEMA) or schema.equals(_EVENTS_SCHEMA)):
            raise ValueError(f"columns {schema.names!r:.200} are neither readings nor events")
        record: pa.RecordBatch | None = next(iter(reader), None)
        if record is None or next(iter(reader), None) is not None:
            raise ValueError("a frame holds exactly one record batch")
    record.validate(full=True)
    if any(column.null_count for column in record.columns):
        raise ValueError("a frame holds no nulls")
    return header, record


def _batch(header: _Header, record: pa.RecordBatch) -> Batch:
    series = record.column("series")
    attributes: dict[SensorKey, Attributes] = {
        (site, sensor): Attributes(building, room, tags=tags)
        for site, sensor, building, room, tags in header.attributes
    }
    return Batch(
        header.tenant,
        _keys(series.dictionary),
        series.indices.to_numpy(),
        record.column("ts").view(pa.int64()).to_numpy(),
        record.column("value").to_numpy(),
        record.column("version").to_numpy(),
        attributes,
    )


def _keys(texts: pa.Array) -> tuple[SeriesKey, ...]:
    """The series of a dictionary. A sender's frames repeat it byte for byte, and then get the same tuple again."""
    name = b"".join(memoryview(buffer) for buffer in texts.buffers() if buffer is not None)
    keys = _known_keys.get(name)
    if keys is None or len(keys) != len(texts):
        keys = _known_keys[name] = tuple(_parse_key(text) for text in texts.to_pylist())
        while len(_known_keys) > _KNOWN_DICTIONARIES:
            _known_keys.popitem(last=False)
    return keys


def _event(row: Mapping[str, Any]) -> Event:
    return Event(row["id"], row["ts"], row["timestamp"], row["criticality"], row["message"], row["source"])


def rows_header(frame: Frame) -> str:
    """What the frame adds to `received`, per source, for HEADER_ROWS: `http=1200,line=3`."""
    rows: dict[str, int] = {}
    for part in frame.parts:
        rows[part.source] = rows.get(part.source, 0) + part.accepted + part.rejected
    return ",".join(f"{source}={count}" for source, count in rows.items())


def pending_rows(subject: str, headers: Mapping[str, str]) -> dict[tuple[str, str], int]:
    """(tenant, source) → rows of one message that nobody has settled, read from its headers.

    A message without the header came from a plain client: one row of source `nats`. So did everything on S1's literal
    `events`, whatever headers it claims; its tenant is "" here, which stands for the configured events tenant.
    """
    if subject == EVENTS_SUBJECT:
        return {("", "nats"): 1}
    tenant = subject.rpartition(".")[2]
    rows: dict[tuple[str, str], int] = {}
    for entry in headers.get(HEADER_ROWS, "").split(","):
        source, _, count = entry.rpartition("=")
        if source and count.isdecimal():
            rows[tenant, source] = rows.get((tenant, source), 0) + int(count)
    return rows or {(tenant, "nats"): 1}


def error_reply(code: str, detail: str) -> bytes:
    """The reply of a request that failed: `{"error": {"code", "detail"}}`."""
    return msgspec.json.encode({"error": {"code": code, "detail": detail}})
