"""The pages and API documents that follow from the code: `python -m penstock.app.reference docs` writes them anew."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

import typer.main
from typer.testing import CliRunner

from penstock.api.asyncapi import asyncapi_document
from penstock.api.graphql.schema import sdl
from penstock.app.cli.main import application
from penstock.app.config import env_name, specs
from penstock.app.openapi import document

__all__ = ["PAGES", "asyncapi_page", "cli_page", "openapi_document", "settings_page"]

_SETTINGS_HEAD = """\
# Settings

A setting is taken from, in rising order of strength: its default, one TOML file (`--config FILE` or `PENSTOCK_CONFIG`), the
environment (`PENSTOCK_<NAME>`), the command line (`--set name=value`, and flags of their own for the common ones). For a secret,
`PENSTOCK_<NAME>_FILE` names a file that holds it. In the TOML file `[retention]` with `raw_days = 30` is the same as
`retention_raw_days = 30`. An unknown name is refused, with the one that was probably meant. `penstock settings` shows what is
in force and where it came from.

Sizes are written like `512MB` or `2GB`, spans of time like `90s`, `15m` or `1h`.
"""

_CLI_HEAD = """\
# Command line

Data goes to stdout, everything else to stderr. Tables are for people; in a pipe they become CSV, and `--json` gives JSON
everywhere. `NO_COLOR` is honoured. Times are `-2h`, RFC 3339 or epoch ms; durations are `500ms`, `30s`, `15m`, `1h`, `7d`.

Exit codes: 0 ok · 1 failed · 2 a finding, such as refused rows · 64 wrong usage · 69 unavailable · 130 interrupted.

Commands find the platform that runs on `--data` (default: `penstock-data`) and its key by themselves; for another one set
`PENSTOCK_URL` and `PENSTOCK_KEY`. What only reads is asked again for up to 15 s while the platform is there and cannot answer, as in
the seconds after a part of it has ended; a line on stderr says so.
"""


def settings_page() -> str:
    """docs/settings.md: one table per group, in the order of the fields."""
    parts = [_SETTINGS_HEAD]
    for group, members in groupby(specs(), key=lambda spec: spec.metadata["group"]):
        parts.append(f"\n## {group}\n\n| Setting | Environment | Default | Meaning |\n|---|---|---|---|\n")
        for spec in members:
            default = f"`{spec.metadata['text']}`" if spec.metadata["text"] else ""
            secret = " Secret." if spec.metadata["secret"] else ""
            parts.append(
                f"| `{spec.name}` | `{env_name(spec.name)}` | {default} | {spec.metadata['meaning']}{secret} |\n"
            )
    return "".join(parts)


def cli_page() -> str:
    """docs/cli.md: the help of every command, as the command prints it."""
    sections = (f"\n## penstock {' '.join(words)}\n\n```\n{_help(words)}\n```\n" for words in _commands())
    return _CLI_HEAD + "".join(sections)


def _commands() -> Iterator[tuple[str, ...]]:
    group: Any = typer.main.get_command(application())
    for name, command in group.commands.items():
        inner: Mapping[str, Any] = getattr(command, "commands", {})
        if not inner or command.invoke_without_command:
            yield (name,)
        if inner:
            yield from ((name, sub) for sub in inner)


def _help(words: tuple[str, ...]) -> str:
    environment = {"COLUMNS": "120", "TERMINAL_WIDTH": "120"}
    result = CliRunner().invoke(application(), [*words, "--help"], prog_name="penstock", env=environment)
    return "\n".join(line.rstrip() for line in result.stdout.strip().splitlines())


def openapi_document() -> str:
    """docs/api/openapi.json: what a running platform serves at `/openapi.json`."""
    return json.dumps(document(), indent=1, ensure_ascii=False) + "\n"


def asyncapi_page() -> str:
    """docs/api/asyncapi.json: what a running platform serves at `/v1/asyncapi.json`."""
    return json.dumps(asyncapi_document(), indent=2, ensure_ascii=False) + "\n"


PAGES = {
    "settings.md": settings_page,
    "cli.md": cli_page,
    "api/openapi.json": openapi_document,
    "api/asyncapi.json": asyncapi_page,
    "api/schema.graphql": sdl,
}
"""File in docs/ → what makes it."""


if __name__ == "__main__":
    for name, page in PAGES.items():
        (Path(sys.argv[1]) / name).write_text(page(), encoding="utf-8")
