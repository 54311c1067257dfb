"""Spreadsheets (Office Open XML, ECMA-376 part 1) written as a stream, whole columns at a time.

Written here because a library that takes cell by cell needs a minute and the interpreter for a million rows, beside an
edge that has readings to take. Texts are inline strings, which no program takes for formulas; numbers are
numbers; times are dates of the spreadsheet, in UTC.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import ItemsView, Mapping, Sequence
from typing import IO, Any, Final
from xml.sax.saxutils import escape

import pyarrow as pa
import pyarrow.compute

from penstock.api.exports.drain import Drain
from penstock.api.texts import is_text, lines, numbers, texts
from penstock.model.time import DAY

__all__ = ["MAX_ROWS", "XlsxFile"]

pc: Any = pyarrow.compute  # its functions are made at import time, so a type checker cannot see them

MAX_ROWS: Final = 1_048_575
"""Rows of a sheet besides its header; what is more goes on in the next sheet."""

_PIECE: Final = 20_000
"""Rows that are text at once: a row takes half a kilobyte before it is compressed."""
_EPOCH: Final = 25_569.0
"""1970-01-01 as a spreadsheet counts days."""
_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS: Final = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPES: Final = "http://schemas.openxmlformats.org/package/2006/content-types"
_SHEET: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_XML: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_STYLES: Final = (
    f'{_XML}<styleSheet xmlns="{_MAIN}"><numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd hh:mm:ss.000"/>'
    '</numFmts><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/>'
    '<name val="Calibri"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill>'
    '<patternFill patternType="gray125"/></fill></fills><borders count="1"><border/></borders><cellStyleXfs count="1">'
    '<xf/></cellStyleXfs><cellXfs count="3"><xf/><xf numFmtId="164" applyNumberFormat="1"/><xf fontId="1" applyFont="1"/>'
    "</cellXfs></styleSheet>"
)
_TIME, _BOLD = 1, 2
"""Numbers of the cell formats in `_STYLES`."""


class XlsxFile:
    """A workbook: sheets `data`, `data 2`, … with a header each, and the sheet `about`."""

    def __init__(self, about: Mapping[str, str], time_columns: frozenset[str]) -> None:
        self._about = about
        self._timed = time_columns
        self._drain = Drain()
        # Level 1: six times as fast as the default, and hardly larger for rows that look alike.
        self._zip = zipfile.ZipFile(self._drain, "w", zipfile.ZIP_DEFLATED, compresslevel=1)
        self._sheet: IO[bytes] | None = None
        self._names: list[str] = []
        self._left = 0

    def write(self, table: pa.Table) -> bytes:
        """The next rows; a full sheet is followed by another."""
        if self._sheet is None:
            self._begin(table.column_names)
        while True:
            page = table.slice(0, min(self._left, _PIECE))
            if page.num_rows:
                self._put(self._rows(page))
            self._left -= page.num_rows
            table = table.slice(page.num_rows)
            if not table.num_rows:
                return self._drain.take()
            if not self._left:
                self._end()
                self._begin(table.column_names)

    def finish(self, rows: int) -> bytes:
        """The sheet `about`, and the parts that name all sheets."""
        self._end()
        self._open("about")
        for name, text in {**self._about, "rows": str(rows), "times": "UTC"}.items():
            self._put(f"<row>{_text_cell(name, _BOLD)}{_text_cell(text)}</row>".encode())
        self._end()
        for path, part in _parts(self._names):
            self._zip.writestr(path, part)
        self._zip.close()
        return self._drain.take()

    def _begin(self, columns: Sequence[str]) -> None:
        number = len(self._names) + 1
        self._open("data" if number == 1 else f"data {number}")
        self._put(b"<row>" + "".join(_text_cell(name, _BOLD) for name in columns).encode() + b"</row>")
        self._left = MAX_ROWS

    def _open(self, name: str) -> None:
        self._names.append(name)
        self._sheet = self._zip.open(f"xl/worksheets/sheet{len(self._names)}.xml", "w", force_zip64=True)
        frozen = '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>' if name != "about" else ""
        views = f'<sheetViews><sheetView workbookViewId="0">{frozen}</sheetView></sheetViews>'
        columns = '<cols><col min="1" max="64" width="24" customWidth="1"/></cols>'
        self._put(f'{_XML}<worksheet xmlns="{_MAIN}">{views}{columns}<sheetData>'.encode())

    def _put(self, data: bytes) -> None:
        assert self._sheet is not None, "a sheet is begun before anything is put in it"
        self._sheet.write(data)

    def _end(self) -> None:
        self._put(b"</sheetData></worksheet>")
        assert self._sheet is not None, "a sheet is begun before it ends"
        self._sheet.close()
        self._sheet = None

    def _rows(self, table: pa.Table) -> bytes:
        parts: list[pa.Array | str] = ["<row>"]
        for name in table.column_names:
            column = table.column(name)
            if name in self._timed:
                # An empty <v/> is not a number to every reader, so a cell without a value is no cell with one.
                days = pc.add(pc.divide(pc.cast(column, pa.float64()), float(DAY)), _EPOCH)
                parts.append(_cells(f'<c s="{_TIME}"><v>', numbers(days), "</v></c>"))
            elif is_text(column.type):
                shown = texts(column, _xml_text)
                parts.append(_cells('<c t="inlineStr"><is><t xml:space="preserve">', shown, "</t></is></c>"))
            else:
                parts.append(_cells("<c><v>", numbers(column), "</v></c>"))
        return lines([*parts, "</row>"], null="<c/>")


def _cells(before: str, column: pa.Array, after: str) -> pa.Array:
    """Cells around the texts of a column; null where there is none."""
    return pc.binary_join_element_wise(before, column, after, "")


def _text_cell(text: str, style: int = 0) -> str:
    return f'<c t="inlineStr" s="{style}"><is><t xml:space="preserve">{_xml_text(text)}</t></is></c>'


def _xml_text(text: str) -> str:
    return escape(_NOT_XML.sub("\ufffd", text))


def _parts(names: Sequence[str]) -> ItemsView[str, str]:
    """Path and text of every part besides the sheets."""
    numbered = list(enumerate(names, 1))
    sheets = "".join(f'<sheet name="{name}" sheetId="{i}" r:id="rId{i}"/>' for i, name in numbered)
    targets = "".join(
        f'<Relationship Id="rId{i}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{i}.xml"/>' for i, _ in numbered
    )
    styles = f'<Relationship Id="rId0" Type="{_OFFICE}/styles" Target="styles.xml"/>'
    overrides = "".join(
        f'<Override PartName="/xl/{path}" ContentType="{_SHEET}.{kind}+xml"/>'
        for path, kind in [
            ("workbook.xml", "sheet.main"),
            ("styles.xml", "styles"),
            *((f"worksheets/sheet{i}.xml", "worksheet") for i, _ in numbered),
        ]
    )
    relations = "application/vnd.openxmlformats-package.relationships+xml"
    return {
        "xl/workbook.xml": f'{_XML}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{sheets}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'{_XML}<Relationships xmlns="{_RELATIONS}">{styles}{targets}</Relationships>',
        "xl/styles.xml": _STYLES,
        "_rels/.rels": f'{_XML}<Relationships xmlns="{_RELATIONS}"><Relationship Id="rId1" '
        f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "[Content_Types].xml": f'{_XML}<Types xmlns="{_TYPES}"><Default Extension="rels" ContentType="{relations}"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{overrides}</Types>',
    }.items()
