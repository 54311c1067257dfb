"""Formats: bytes that a client sent → `model.batch.Draft`. One decoder per format, all raising InvalidInput or TooLarge only."""

from penstock.sources.formats.influx import decode_lines
from penstock.sources.formats.rows import decode_battery_rows, decode_rows, decode_temperature

__all__ = ["decode_battery_rows", "decode_lines", "decode_rows", "decode_temperature"]
