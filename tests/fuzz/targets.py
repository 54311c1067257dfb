"""What is fuzzed: every function that reads bytes from outside, and sound inputs to start from."""

import gzip
import json
import math
from collections.abc import Callable
from dataclasses import dataclass

import cramjam
import msgspec
import numpy as np
import pyarrow as pa
import zstandard

from penstock.api.bodies import Body, BodyReader
from penstock.api.events import decode_events
from penstock.api.services import ApiConfig
from penstock.api.tcp.units import FrameReader, LineReader
from penstock.api.tcp.words import parse_hello
from penstock.bus import Lane, decode_frame, encode_frame
from penstock.bus.memory import MemoryBus, _MemoryDelivery
from penstock.bus.port import EVENTS_SUBJECT
from penstock.bus.wire import pending_rows
from penstock.model.batch import Batch, Draft
from penstock.model.errors import InvalidInput
from penstock.model.frame import Frame
from penstock.model.ledger import Part
from penstock.model.series import SeriesKey
from penstock.pipeline.admit import admit
from penstock.pipeline.messages import Messages
from penstock.query.codec import decode_question, decode_reply, encode_answer, encode_error, encode_question
from penstock.query.port import Answer, Recent, Select
from penstock.sources.formats import (
    decode_arrow,
    decode_battery_rows,
    decode_csv,
    decode_lines,
    decode_remote_write,
    decode_rows,
    decode_senml,
    decode_temperature,
)
from tests.unit.sources.formats.wire_remote_write import write_request

NOW = 1_769_860_800_000


@dataclass(frozen=True)
class Target:
    """`call` must return, or raise an error of the tree; `seeds` are inputs that mean something."""

    name: str
    call: Callable[[bytes], object]
    seeds: tuple[bytes, ...]


class _Clock:
    def now(self) -> int:
        return NOW


def _admitted(decode: Callable[[bytes], Draft]) -> Callable[[bytes], object]:
    """Decode, then admit: every row must end on exactly one side."""

    def call(body: bytes) -> object:
        draft = decode(body)
        admission = admit(draft, tenant="acme", now=NOW, earliest=0)
        refused = len({error.row for error in admission.rejected})
        assert admission.rows + refused <= draft.rows
        assert np.isfinite(admission.batch.value).all()
        frame = Frame("f", "acme", 1, (Part("r", "fuzz", len(admission.batch)),), admission.batch)
        return decode_frame(encode_frame(frame))

    return call


def _message(payload: bytes) -> object:
    """A message is never dropped and never raises, not even with an error of the tree."""
    messages = Messages(_Clock(), events_tenant="default", earliest=0)
    bus = MemoryBus()
    for lane, subject in ((Lane.EVENTS, EVENTS_SUBJECT), (Lane.READINGS, "penstock.v1.readings.acme")):
        try:
            messages.read(lane, _MemoryDelivery(subject, payload, {}, 7, 1, bus, lane))
        except InvalidInput as error:
            raise AssertionError(f"a message raised {error!r}") from error
    return pending_rows("penstock.v1.readings.acme", {"Penstock-Rows": payload.decode("latin-1")})


def _unfolded(encoding: str) -> Callable[[bytes], object]:
    def call(sent: bytes) -> object:
        reader = BodyReader(ApiConfig())
        body = Body(encoding, reader)
        try:
            body.take(sent)
            return len(body.decoded())
        finally:
            body.release()
            assert reader.held == 0

    return call


def _units(reader: Callable[[], LineReader | FrameReader]) -> Callable[[bytes], object]:
    def call(stream: bytes) -> object:
        units = reader()
        taken = 0
        for start in range(0, len(stream), 7):
            units.feed(stream[start : start + 7])
            while units.take() is not None:
                taken += 1
                assert taken <= len(stream) + 1
        return taken

    return call


def _rows(**more: object) -> list[dict]:
    return [{"sensor_id": f"m{i}", "metric": "power_w", "value": i / 3, "ts": NOW - i, **more} for i in range(4)]


_WIDE = {"sensor_id": "m1", "ts": "2026-01-31T12:00:00Z", "temperature": 21.5, "units": {"temperature": "degC"}}
_LINES = b'meter,sensor_id=m1,site_id=hq power_w=1.5,on=true,n=3i,s="a b" 1769860800000000000\nmeter power_w=2\n'
_EVENTS = json.dumps([{"criticality": 7, "timestamp": "2026-01-31T12:00:00Z", "eventMessage": "door", "id": "e1"}])
_CSV = b"sensor_id,ts,metric,value,unit\nm1,1769860800000,power_w,1.5,W\nm2,2026-01-31T12:00:00Z,soc_pct,80,\n"


