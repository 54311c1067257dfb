"""Formats: bytes that a client sent → `model.batch.Draft`. Every decoder raises InvalidInput or TooLarge, nothing else."""

from penstock.sources.formats.arrow import decode_arrow
from penstock.sources.formats.delimited import decode_csv
from penstock.sources.formats.influx import Precision, decode_lines
from penstock.sources.formats.mapping import FileMapping, guess_mapping
from penstock.sources.formats.remote_write import decode_remote_write
from penstock.sources.formats.rows import Shape, decode_battery_rows, decode_rows, decode_temperature
from penstock.sources.formats.senml import decode_senml
from penstock.sources.formats.table import table_to_draft

__all__ = [
    "FileMapping",
    "Precision",
    "Shape",
    "decode_arrow",
    "decode_battery_rows",
    "decode_csv",
    "decode_lines",
    "decode_remote_write",
    "decode_rows",
    "decode_senml",
    "decode_temperature",
    "guess_mapping",
    "table_to_draft",
]
