"""Functions of instant vectors and scalars: of values, of times, and of labels."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from penstock.api.prometheus.matchers import anchored, pc
from penstock.api.prometheus.matrix import Floats, Labels, Matrix, without
from penstock.api.prometheus.parse import bad_data

__all__ = ["DATES", "VALUES", "clamped", "label_join", "label_replace", "nearest", "scalar"]

_LABEL: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_REFERENCE: Final = re.compile(r"\$(?:(\$)|([0-9]+)|\{([0-9]+)\}|\{?([A-Za-z_]\w*)\}?)")
_DAY: Final = 86_400

VALUES: Final[dict[str, Callable[[Floats], Floats]]] = {
    "abs": np.abs,
    "ceil": np.ceil,
    "floor": np.floor,
    "sqrt": np.sqrt,
    "ln": np.log,
    "log2": np.log2,
    "log10": np.log10,
    "exp": np.exp,
    "sgn": np.sign,
}
"""Functions of each value by itself, float64 [S, T] → float64 [S, T]."""


def nearest(value: Floats, to: Floats) -> Floats:
    """`round`: the nearest multiple of `to` (float64 [T]), ties upwards."""
    # Multiplying by the inverse is what Prometheus does, and gives 0.1's multiples as they are written.
    inverse = 1.0 / to
    return np.floor(value * inverse + 0.5) / inverse


def clamped(vector: Matrix, low: Floats, high: Floats) -> Matrix:
    """Values within [low, high], each float64 [T]; nothing where low > high."""
    value = np.maximum(low, np.minimum(high, vector.value))
    return Matrix(vector.labels, value, vector.present & ~(low > high))


def scalar(vector: Matrix) -> Floats:
    """float64 [T]: the value of the one element of each step, NaN where there are none or several."""
    alone = vector.present.sum(axis=0) == 1
    return np.where(alone, np.where(vector.present, vector.value, 0.0).sum(axis=0), np.nan)


def _date(pick: Callable[[Any, Any], Any]) -> Callable[[Floats], Floats]:
    """A function of the calendar, in UTC, of epoch seconds; `pick` takes datetime64 seconds and whole days since 1970."""

    def call(value: Floats) -> Floats:
        sound = np.isfinite(value) & (np.abs(value) < 1e11)
        seconds = np.where(sound, value, 0.0).astype(np.int64)
        picked = pick(seconds.astype("datetime64[s]"), np.floor_divide(seconds, _DAY))
        return np.where(sound, np.asarray(picked, np.float64), np.nan)

    return call


def _since(unit: str, inner: str) -> Callable[[Any, Any], Any]:
    def pick(moment: Any, _: Any) -> Any:
        return (moment.astype(f"datetime64[{inner}]") - moment.astype(f"datetime64[{unit}]")).astype(np.int64)

    return pick


def _month_length(moment: Any, _: Any) -> Any:
    month = moment.astype("datetime64[M]")
    return ((month + 1).astype("datetime64[D]") - month.astype("datetime64[D]")).astype(np.int64)


DATES: Final[dict[str, Callable[[Floats], Floats]]] = {
    "minute": _date(_since("h", "m")),
    "hour": _date(_since("D", "h")),
    "day_of_week": _date(lambda _, day: (day + 4) % 7),  # 1970 began on a Thursday
    "day_of_month": _date(lambda m, d: _since("M", "D")(m, d) + 1),
    "day_of_year": _date(lambda m, d: _since("Y", "D")(m, d) + 1),
    "days_in_month": _date(_month_length),
    "month": _date(lambda m, d: _since("Y", "M")(m, d) + 1),
    "year": _date(lambda m, _: m.astype("datetime64[Y]").astype(np.int64) + 1970),
}
"""Functions of the calendar, float64 epoch seconds of any shape → float64 of that shape."""


def label_replace(vector: Matrix, target: str, replacement: str, source: str, pattern: str) -> Matrix:
    """`target` set to `replacement` (with $1 … of the match) in series whose `source` matches `pattern` whole.

    Raises InvalidInput (`bad_data`): no label name, an expression that is none, a named group.
    """
    _check_label("label_replace", target)
    whole = anchored(pattern)
    rewrite = _rewrite(replacement)
    values = [dict(labels).get(source, "") for labels in vector.labels]
    matched = pc.match_substring_regex(values, whole).to_pylist() if values else []
    try:
        made = pc.replace_substring_regex(values, whole, rewrite).to_pylist() if values else []
    except ValueError as error:
        raise bad_data(f"label_replace cannot put {replacement!r:.80} for {pattern!r:.80}: {error}") from None
    new = iter(zip(matched, made, strict=True))

    def change(labels: Labels) -> Labels:
        hit, value = next(new)
        return _set(labels, target, value) if hit else labels

    return vector.renamed(change)


def label_join(vector: Matrix, target: str, separator: str, *sources: str) -> Matrix:
    """`target` set to the values of `sources`, joined. Raises InvalidInput (`bad_data`) for no label name."""
    _check_label("label_join", target)

    def change(labels: Labels) -> Labels:
        said = dict(labels)
        return _set(labels, target, separator.join(said.get(name, "") for name in sources))

    return vector.renamed(change)


def _check_label(function: str, name: str) -> None:
    if not _LABEL.fullmatch(name):
        raise bad_data(f"{function}: {name!r:.80} is no label name")


def _set(labels: Labels, name: str, value: str) -> Labels:
    rest = without(labels, (name,))
    return tuple(sorted((*rest, (name, value)))) if value else rest


def _rewrite(replacement: str) -> str:
    r"""Go's `$1` as RE2's `\1`. Raises InvalidInput for a group by name and for one beyond the ninth."""

    def reference(found: re.Match[str]) -> str:
        dollar, plain, braced, name = found.groups()
        if dollar:
            return "$"
        number = plain or braced
        if name or int(number) > 9:
            raise bad_data(f"label_replace: {found[0]} is not supported in a replacement", "use $1 to $9")
        return f"\\{number}"

    return _REFERENCE.sub(reference, replacement.replace("\\", "\\\\"))
