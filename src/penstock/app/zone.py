"""The time zone that this machine is set to, by its IANA name."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

__all__ = ["machine_zone"]

_LOCALTIME: Final = Path("/etc/localtime")


def machine_zone(environment: Mapping[str, str] = os.environ, localtime: Path = _LOCALTIME) -> str:
    """`TZ` if it names a zone, else what `/etc/localtime` links to; UTC where neither says."""
    named = environment.get("TZ", "").removeprefix(":")
    _, found, linked = str(localtime.resolve()).rpartition("zoneinfo/")
    return next((name for name in (named, linked if found else "") if _is_zone(name)), "UTC")


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (LookupError, ValueError, OSError):  # no such zone, no name that a zone can have, a folder of zones
        return False
    return True
