"""Series identity: tenant, site, sensor, metric (and the canonical unit that its numbers are in)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from penstock.model.errors import InvalidInput

__all__ = ["NO_SITE", "Attributes", "SeriesInfo", "SeriesKey", "check_name", "check_tenant", "like"]

NO_SITE: Final = "default"
"""The site of a sensor whose sender named none."""

_TENANT: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
MAX_NAME: Final = 256


def check_tenant(name: str) -> str:
    """The tenant's name if it can be part of a bus subject; raises InvalidInput."""
    if not _TENANT.fullmatch(name):
        raise InvalidInput(
            f"tenant {name!r} is not a valid name",
            code="invalid_tenant",
            hint="lower-case letters, digits, _ and -, at most 64, starting with a letter or digit",
        )
    return name


def check_name(kind: str, name: str) -> str | None:
    """None if `name` can identify a site, sensor or metric, else the reason why not."""
    if not name:
        return f"{kind} is empty"
    if len(name) > MAX_NAME:
        return f"{kind} is longer than {MAX_NAME} characters"
    if _CONTROL.search(name):
        return f"{kind} holds a control character"
    return None


def like(pattern: str, text: str) -> bool:
    """Whether `text` is what `pattern` says: exactly that, except that `*` stands for any run of characters."""
    if "*" not in pattern:
        return pattern == text
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text, re.DOTALL) is not None


class SeriesKey(NamedTuple):
    """One measured quantity of one sensor within a tenant."""

    site: str
    sensor: str
    metric: str
    unit: str

    @property
    def text(self) -> str:
        """`site/sensor/metric/unit`, with / and % escaped: the key on the wire and in `tail` patterns."""
        return "/".join(part.replace("%", "%25").replace("/", "%2F") for part in self)

    @classmethod
    def parse(cls, text: str) -> SeriesKey:
        """The inverse of `text`; raises ValueError."""
        site, sensor, metric, unit = (part.replace("%2F", "/").replace("%25", "%") for part in text.split("/"))
        return cls(site, sensor, metric, unit)


@dataclass(frozen=True, slots=True)
class Attributes:
    """What is known about a sensor besides its identity. Empty strings mean "not said"."""

    building: str = ""
    room: str = ""
    equipment: str = ""
    tags: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class SeriesInfo:
    """A series as the store knows it. `first_ts`/`last_ts` are epoch ms, None while it holds no reading."""

    id: int
    tenant: str
    key: SeriesKey
    attributes: Attributes
    first_ts: int | None
    last_ts: int | None
