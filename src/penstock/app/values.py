"""Values of settings: text in, value out. A parser raises ValueError whose message is what was expected."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

__all__ = [
    "Bind",
    "one_of",
    "parse_bind",
    "parse_bool",
    "parse_directory",
    "parse_optional_bind",
    "parse_path",
    "parse_size",
    "parse_span",
    "parse_tenant",
    "parse_threshold",
    "parse_whole",
]

_SIZE: Final = re.compile(r"(\d+)\s*([KMGT]i?)?B?", re.IGNORECASE)
_SPAN: Final = re.compile(r"(\d{1,15})\s*(ms|s|m|h|d)?")
_SPAN_UNITS: Final = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


class Bind(NamedTuple):
    """Where to listen. Port 0 lets the system choose."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def reachable(self) -> Bind:
        """The address for a client on this machine: a wildcard is none."""
        wildcards = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared with, not listened on
        return self._replace(host=wildcards.get(self.host, self.host))


def parse_bind(text: str) -> Bind:
    """`HOST:PORT`, `[IPV6]:PORT`, or `:PORT` for 127.0.0.1; raises ValueError."""
    host, colon, port = text.strip().rpartition(":")
    if not colon or not port.isdigit() or int(port) > 65_535:
        raise ValueError("HOST:PORT, such as 127.0.0.1:8080; port 0 lets the system choose")
    return Bind(host.strip("[]") or "127.0.0.1", int(port))


def parse_optional_bind(text: str) -> Bind | None:
    """As `parse_bind`; None for empty text."""
    return parse_bind(text) if text.strip() else None


def parse_size(text: str) -> int:
    """Bytes of `512MB`, `2GiB` or a plain number; K, M, G, T count in 1024s with and without the `i`."""
    match = _SIZE.fullmatch(text.strip())
    if not match:
        raise ValueError("a size such as 512MB or 2GB")
    exponent = " kmgt".index((match[2] or " ")[0].lower())
    return int(match[1]) << (10 * exponent)


def parse_optional_size(text: str) -> int | None:
    """As `parse_size`; None for empty text."""
    return parse_size(text) if text.strip() else None


def parse_span(text: str) -> int:
    """Milliseconds of `90s`, `15m`, `1h`, `2d` or a plain number of them; raises ValueError."""
    match = _SPAN.fullmatch(text.strip())
    if not match:
        raise ValueError("a span of time such as 15m or 1h; 0 for none")
    return int(match[1]) * _SPAN_UNITS[match[2] or "ms"]


def parse_bool(text: str) -> bool:
    """`1`, `true`, `yes`, `on` and their opposites; raises ValueError."""
    lowered = text.strip().lower()
    if lowered in {"1", "true", "yes", "on"}:
        return True
    if lowered in {"0", "false", "no", "off", ""}:
        return False
    raise ValueError("true or false")


def parse_whole(text: str) -> int:
    """A whole number from 0; raises ValueError."""
    if not text.strip().isdigit():
        raise ValueError("a whole number, 0 or more")
    return int(text)


def parse_threshold(text: str) -> int | None:
    """A whole number; None for empty text. Raises ValueError."""
    try:
        return int(text) if text.strip() else None
    except ValueError:
        raise ValueError("a whole number, or nothing for no threshold") from None


def parse_path(text: str) -> Path | None:
    """A path, with ~ resolved; None for empty text."""
    return Path(text).expanduser() if text.strip() else None


def parse_directory(text: str) -> Path:
    """A path, with ~ resolved; raises ValueError for empty text."""
    if not text.strip():
        raise ValueError("a directory")
    return Path(text).expanduser()


def parse_tenant(text: str) -> str:
    """A name that can be part of a bus subject; raises ValueError."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,63}", text):
        raise ValueError("a tenant's name: lower-case letters, digits, _ and -, at most 64")
    return text


def one_of(*choices: str) -> Callable[[str], str]:
    """A parser of these words; it raises ValueError."""

    def parse(text: str) -> str:
        if text.strip().lower() not in choices:
            raise ValueError("one of " + ", ".join(choices))
        return text.strip().lower()

    return parse
