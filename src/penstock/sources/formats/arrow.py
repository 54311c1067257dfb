"""Arrow IPC streams into Drafts, without copying columns and without trusting what the stream claims.

A compressed buffer says how large it will be; the sizes are summed from the messages' metadata before anything is
decompressed, so a small body cannot ask for unbounded memory.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa

from penstock.model.batch import Draft
from penstock.model.errors import InvalidInput, TooLarge
from penstock.sources.formats.table import table_to_draft

__all__ = ["decode_arrow"]

MAX_DECODED: Final = 256 << 20
_MAX_FIELDS: Final = 1_000
_DICTIONARY, _RECORDS = 2, 3  # kinds of message, from Arrow's Message.fbs


def decode_arrow(body: bytes, *, max_decoded: int = MAX_DECODED) -> Draft:
    """Readings of an Arrow IPC stream, a row of it being a row of the Draft; columns as `table_to_draft` says.

    Raises InvalidInput (`malformed_arrow`, `missing_column`, `unknown_field`), TooLarge when the decoded columns are over
    `max_decoded` bytes.
    """
    try:
        table = _read(body, max_decoded)
    except (pa.ArrowException, struct.error, IndexError, OSError, ValueError, TypeError) as error:
        raise InvalidInput(
            f"not an Arrow IPC stream: {str(error)[:200]}",
            code="malformed_arrow",
            hint="send what pyarrow.ipc.new_stream writes, as application/vnd.apache.arrow.stream",
        ) from None
    try:
        return table_to_draft(table)
    except pa.ArrowException as error:
        raise InvalidInput(f"a column cannot be read: {str(error)[:200]}", code="malformed_arrow") from None


def _read(body: bytes, max_decoded: int) -> pa.Table:
    source = pa.py_buffer(body)
    decoded = 0
    for message in _messages(source):
        decoded += _decoded_size(message)
        if decoded > max_decoded:
            raise TooLarge(f"the stream decodes to more than {max_decoded} bytes", hint="send it in smaller pieces")
    with pa.ipc.open_stream(source) as reader:
        _check_schema(reader.schema)
        batches: list[Any] = []
        rows = 0
        for batch in reader:
            batch.validate(full=True)  # offsets and indices come from outside: out of bounds they would crash
            rows += batch.num_rows
            batches.append(batch)
        if rows * len(reader.schema) > max_decoded:  # a column of nulls takes no bytes at all
            raise TooLarge(f"the stream holds {rows} rows, too many for one request")
        table = pa.Table.from_batches(batches, reader.schema)
    return table if len(batches) == 1 else table.unify_dictionaries().combine_chunks()


def _check_schema(schema: Any) -> None:
    if len(schema) > _MAX_FIELDS:
        raise TooLarge(f"the stream has {len(schema)} columns, more than {_MAX_FIELDS}")
    # pyarrow decodes names and zones when they are looked at: what is not UTF-8 raises ValueError here, not later.
    named = [(field.name, getattr(field.type, "tz", None)) for field in schema]
    if any(not name for name, _ in named):
        raise InvalidInput("a column has no name", code="unknown_field")
    for field in schema:
        kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        if pa.types.is_nested(kind) or pa.types.is_run_end_encoded(kind) or isinstance(kind, pa.BaseExtensionType):
            raise InvalidInput(f"column {field.name!r} is {field.type}: send numbers or text", code="unknown_field")


def _messages(source: Any) -> Iterator[Any]:
    reader = pa.ipc.MessageReader.open_stream(source)
    while True:
        try:
            yield reader.read_next_message()
        except StopIteration:
            return


def _decoded_size(message: Any) -> int:
    """Bytes that a message's buffers take once decompressed, as the message itself says."""
    if message.body is None:
        return 0
    records = _record_batch(message.metadata.to_pybytes())
    if records is None:
        return 0
    metadata, at = records
    compression = _field(metadata, at, 3)
    body = message.body
    if compression is None:
        return body.size
    total = 0
    view = memoryview(body)
    for offset, length in _buffers(metadata, at):
        if length < 8:
            continue
        (size,) = struct.unpack_from("<q", view, offset)
        total += length if size == -1 else max(size, 0)
    return total


def _record_batch(metadata: bytes) -> tuple[bytes, int] | None:
    """A message's flatbuffer and where in it the table of its record batch lies; None if it holds none."""
    root = struct.unpack_from("<I", metadata, 0)[0]
    kind_at, header_at = _field(metadata, root, 1), _field(metadata, root, 2)
    if kind_at is None or header_at is None or metadata[kind_at] not in (_DICTIONARY, _RECORDS):
        return None
    header = header_at + struct.unpack_from("<I", metadata, header_at)[0]
    if metadata[kind_at] == _DICTIONARY:
        data_at = _field(metadata, header, 1)
        if data_at is None:
            return None
        header = data_at + struct.unpack_from("<I", metadata, data_at)[0]
    return metadata, header


def _field(metadata: bytes, table: int, number: int) -> int | None:
    """Where a flatbuffer table's field lies; None if it is absent."""
    vtable = table - struct.unpack_from("<i", metadata, table)[0]
    if 4 + 2 * number >= struct.unpack_from("<H", metadata, vtable)[0]:
        return None
    offset = struct.unpack_from("<H", metadata, vtable + 4 + 2 * number)[0]
    return table + offset if offset else None


def _buffers(metadata: bytes, record_batch: int) -> Iterator[tuple[int, int]]:
    """(offset, length) of each buffer in the message's body."""
    at = _field(metadata, record_batch, 2)
    if at is None:
        return
    vector = at + struct.unpack_from("<I", metadata, at)[0]
    for i in range(struct.unpack_from("<I", metadata, vector)[0]):
        yield struct.unpack_from("<qq", metadata, vector + 4 + 16 * i)
