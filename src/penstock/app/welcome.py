"""What `penstock up` tells a person, on stderr: a checklist while it comes up, then where it is and what to try."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from penstock.app.config import Settings

__all__ = ["Checklist", "welcome"]


class Checklist:
    """One line per step that is done, with the seconds since the start."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._began = time.monotonic()
        self._paint = _painter(out)

    def done(self, what: str, detail: str) -> None:
        seconds = time.monotonic() - self._began
        self._out.write(f"{self._paint('32', '✓')} {what:<8} {detail}  {self._paint('2', f'{seconds:.1f} s')}\n")
        self._out.flush()

    def note(self, text: str) -> None:
        self._out.write(f"{self._paint('33', '·')} {text}\n")
        self._out.flush()


def welcome(out: TextIO, url: str, login: str, data: Path, *, demo: bool) -> None:
    """Where the platform is, how to sign in, and commands that work as they stand."""
    paint, penstock = _painter(out), _own_command()
    key = f"$(cat {shlex.quote(_shown(data))}/local.key)"
    lines = [
        "",
        f"  Penstock is ready at  {paint('1', url)}",
        f"  sign in (once)        {paint('1', f'{url}/login?k={login}')}",
        f"  API documentation     {url}/docs",
        f"  everything is in      {data}",
        "",
        f"  {paint('1', 'Try')} (in another terminal)",
        f"    KEY={key}",
    ]
    if data.absolute() != Settings().data.absolute():  # the commands below look there by themselves
        lines.append(f"    export PENSTOCK_DATA={shlex.quote(str(data.absolute()))}")
    if demo:
        lines += [
            f"    curl -H \"Authorization: Bearer $KEY\" '{url}/v1/series?limit=5'",
            f"    {penstock} query 'avg(temperature) by room every 15m last 24h'",
            f"    {penstock} tail --site hq --metric temperature",
        ]
    else:
        body = '\'{"sensor_id": "kitchen", "metric": "temperature", "value": 21.5, "unit": "degC", "ts": \'$(date +%s000)\'}\''
        lines += [
            f'    curl -H "Authorization: Bearer $KEY" {url}/v1/readings --json {body}',
            f'    curl -H "Authorization: Bearer $KEY" {url}/v1/sensors/kitchen/recent',
            f"    {penstock} ingest FILE.csv --sensor \"'kitchen'\" --map 'Temperature=temperature[degC]' --dry-run",
        ]
    lines += [
        f"    {penstock} events --last 10",
        f"    {penstock} status --ledger",
        "",
        "  Ctrl-C stops it; nothing is lost.",
        "",
    ]
    out.write("\n".join(lines) + "\n")
    out.flush()


def _painter(out: TextIO) -> Callable[[str, str], str]:
    if out.isatty() and "NO_COLOR" not in os.environ:
        return lambda code, text: f"\x1b[{code}m{text}\x1b[0m"
    return lambda _, text: text


def _own_command() -> str:
    """How this program is called from here: by its name alone only where the shell finds it by that."""
    started, found = Path(sys.argv[0]).absolute(), shutil.which("penstock")
    is_itself = started.name == "penstock"
    if found is not None and (not is_itself or started.samefile(found)):
        return "penstock"
    if is_itself:
        return shlex.quote(_shown(started))
    return f"{shlex.quote(_shown(Path(sys.executable)))} -m penstock"


def _shown(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
