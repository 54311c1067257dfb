"""What rows of one look have said about themselves, besides time and values: each distinct identity is learnt once.

A look outlives the body that it was learnt from, as senders repeat themselves: most bodies bring nothing new. What is kept
is bounded in identities, in bytes of their texts and in looks.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import count
from operator import attrgetter
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from penstock.model.batch import DraftKey
from penstock.model.series import Attributes
from penstock.sources.formats.collect import Int32s
from penstock.sources.formats.fields import read_name, read_tags
from penstock.sources.formats.names import Names
from penstock.sources.formats.structs import Model

__all__ = ["Look", "Said", "forget", "look_of"]

Bools = npt.NDArray[np.bool_]

_NOTHING: Final[Mapping[str, Any]] = {}
_UNSAID: Final = Attributes()


class Said(NamedTuple):
    """An identity, read."""

    sensor: str
    site_id: str | None = None
    tenant_id: str | None = None
    attributes: Attributes = _UNSAID
    metric: str = ""
    unit: str | None = None
    units: Mapping[str, str | None] = _NOTHING


_NAMES: Final = ("sensor", "site_id", "tenant_id", "building", "room", "tags", "metric", "unit", "units")
_RAW: Final = ("tags", "units")
_USUAL_WIDE: Final = ("sensor", "site_id", "tenant_id", "tags")
_USUAL_LONG: Final = ("sensor", "site_id", "tenant_id", "metric", "unit")
_MAX_CACHED: Final = 1_024  # bytes of raw JSON that are worth keeping between bodies
_MAX_LOOKS: Final = 16
_MAX_IDENTITIES: Final = 65_536
_MAX_TEXT: Final = 8 << 20


class Look:
    """Identities of rows of one model, numbered; shared by all threads that decode.

    said     what each identity says
    owner    int32 [identity]: the sensor, numbered, that an identity belongs to
    tells    bool [identity]: whether it says anything about its sensor besides who it is
    sensors  how many there are
    """

    def __init__(self, model: Model, names: Names) -> None:
        self.model = model
        self.names = names
        self.said: list[Said] = []
        self.owner = np.empty(0, np.int32)
        self.tells: Bools = np.empty(0, np.bool_)
        self._fields = tuple(name for name in _NAMES if name == "sensor" or name in model.names)
        self._index: defaultdict[tuple[Any, ...], int] = defaultdict(count().__next__)
        self._numbers: Int32s = np.empty((0, max(len(model.metrics), 1)), np.int32)
        self._owners: dict[tuple[str | None, str], int] = {}
        self._lock = threading.Lock()
        self._text = 0

    @property
    def sensors(self) -> int:
        return len(self._owners)

    @property
    def is_full(self) -> bool:
        return len(self.said) >= _MAX_IDENTITIES or self._text >= _MAX_TEXT

    def identify(self, structs: Sequence[Any]) -> Int32s:
        """int32 [n]: the identity of each row; new ones are learnt.

        Raises InvalidInput, ValueError or TypeError when what a row says of itself is not right. The look may then hold
        half-learnt identities: `forget` it.
        """
        with self._lock:
            codes = self._codes(structs)
            if len(self._index) > len(self.said):
                self._learn()
        return np.array(codes, np.int32)

    def _codes(self, structs: Sequence[Any]) -> list[int]:
        index, fields = self._index, self._fields
        # The two usual looks are spelled out: a comprehension takes 0.6 of the time of the general way below.
        if fields == _USUAL_WIDE:
            return [index[r.sensor, r.site_id, r.tenant_id, b"" + r.tags] for r in structs]
        if fields == _USUAL_LONG:
            return [index[r.sensor, r.site_id, r.tenant_id, r.metric, r.unit] for r in structs]
        columns = [
            [b"" + getattr(r, name) for r in structs] if name in _RAW else map(attrgetter(name), structs)
            for name in fields
        ]
        return [index[said] for said in zip(*columns, strict=True)]

    def _learn(self) -> None:
        known = len(self.said)
        for said in list(self._index)[known:]:
            self._text += sum(len(part) for part in said if part)
            fields = dict(zip(self._fields, said, strict=True))
            for name in self.model.integers:
                fields[name] = read_name(name, fields[name])
            tags = _tags(fields.pop("tags", b"null"))
            attributes = Attributes(fields.pop("building", None) or "", fields.pop("room", None) or "", tags=tags)
            if "units" in fields:
                fields["units"] = _decode_units(fields["units"]) or {}
            self.said.append(Said(**fields, attributes=attributes))
        new = self.said[known:]
        owner = [self._owners.setdefault((s.site_id, s.sensor), len(self._owners)) for s in new]
        tells = [s.attributes != _UNSAID for s in new]
        self.owner = np.append(self.owner, np.array(owner, np.int32))
        self.tells = np.append(self.tells, np.array(tells, np.bool_))
        more = np.full((len(new), self._numbers.shape[1]), -1, np.int32)
        self._numbers = np.concatenate([self._numbers, more])

    def numbers(self, used: Bools) -> Int32s:
        """int32 [identity, metric]: the number of each key in `names`, where `used` bool [identity, metric] asks for it."""
        with self._lock:
            numbers, metrics = self._numbers, self.model.metrics
            missing = used & (numbers[: len(used)] < 0)
            for i, j in zip(*(axis.tolist() for axis in missing.nonzero()), strict=True):
                said = self.said[i]
                metric, unit = (metrics[j], said.units.get(metrics[j])) if metrics else (said.metric, said.unit)
                key = DraftKey(said.site_id, said.sensor, metric, unit, said.tenant_id)
                numbers[i, j] = self.names.number(key)
            return numbers


_looks: Final[OrderedDict[Model, Look]] = OrderedDict()
_looks_lock: Final = threading.Lock()


def look_of(model: Model, names: Names) -> Look:
    """The look of a model's rows with keys in `names`, with all that is known of them."""
    with _looks_lock:
        look = _looks.get(model)
        if look is None or look.names is not names or look.is_full:
            look = _looks[model] = Look(model, names)
        _looks.move_to_end(model)
        while len(_looks) > _MAX_LOOKS:
            _looks.popitem(last=False)
        return look


def forget(look: Look) -> None:
    """Start over with this look: it may be half-learnt."""
    with _looks_lock:
        if _looks.get(look.model) is look:
            del _looks[look.model]


def _tags(raw: bytes) -> Mapping[str, str]:
    if raw == b"null":
        return _NOTHING
    return _cached_tags(raw) if len(raw) <= _MAX_CACHED else read_tags("tags", msgspec.json.decode(raw))


@lru_cache(maxsize=4096)
def _cached_tags(raw: bytes) -> Mapping[str, str]:
    return read_tags("tags", msgspec.json.decode(raw))


_decode_units: Final = msgspec.json.Decoder(dict[str, str | None] | None).decode