def _arrow() -> bytes:
    columns = {"sensor_id": ["m1", "m2"], "ts": [NOW, NOW - 1], "metric": ["power_w", "soc"], "value": [1.5, 0.5]}
    sink = pa.BufferOutputStream()
    table = pa.table(columns)
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def _frame() -> bytes:
    n = 3
    key = SeriesKey("hq", "m1", "power_w", "W")
    columns = (np.zeros(n, np.int32), np.arange(n) + NOW, np.ones(n), np.ones(n, np.int64))
    return encode_frame(Frame("f1", "acme", 9, (Part("r1", "http", n, 1),), Batch("acme", (key,), *columns)))


_QUESTION = encode_question(Recent(tenant="acme", where=Select(sensor="m1"), limit=5))
_ANSWER = encode_answer(Answer(pa.table({"a": [1, 2]}), NOW, 3, True))
_REFUSAL = encode_error(InvalidInput("no", code="no"))
_JSON = json.dumps(_rows(tags={"a": "b"}, seq=3)).encode()
_NDJSON = b"\n".join(json.dumps(row).encode() for row in (*_rows(), _WIDE))

TARGETS = {
    target.name: target
    for target in (
        Target("json", _admitted(lambda b: decode_rows(b, "json")), (_JSON, json.dumps(_WIDE).encode())),
        Target("ndjson", _admitted(lambda b: decode_rows(b, "ndjson")), (_NDJSON,)),
        Target(
            "batteries",
            _admitted(lambda b: decode_battery_rows(b, "json")),
            (b'[{"battery_id": "b1", "timestamp": 1769860800000, "soc_pct": 80, "voltage_v": 48.1}]',),
        ),
        Target(
            "temperature",
            _admitted(lambda b: decode_temperature(b, "hq", "101")),
            (b'{"value": 21.5, "unit": "degC", "ts": 1769860800000}',),
        ),
        Target("line-protocol", _admitted(lambda b: decode_lines(b, precision="ns", now=NOW)), (_LINES,)),
        Target("csv", _admitted(decode_csv), (_CSV, _CSV.replace(b",", b";"))),
        Target(
            "senml",
            _admitted(lambda b: decode_senml(b, now=NOW)),
            (b'[{"bn":"m1:","bt":1769860800,"n":"temperature","u":"Cel","v":21.5},{"n":"soc","u":"%","v":80,"t":-5}]',),
        ),
        Target("arrow", _admitted(decode_arrow), (_arrow(),)),
        Target(
            "remote-write",
            _admitted(decode_remote_write),
            (
                write_request(({"__name__": "up", "job": "a", "instance": "b", "cpu": "0"}, [(1.0, NOW), (2.0, NOW)])),
                write_request(({"__name__": "power_w", "site": "hq", "sensor": "m1", "unit": "kW"}, [(math.nan, NOW)])),
            ),
        ),
        Target(
            "events",
            lambda b: [decode_events(b, shape=s, tenant="acme", now=NOW, earliest=0) for s in ("json", "ndjson")],
            (_EVENTS.encode(), _EVENTS[1:-1].encode()),
        ),
        Target("frame", decode_frame, (_frame(),)),
        Target("message", _message, (_frame(), _EVENTS[1:-1].encode(), b"http=12,line=3")),
        Target("question", decode_question, (_QUESTION,)),
        Target("reply", decode_reply, (_ANSWER, _REFUSAL)),
        Target("gzip", _unfolded("gzip"), (gzip.compress(_JSON),)),
        Target("deflate", _unfolded("deflate"), (gzip.zlib.compress(_JSON),)),
        Target("snappy", _unfolded("snappy"), (bytes(cramjam.snappy.compress_raw(_JSON)),)),
        Target("zstd", _unfolded("zstd"), (zstandard.compress(_JSON),)),
        Target("tcp-hello", parse_hello, (b"PENSTOCK/1 key json",)),
        Target("tcp-lines", _units(lambda: LineReader(max_line=200)), (_NDJSON, _LINES)),
        Target("tcp-frames", _units(lambda: FrameReader(max_frame=400)), (_frame(),)),
    )
}

TOKENS = (
    *(
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b'"',
        b"\\",
        b"\n",
        b"\r\n",
        b"\0",
        b"\xff",
        b"\xef\xbb\xbf",
        b" ",
        b"=",
        b"-",
    ),
    *(b"null", b"true", b"NaN", b"-Infinity", b"1e999", b"-0.0", b"1e-400", b"9" * 30, b"0x1F", b"\\ud800", b"\\u0000"),
    *(b"2026-01-31T12:00:00Z", b"9999-12-31T23:59:59.999999999+23:59", b'"ts"', b'"seq"', b'"tags"', b'"unit"'),
    *(
        "°C".encode(),
        "\U0001f600".encode(),
        b"\xed\xa0\x80",
        b"[" * 2_000,
        b'{"a":' * 2_000,
        b"(" * 300,
        b"\x1f\x8b\x08",
    ),
    *(
        msgspec.json.encode("x" * 300),
        b"i" * 70_000,
        (2**31 - 1).to_bytes(4, "little"),
        (2**63 - 1).to_bytes(8, "little"),
    ),
)
"""What is spliced in: delimiters, numbers and texts at the edge of what formats allow, deep nesting, large lengths."""
