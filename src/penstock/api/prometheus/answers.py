"""Values as Prometheus writes them: JSON with numbers as text, times as epoch seconds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from starlette.responses import Response

from penstock.api.prometheus.matchers import pc
from penstock.api.prometheus.matrix import Floats, Ints, Labels, Matrix
from penstock.api.prometheus.samples import Samples
from penstock.api.render import JSON

__all__ = ["answer", "instant", "limited", "ranged", "sampled"]

_NOT_FINITE: Final = (("nan", "NaN"), ("inf", "+Inf"), ("-inf", "-Inf"))


def answer(data: Any, warnings: Sequence[str] = ()) -> Response:
    """The envelope of every success; `data` is anything that msgspec encodes."""
    body: dict[str, Any] = {"status": "success", "data": data}
    if warnings:
        body["warnings"] = list(dict.fromkeys(warnings))
    return Response(msgspec.json.encode(body), media_type=JSON)


def limited(data: dict[str, Any], most: int | None) -> tuple[dict[str, Any], list[str]]:
    """A query's `data` with its first `most` series, and warnings: one if series were left out. Scalars and texts stay as they are."""
    if most is None or data["resultType"] not in {"vector", "matrix"} or len(data["result"]) <= most:
        return data, []
    return data | {"result": data["result"][:most]}, ["results truncated due to limit"]


def instant(value: Matrix | Floats | str, at: int) -> dict[str, Any]:
    """`data` of a query at one instant (epoch ms)."""
    when = _seconds(at)
    if isinstance(value, str):
        return {"resultType": "string", "result": [when, value]}
    if isinstance(value, np.ndarray):
        return {"resultType": "scalar", "result": [when, _numbers(value)[0].as_py()]}
    rows = np.flatnonzero(value.present[:, 0])
    said = _numbers(value.value[rows, 0]).to_pylist()
    result = [
        {"metric": dict(value.labels[row]), "value": [when, text]}
        for row, text in zip(rows.tolist(), said, strict=True)
    ]
    return {"resultType": "vector", "result": result}


def ranged(value: Matrix | Floats, times: Ints) -> dict[str, Any]:
    """`data` of a query over `times` int64 [T]: a series for each that has an element, sorted by labels."""
    if isinstance(value, np.ndarray):
        value = Matrix(((),), value[None, :], np.ones((1, len(value)), np.bool_))
    order = sorted(range(len(value.labels)), key=lambda row: value.labels[row])
    chosen = value.taken(np.array(order, np.intp))
    row, step = np.nonzero(chosen.present)
    counts = chosen.present.sum(axis=1)
    return _matrix(chosen.labels, counts, times[step], chosen.value[row, step])


def sampled(samples: Samples, begin: int, end: int) -> dict[str, Any]:
    """`data` of a range vector at one instant: its readings in (begin, end], epoch ms."""
    kept = (samples.ts > begin) & (samples.ts <= end)
    running = np.concatenate((np.zeros(1, np.int64), np.cumsum(kept)))
    return _matrix(samples.labels, np.diff(running[samples.start]), samples.ts[kept], samples.value[kept])


def _matrix(labels: Sequence[Labels], counts: npt.NDArray[np.integer], ts: Ints, value: Floats) -> dict[str, Any]:  # pyright: ignore[reportMissingTypeArgument] - any integer
    """A matrix from points sorted by series; `counts` says how many of them each has."""
    points = pc.binary_join_element_wise("[", _times(ts), ',"', _numbers(value), '"]', "")
    offsets = np.concatenate((np.zeros(1, np.int64), np.cumsum(counts, dtype=np.int64)))
    joined = pc.binary_join(pa.LargeListArray.from_arrays(pa.array(offsets), points), ",").to_pylist()
    result = [
        {"metric": dict(said), "values": msgspec.Raw(f"[{text}]".encode())}
        for said, text in zip(labels, joined, strict=True)
        if text
    ]
    return {"resultType": "matrix", "result": result}


def _seconds(ms: int) -> float | int:
    return ms / 1_000 if ms % 1_000 else ms // 1_000


def _times(ts: Ints) -> pa.Array:
    """Epoch seconds as text, with milliseconds where there are any."""
    distinct, index = np.unique(ts, return_inverse=True)
    return pa.array([str(_seconds(ms)) for ms in distinct.tolist()], pa.string()).take(pa.array(index))


def _numbers(values: Floats) -> pa.Array:
    """The shortest text that reads back as each number."""
    texts = pa.array(np.ascontiguousarray(values, np.float64)).cast(pa.string())
    if np.isfinite(values).all():
        return texts
    for arrow, prometheus in _NOT_FINITE:
        texts = pc.if_else(pc.equal(texts, arrow), prometheus, texts)
    return texts
