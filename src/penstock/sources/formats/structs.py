"""msgspec structs made to measure: the exact look of rows, learnt from the first of them."""

from __future__ import annotations

import json
import math
import re
from functools import lru_cache
from typing import Any, Final, NamedTuple

import msgspec

from penstock.sources.formats.collect import Collector
from penstock.sources.formats.judge import LONG, SHARED, Dialect, judge

__all__ = ["Model", "model_of"]

_PEEK: Final = 16_384
_MAX_METRICS: Final = 256
_S3: Final = ("power_w", "voltage_v", "current_a")
_NULL: Final = msgspec.Raw(b"null")
_ODD_NAME: Final = re.compile(r'[\x00-\x1f"\\]')  # what msgspec takes in no field's name


class Model(NamedTuple):
    """How to decode an array of rows of one look.

    `names` are the optional fields they have, `metrics` those of a wide row (struct fields m0, m1, …), `integers` the
    naming fields in which integers may stand for text.
    """

    decoder: msgspec.json.Decoder[list[Any]]
    names: frozenset[str]
    metrics: tuple[str, ...]
    integers: frozenset[str]


def model_of(array: bytes, dialect: Dialect) -> Model | None:
    """The model that fits the first row of a JSON array; None if that row is refused, or too odd for a struct."""
    row = _first_row(array)
    return None if row is None else _model_of(row, dialect)


def _first_row(array: bytes) -> dict[str, Any] | None:
    text = array[:_PEEK].decode(errors="replace")
    try:
        row, _ = json.JSONDecoder().raw_decode(text, text.index("{"))
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) else None


def _model_of(row: dict[str, Any], dialect: Dialect) -> Model | None:
    sensor = next((name for name in dialect.sensor if name in row), None)
    time = next((name for name in dialect.time if name in row), None)
    if dialect.metric is not None or sensor is None or time is None:
        return None
    long = dialect.long and ("metric" in row or "value" in row)
    extra = LONG if long else ("units",)
    usual = ("site_id", "tenant_id", *(LONG if long else ("tags",)))
    names = frozenset(name for name in (*SHARED, *extra) if name in row).union(usual)
    metrics: tuple[str, ...] = ()
    if not long:
        others = [name for name in row if name not in names and name not in (sensor, time)]
        metrics = _S3 if set(others) <= set(_S3) else tuple(sorted(others))
    if len(metrics) > _MAX_METRICS or any(_ODD_NAME.search(name) for name in metrics):
        return None
    # The slow path defines what a row of this look means: when it refuses the first row, it shall see them all.
    judge(row, 0, dialect, Collector())
    naming = {"sensor": sensor, **{name: name for name in ("site_id", "building", "room")}}
    integers = frozenset(as_ for as_, name in naming.items() if name in row and not isinstance(row[name], str))
    return _model(sensor, time, names, metrics, type(row[time]) is int, integers, long)


@lru_cache(maxsize=128)
def _model(
    sensor: str,
    time: str,
    names: frozenset[str],
    metrics: tuple[str, ...],
    epoch: bool,
    integers: frozenset[str],
    long: bool,
) -> Model:
    name_type = dict.fromkeys(integers, int | str)
    fields: list[tuple[str, Any, Any]] = []
    required: list[tuple[str, Any]] = [("sensor", name_type.get("sensor", str)), ("ts", int if epoch else str)]
    if long:
        required += [("metric", str), ("value", float)]
    for name in sorted(names - {"metric", "value"}):
        if name == "seq":
            fields.append(("seq", int, 0))
        elif name in ("tags", "units"):
            fields.append((name, msgspec.Raw, _NULL))
        else:
            fields.append((name, name_type.get(name, str) | None, None))
    fields += [(f"m{j}", float | None, math.nan) for j in range(len(metrics))]
    struct = msgspec.defstruct(
        "Row",
        [*required, *fields],
        gc=False,
        forbid_unknown_fields=True,
        rename={"sensor": sensor, "ts": time, **{f"m{j}": name for j, name in enumerate(metrics)}},
    )
    decoder = msgspec.json.Decoder(list[struct])
    return Model(decoder, names, metrics, integers)
