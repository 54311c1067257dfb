"""What a live view asks for: series by pattern, events by criticality."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import translate
from re import compile as compile_pattern
from typing import Final, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from penstock.bus import Lane
from penstock.model.batch import Batch
from penstock.model.errors import InvalidInput
from penstock.model.event import Event
from penstock.model.series import SeriesKey
from penstock.query.port import Select

__all__ = ["Chooser", "Pattern", "Wanted"]

_KNOWN_KEYS: Final = 100_000
_KNOWN_TUPLES: Final = 64


class Pattern(NamedTuple):
    """Series by name; None for any, `*` in a text for any run of characters."""

    site: str | None = None
    sensor: str | None = None
    metric: str | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """`site/sensor/metric`, with `/` in a name written `%2F` and `%` written `%25`. Raises InvalidInput."""
        parts = text.split("/")
        if len(parts) != len(cls._fields) or not all(parts):
            raise InvalidInput(
                f"pattern {text!r:.120} is not site/sensor/metric",
                code="invalid_pattern",
                hint="such as hq/meter-1/power_w or hq/*/power_*; write / within a name as %2F",
            )
        names = (part.replace("%2F", "/").replace("%25", "%") for part in parts)
        return cls(*(None if name == "*" else name for name in names))

    @property
    def select(self) -> Select:
        """The same choice as a question's."""
        return Select(site=self.site, sensor=self.sensor, metric=self.metric)

    def test(self) -> Callable[[SeriesKey], bool]:
        """A predicate over series."""
        tests = [(at, compile_pattern(_regular(text))) for at, text in enumerate(self) if text is not None]
        return lambda key: all(pattern.match(key[at]) for at, pattern in tests)


def _regular(text: str) -> str:
    """A regular expression in which only `*` is special."""
    return translate(text.replace("[", "[[]").replace("?", "[?]"))


@dataclass(frozen=True, slots=True)
class Wanted:
    """Readings of series that match one of `patterns`, and with `events` the events above a criticality (any for None)."""

    patterns: tuple[Pattern, ...] = (Pattern(),)
    events: bool = False
    criticality_above: int | None = None

    @property
    def lanes(self) -> tuple[Lane, ...]:
        """Where such rows pass."""
        return (Lane.READINGS,) * bool(self.patterns) + (Lane.EVENTS,) * self.events

    def events_of(self, events: tuple[Event, ...]) -> tuple[Event, ...]:
        """Those asked for."""
        if not self.events:
            return ()
        bound = self.criticality_above
        return events if bound is None else tuple(event for event in events if event.criticality > bound)


class Chooser:
    """Which keys of a batch are wanted. Remembers its verdicts: senders repeat their series in every frame."""

    def __init__(self, patterns: tuple[Pattern, ...]) -> None:
        self._tests = [pattern.test() for pattern in patterns]
        self._known: dict[SeriesKey, bool] = {}
        self._tuples: OrderedDict[int, tuple[tuple[SeriesKey, ...], npt.NDArray[np.bool_]]] = OrderedDict()

    def wants(self, batch: Batch) -> npt.NDArray[np.bool_]:
        """Per key of the batch whether it is wanted, bool [keys]."""
        keys = batch.keys
        # Held by identity: the entry keeps the tuple alive, so that no other can take its place.
        known = self._tuples.get(id(keys))
        if known is not None:
            return known[1]
        if len(self._known) > _KNOWN_KEYS:
            self._known.clear()
        verdict = np.fromiter((self._wants(key) for key in keys), np.bool_, len(keys))
        self._tuples[id(keys)] = keys, verdict
        while len(self._tuples) > _KNOWN_TUPLES:
            self._tuples.popitem(last=False)
        return verdict

    def rows(self, batch: Batch) -> npt.NDArray[np.intp]:
        """Positions of the wanted readings, ascending."""
        if not len(batch):
            return np.empty(0, np.intp)
        wants = self.wants(batch)
        return np.flatnonzero(wants[batch.series]) if wants.any() else np.empty(0, np.intp)

    def _wants(self, key: SeriesKey) -> bool:
        wanted = self._known.get(key)
        if wanted is None:
            wanted = self._known[key] = any(test(key) for test in self._tests)
        return wanted
