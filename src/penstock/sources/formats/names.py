"""The keys that decoders have met, numbered once and kept between bodies, because senders repeat themselves.

A body of 10,000 rows names perhaps 1,000 series. Building their keys anew for every body took 40 % of the time of decoding
JSON and 50 % of decoding line protocol; looking them up here takes a tenth of that.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from penstock.model.batch import DraftKey

__all__ = ["Names", "current_names", "distinct"]

_MAX_KEYS: Final = 262_144
_MAX_TEXT: Final = 32 << 20
_SELECTIONS: Final = 64
_MAX_LIST: Final = 1 << 18  # bytes of the name of a list of keys that is worth keeping
_TABLE_WORTH: Final = 64  # times as many numbers as codes, up to which a table beats sorting


class Names:
    """Distinct keys and their numbers, 0 upwards. Shared by all threads; numbers never change, and only grow."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers: dict[DraftKey, int] = {}
        self._keys: list[DraftKey] = []
        self._text = 0
        self._selections: OrderedDict[bytes, tuple[DraftKey, ...]] = OrderedDict()
        self._lists: OrderedDict[bytes, npt.NDArray[np.int32]] = OrderedDict()

    @property
    def is_full(self) -> bool:
        """Whether new bodies had better start over: what is kept between bodies is bounded."""
        return len(self._keys) >= _MAX_KEYS or self._text >= _MAX_TEXT

    def number(self, key: DraftKey) -> int:
        """The number of `key`, given to it now if it is new."""
        number = self._numbers.get(key)
        if number is None:
            with self._lock:
                number = self._numbers.setdefault(key, len(self._keys))
                if number == len(self._keys):
                    self._keys.append(key)
                    self._text += sum(len(part) for part in key if part)
        return number

    def numbers(self, name: bytes | None, keys: Callable[[], Iterable[DraftKey]]) -> npt.NDArray[np.int32]:
        """int32 [k]: the number of each of `keys()`; read once for equal names, whose keys must be equal, too."""
        with self._lock:
            known = self._lists.get(name) if name is not None else None
        if known is None:
            known = np.fromiter(map(self.number, keys()), np.int32)
        if name is not None and len(name) <= _MAX_LIST:
            with self._lock:
                self._lists[name] = known
                self._lists.move_to_end(name)
                while len(self._lists) > _SELECTIONS:
                    self._lists.popitem(last=False)
        return known

    def select(self, numbers: npt.NDArray[np.int32]) -> tuple[tuple[DraftKey, ...], npt.NDArray[np.int32]]:
        """The distinct keys among `numbers` int32 [n], and int32 [n]: the index in them of each.

        Equal sets of keys give the very same tuple, so that what is made of it can be cached in its turn.
        """
        present, index = distinct(numbers, len(self._keys))
        name = present.tobytes()
        with self._lock:
            keys = self._selections.get(name)
            if keys is None:
                keys = self._selections[name] = tuple(map(self._keys.__getitem__, present.tolist()))
                while len(self._selections) > _SELECTIONS:
                    self._selections.popitem(last=False)
            else:
                self._selections.move_to_end(name)
        return keys, index.astype(np.int32)


_current = Names()


def current_names() -> Names:
    """The names to decode a body with. When they are full, the next body starts new ones; others keep theirs."""
    global _current  # noqa: PLW0603 - one cache per process; a race between two threads costs a cache, not a key
    if _current.is_full:
        _current = Names()
    return _current


def distinct(codes: npt.NDArray[np.integer[Any]], bound: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The distinct codes (each from 0 to `bound` - 1), ascending, and int64 [n]: which of them each code is."""
    if bound > _TABLE_WORTH * len(codes):
        present, index = np.unique(codes, return_inverse=True)
        return present.astype(np.int64), index.astype(np.int64)
    place = np.zeros(bound, np.int64)
    place[codes] = 1
    present = np.flatnonzero(place)
    place[present] = np.arange(len(present))
    return present, place[codes]
