"""From `penstock ingest`'s flags (or a TOML file of the same names) to what a file's columns mean."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from penstock.model.errors import InvalidInput
from penstock.model.units import conversion, resolve_metric
from penstock.sources.formats import FileMapping, guess_mapping

__all__ = ["MapFlags", "build_mapping", "read_flags", "told_guess"]

_MAP: Final = re.compile(r"(?P<column>[^=]+?)\s*(?:=\s*(?P<metric>[^\[\]]*?)\s*(?:\[(?P<unit>[^\[\]]+)\])?)?")
_QUOTES: Final = ("'", '"')


@dataclass(frozen=True, slots=True, kw_only=True)
class MapFlags:
    """What was said about a file; None where nothing was.

    sensor, site, building, room   a column; or, in quotes, one name for the whole file (the quotes may be left out
                                   for all but the sensor when no column has that name)
    maps                           `Column=metric[unit]`, `Column=metric` or `Column`
    """

    time: str | None = None
    time_format: str | None = None
    timezone: str | None = None
    sensor: str | None = None
    site: str | None = None
    building: str | None = None
    room: str | None = None
    seq: str | None = None
    metric_column: str | None = None
    value_column: str | None = None
    unit_column: str | None = None
    maps: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not any(getattr(self, spec.name) for spec in fields(self))


def read_flags(path: Path, given: MapFlags) -> MapFlags:
    """The flags of a mapping file, with those that were given on the command line on top; raises InvalidInput."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidInput(f"mapping {path} cannot be read: {error.strerror}", code="usage") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(f"mapping {path} is not TOML: {error}", code="usage") from None
    columns = document.pop("map", {})
    if not isinstance(columns, dict) or not all(isinstance(v, str) for v in columns.values()):
        raise InvalidInput(f'[map] in {path} must hold Column = "metric[unit]"', code="usage")
    known = [spec.name for spec in fields(MapFlags) if spec.name != "maps"]
    for name, value in document.items():
        if name not in known or not isinstance(value, str):
            close = get_close_matches(name, known, n=1)
            hint = f"did you mean {close[0]}?" if close else f"text for {', '.join(known)}, and a table [map]"
            raise InvalidInput(f"{name} in {path} is not understood", code="usage", hint=hint)
    said = MapFlags(**document, maps=tuple(f"{column}={target}" for column, target in columns.items()))
    on_top = {spec.name: value for spec in fields(given) if (value := getattr(given, spec.name))}
    return replace(said, **on_top)


def build_mapping(flags: MapFlags, columns: Sequence[str]) -> FileMapping | None:
    """The mapping of a file with these columns; what the flags leave open follows from the columns' names.

    None for a file without columns (NDJSON) about which nothing was said. Raises InvalidInput.
    """
    if not columns and flags.is_empty:
        return None
    base = _guessed(flags, columns)
    changes: dict[str, Any] = {"time_format": flags.time_format, "timezone": flags.timezone}
    if flags.time is not None:
        changes["time"] = _time(flags.time, columns)
    for role in ("sensor", "site", "building", "room"):
        if (text := getattr(flags, role)) is not None:
            changes |= _column_or_name(role, text, columns)
    for role in ("metric", "value", "unit"):
        if (text := getattr(flags, f"{role}_column")) is not None:
            changes[role] = text
    if flags.seq is not None:
        changes["seq"] = flags.seq
    if flags.maps:
        changes["metrics"] = dict(_map(text, columns) for text in flags.maps)
        changes |= {"metric": None, "value": None, "unit": None}
    mapping = replace(base, **changes)
    if mapping.sensor is None and mapping.sensor_value is None:
        raise InvalidInput(
            f"no column of {', '.join(columns)} looks like a sensor's id",
            code="usage",
            hint="name the column (--sensor COLUMN), or the sensor for the whole file: --sensor \"'meter-1'\"",
        )
    return mapping


def told_guess(flags: MapFlags, columns: Sequence[str]) -> str | None:
    """What the columns were taken for, when nobody said it: a unit that was not declared is a mistake nobody sees."""
    mapping = build_mapping(flags, columns)
    if flags.maps or mapping is None or not mapping.metrics:
        return None
    said = (
        f"{column} → {metric} in {conversion(*resolve_metric(metric)).unit or 'no unit'}"
        for column, (metric, _) in mapping.metrics.items()
    )
    return f"taken by their names: {', '.join(said)}; say otherwise with --map 'COLUMN=METRIC[UNIT]'"


def _guessed(flags: MapFlags, columns: Sequence[str]) -> FileMapping:
    if not columns:
        return FileMapping()
    try:
        return guess_mapping(columns)
    except InvalidInput as error:
        if flags.time is not None:
            return FileMapping()
        raise InvalidInput(
            error.detail, code="usage", hint="name it: --time COLUMN, or --time DATE+TIME for two"
        ) from None


def _time(text: str, columns: Sequence[str]) -> str | tuple[str, str]:
    if text in columns or text.count("+") != 1:
        return text
    date, _, time = text.partition("+")
    return date.strip(), time.strip()


def _column_or_name(role: str, text: str, columns: Sequence[str]) -> Mapping[str, str | None]:
    quoted = len(text) > 2 and text[0] in _QUOTES and text[-1] == text[0]
    if quoted:
        return {role: None, f"{role}_value": text[1:-1]}
    if text in columns or not columns:
        return {role: text, f"{role}_value": None}
    # A mistyped column must not silently become the name of the one sensor of a file.
    if role == "sensor":
        close = get_close_matches(text, columns, n=1)
        raise InvalidInput(
            f"there is no column {text!r}",
            code="usage",
            hint=(f"did you mean {close[0]!r}? " if close else "")
            + f"the sensor's name itself needs quotes: --sensor \"'{text}'\"",
        )
    return {role: None, f"{role}_value": text}


def _map(text: str, columns: Sequence[str]) -> tuple[str, tuple[str, str | None]]:
    match = _MAP.fullmatch(text.strip())
    if not match:
        raise InvalidInput(f"--map {text!r} is not understood", code="usage", hint="write --map 'Column=metric[unit]'")
    column = match["column"]
    if columns and column not in columns:
        close = get_close_matches(column, columns, n=1)
        raise InvalidInput(
            f"there is no column {column!r}",
            code="usage",
            hint=f"did you mean {close[0]!r}?" if close else f"columns are {', '.join(columns)}",
        )
    unit = match["unit"].strip() if match["unit"] else None
    return column, (match["metric"] or column.strip().lower().replace(" ", "_"), unit)
