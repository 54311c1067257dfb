"""What admission found in a request besides its readings: the conversions it made and the rows it refused.

Findings travel with the frame and are kept with the receipt, so that later each value, stored or missing, can be
explained. They are bounded: a request of a million bad rows says as much as one of twenty, and counts the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from penstock.model.errors import RowError

__all__ = ["MAX_CONVERSIONS", "MAX_REFUSED", "NOTHING_FOUND", "Converted", "Findings", "Refused"]

MAX_REFUSED: Final = 20
"""Refused readings of one request that are kept one by one; `Findings.reasons` counts all refused rows."""

MAX_CONVERSIONS: Final = 64
"""Conversions of one request that are kept. A request that has so many may have made others, too."""

_MAX_REASONS: Final = 64
_INT64: Final = range(-(2**63), 2**63)
_MAX_TEXT: Final = 256
_MAX_DETAIL: Final = 400


class Converted(NamedTuple):
    """How one metric became canonical: `canonical = sent * factor + offset`, all in float64.

    sent_metric, sent_unit  as the sender wrote them; the unit may be part of the metric's name
    metric, unit            canonical
    site, sensor            of whom it is true; empty for every sensor of the request
    """

    sent_metric: str
    sent_unit: str
    metric: str
    unit: str
    factor: float
    offset: float
    site: str = ""
    sensor: str = ""


class Refused(NamedTuple):
    """One reading of a refused row. Names are empty and `ts` (epoch ms) is None where the row did not tell them.

    `metric` is canonical, and `ts` is the instant that was meant: epoch seconds, which are refused, are told in ms.
    """

    row: int
    site: str
    sensor: str
    metric: str
    ts: int | None
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Findings:
    """`conversions` made, `reasons` code → rows refused for it, and the first `refused` readings."""

    conversions: tuple[Converted, ...] = ()
    reasons: Mapping[str, int] = field(default_factory=dict[str, int])
    refused: tuple[Refused, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.conversions or self.reasons or self.refused)

    @property
    def size(self) -> int:
        """About how many bytes they take on the bus."""
        texts = [text for row in (*self.conversions, *self.refused) for text in row if isinstance(text, str)]
        return sum(map(len, texts)) + 40 * (len(self.conversions) + len(self.reasons) + len(self.refused))

    def bounded(self) -> Findings:
        """The same, cut to the bounds of this module: applied where findings are made and where they are read."""
        return Findings(
            tuple(Converted(*(_cut(v) for v in c)) for c in self.conversions[:MAX_CONVERSIONS]),
            {code[:_MAX_TEXT]: count for code, count in list(self.reasons.items())[:_MAX_REASONS]},
            tuple(_bounded(r) for r in self.refused[:MAX_REFUSED]),
        )

    @classmethod
    def of_rows(cls, rejected: Iterable[RowError]) -> Findings:
        """Findings of rows of which no more is known than why they were refused."""
        rows = list(rejected)
        reasons: dict[str, int] = {}
        for error in rows:
            reasons[error.code] = reasons.get(error.code, 0) + 1
        refused = tuple(Refused(e.row, "", "", "", None, e.code, e.detail) for e in rows[:MAX_REFUSED])
        return cls((), reasons, refused).bounded()


NOTHING_FOUND: Final = Findings()


def _bounded(refused: Refused) -> Refused:
    known = refused.ts if refused.ts is not None and refused.ts in _INT64 else None
    names = {name: getattr(refused, name)[:_MAX_TEXT] for name in ("site", "sensor", "metric", "code")}
    return refused._replace(row=min(refused.row, _INT64[-1]), ts=known, detail=refused.detail[:_MAX_DETAIL], **names)


def _cut(value: Any) -> Any:
    return value[:_MAX_TEXT] if isinstance(value, str) else value
