"""Files that are written page by page and read as a whole: CSV, NDJSON, Parquet, Arrow, and XLSX beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, Protocol

import msgspec
import pyarrow as pa

from penstock.api.exports.drain import Drain
from penstock.api.exports.xlsx import XlsxFile
from penstock.api.render import TIME_COLUMNS
from penstock.api.texts import csv_header, csv_lines, is_text, json_lines
from penstock.model.errors import InvalidInput

__all__ = ["COMPRESSIONS", "Compression", "File", "FileType", "Format", "file_type", "open_file"]

Format = Literal["csv", "parquet", "xlsx", "ndjson", "arrow"]
Compression = Literal["none", "gzip", "zstd", "snappy", "lz4"]

COMPRESSIONS: Final[Mapping[Format, tuple[Compression, ...]]] = {
    "csv": ("none", "gzip", "zstd"),
    "ndjson": ("none", "gzip", "zstd"),
    "parquet": ("zstd", "snappy", "gzip", "lz4", "none"),
    "arrow": ("zstd", "lz4", "none"),
    "xlsx": ("none",),
}
"""How each format can be compressed; the first is what nobody asked for. XLSX is compressed in itself."""

_MEDIA: Final[Mapping[Format, str]] = {
    "csv": "text/csv",
    "ndjson": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
    "arrow": "application/vnd.apache.arrow.stream",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_SUFFIX: Final[Mapping[Format, str]] = {"arrow": "arrows"}
_WRAPPED: Final[Mapping[Compression, tuple[str, str]]] = {
    "gzip": ("application/gzip", "gz"),
    "zstd": ("application/zstd", "zst"),
}
"""Compression of a whole text file → its media type and suffix."""


class FileType(msgspec.Struct, frozen=True):
    """What a file is called on the outside: media type, and suffix without the dot."""

    media: str
    suffix: str


class File(Protocol):
    """A file being written; every call gives the bytes that it adds. Not for several threads at once."""

    def write(self, table: pa.Table) -> bytes:
        """The next rows, of the same columns each time; the first call begins the file."""
        ...

    def finish(self, rows: int) -> bytes:
        """The end of a file of so many rows. Without it no reader takes the file for whole, if its format can tell."""
        ...


def file_type(form: Format, compression: Compression) -> FileType:
    """Media type and suffix of a file."""
    suffix = _SUFFIX.get(form, form)
    if form in {"csv", "ndjson"} and compression in _WRAPPED:
        media, outer = _WRAPPED[compression]
        return FileType(media, f"{suffix}.{outer}")
    return FileType(_MEDIA[form], suffix)


def open_file(
    form: Format, compression: Compression | None, about: Mapping[str, str], *, comments: bool = False
) -> File:
    """A file to be written. `about` says what it holds, and is in it where the format has a place for that.

    CSV has none, so there it becomes lines that begin with #, if `comments`. Raises InvalidInput for a compression that the
    format does not have.
    """
    chosen = compression or COMPRESSIONS[form][0]
    if chosen not in COMPRESSIONS[form]:
        raise InvalidInput(
            f"{form} is not compressed with {chosen}",
            code="invalid_compression",
            hint=f"one of {', '.join(COMPRESSIONS[form])}",
        )
    match form:
        case "csv":
            return _TextFile(chosen, _comments(about) if comments else b"", csv=True)
        case "ndjson":
            return _TextFile(chosen, b"", csv=False)
        case "parquet":
            return _ParquetFile(chosen, about)
        case "arrow":
            return _ArrowFile(chosen, about)
        case "xlsx":
            return XlsxFile(about, TIME_COLUMNS)


class _TextFile:
    """CSV after RFC 4180 (UTF-8, CRLF, a header), or NDJSON."""

    def __init__(self, compression: Compression, before: bytes, *, csv: bool) -> None:
        self._drain = Drain()
        self._out: Any = self._drain
        if compression != "none":
            self._out = pa.CompressedOutputStream(pa.PythonFile(self._drain, mode="w"), compression)
        self._before = before
        self._csv = csv
        self._begun = False

    def write(self, table: pa.Table) -> bytes:
        if not self._begun:
            self._begun = True
            self._out.write(self._before + (csv_header(table) if self._csv else b""))
        self._out.write(csv_lines(table, TIME_COLUMNS) if self._csv else json_lines(table, TIME_COLUMNS))
        return self._drain.take()

    def finish(self, rows: int) -> bytes:  # noqa: ARG002 - lines have no place for it
        if self._out is not self._drain:
            self._out.close()
        return self._drain.take()


class _ParquetFile:
    """One row group per page; what the file holds is in its footer's key-value metadata."""

    def __init__(self, compression: Compression, about: Mapping[str, str]) -> None:
        self._compression = compression
        self._about = about
        self._drain = Drain()
        self._writer: Any = None

    def write(self, table: pa.Table) -> bytes:
        timed = _timed(table)
        if self._writer is None:
            # Without the Arrow schema a dictionary column reads back as the text that it is.
            from pyarrow import parquet  # noqa: PLC0415 - five megabytes that only such files need

            self._writer = parquet.ParquetWriter(
                self._drain, timed.schema, compression=self._compression, store_schema=False
            )
        self._writer.write_table(timed)
        return self._drain.take()

    def finish(self, rows: int) -> bytes:
        assert self._writer is not None, "a file begins with its first page"
        self._writer.add_key_value_metadata({**_spelled(self._about), "penstock.rows": str(rows)})
        self._writer.close()
        return self._drain.take()


class _ArrowFile:
    """An Arrow IPC stream; what it holds is in its schema's metadata."""

    def __init__(self, compression: Compression, about: Mapping[str, str]) -> None:
        self._options = pa.ipc.IpcWriteOptions(compression=None if compression == "none" else compression)
        self._about = about
        self._drain = Drain()
        self._writer: Any = None

    def write(self, table: pa.Table) -> bytes:
        timed = _plain(_timed(table))
        if self._writer is None:
            schema = timed.schema.with_metadata(_spelled(self._about))
            self._writer = pa.ipc.new_stream(self._drain, schema, options=self._options)
        self._writer.write_table(timed.replace_schema_metadata(_spelled(self._about)))
        return self._drain.take()

    def finish(self, rows: int) -> bytes:  # noqa: ARG002 - the stream's own end mark says that it is whole
        self._writer.close()
        return self._drain.take()


def _timed(table: pa.Table) -> pa.Table:
    """Times as timestamp[ms, UTC]."""
    stamp = pa.timestamp("ms", tz="UTC")
    columns = [
        table.column(name).cast(stamp) if name in TIME_COLUMNS else table.column(name) for name in table.column_names
    ]
    return pa.table(columns, names=table.column_names)


def _plain(table: pa.Table) -> pa.Table:
    """Texts as they are: not every reader takes a dictionary that changes from batch to batch."""
    columns = [column.cast(pa.string()) if is_text(column.type) else column for column in table.columns]
    return pa.table(columns, names=table.column_names)


def _spelled(about: Mapping[str, str]) -> dict[str, str]:
    return {f"penstock.{name}": text for name, text in about.items()}


def _comments(about: Mapping[str, str]) -> bytes:
    printable = {name: "".join(c if c.isprintable() else " " for c in text) for name, text in about.items()}
    return "".join(f"# {name}: {text}\r\n" for name, text in printable.items()).encode()
