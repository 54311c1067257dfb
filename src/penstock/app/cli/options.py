"""Options that several commands share, and the settings that come out of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from penstock.app.config import Settings, load
from penstock.model.errors import InvalidInput

__all__ = [
    "ConfigOption",
    "DataOption",
    "JsonOption",
    "SetOption",
    "TcpOption",
    "UrlOption",
    "resolve_time",
    "settings_from",
]

ConfigOption = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="TOML file with settings.", show_default=False)
]
DataOption = Annotated[
    str | None,
    typer.Option("--data", metavar="DIR", help="Data directory (default: penstock-data).", show_default=False),
]
UrlOption = Annotated[
    str | None,
    typer.Option("--url", help="Platform to talk to (default: the one running on --data).", show_default=False),
]
TcpOption = Annotated[
    str | None,
    typer.Option("--tcp", metavar="HOST:PORT", help="TCP address for rows (default: none).", show_default=False),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Write JSON to stdout.")]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="Any setting, such as --set log_level=debug.", show_default=False),
]


def settings_from(config: Path | None = None, pairs: Sequence[str] | None = None, **flags: Any) -> Settings:
    """Settings with what was given on the command line on top. Raises InvalidInput, Misconfigured."""
    given: dict[str, str | None] = {}
    for pair in pairs or ():
        name, equals, value = pair.partition("=")
        if not equals:
            raise InvalidInput(f"--set {pair!r} has no =", hint="write --set NAME=VALUE", code="usage")
        given[name.strip().lower().replace("-", "_")] = value
    given |= {name: str(value) for name, value in flags.items() if value is not None}
    return load(given, config=config)


def resolve_time(text: str | None) -> int | None:
    """Epoch ms of `-24h`, `now`, `today`, a date of UTC, RFC 3339 or epoch ms; None stays None. Raises InvalidInput."""
    from penstock.model.time import WallClock
    from penstock.query.language import read_time

    return None if text is None else read_time(text, WallClock().now())
