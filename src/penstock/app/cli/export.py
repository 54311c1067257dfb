"""The command `export`: readings, or the answer of a query, into a file that is there whole or not at all."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from penstock.app.cli.options import ConfigOption, DataOption, JsonOption, UrlOption, settings_from
from penstock.app.console import note, write_json
from penstock.model.errors import InvalidInput, PenstockError, Unavailable

if TYPE_CHECKING:
    from penstock.app.client import Client

__all__ = ["install"]

_SUFFIXES: Final = {
    ".csv": "csv",
    ".parquet": "parquet",
    ".xlsx": "xlsx",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".arrow": "arrow",
    ".arrows": "arrow",
}
_WRAPPED: Final = {".gz": "gzip", ".zst": "zstd"}
_WAIT_SECONDS: Final = 0.5
"""How long one question waits for the end of a job, and so how often progress is told."""


def install(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(export)


def export(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help=f"{', '.join(_SUFFIXES)}; csv and ndjson also with .gz or .zst.")
    ],
    question: Annotated[
        str | None,
        typer.Argument(
            metavar="[QUESTION]", help="A query as for `penstock query`; without it, readings.", show_default=False
        ),
    ] = None,
    site: Annotated[str | None, typer.Option(help="Site, * for any run of characters.", show_default=False)] = None,
    sensor: Annotated[str | None, typer.Option(help="Sensor, * for any run of characters.", show_default=False)] = None,
    metric: Annotated[str | None, typer.Option(help="Metric, * for any run of characters.", show_default=False)] = None,
    building: Annotated[str | None, typer.Option(help="Building, likewise.", show_default=False)] = None,
    room: Annotated[str | None, typer.Option(help="Room, likewise.", show_default=False)] = None,
    start: Annotated[
        str | None,
        typer.Option("--from", help="-7d, a date, RFC 3339 or epoch ms (default: -24h).", show_default=False),
    ] = None,
    end: Annotated[str | None, typer.Option("--to", help="The same (default: now).", show_default=False)] = None,
    unit: Annotated[str | None, typer.Option(help="Convert values to this unit.", show_default=False)] = None,
    comments: Annotated[bool, typer.Option("--comments", help="csv: begin with # lines on what it holds.")] = False,
    data: DataOption = None,
    url: UrlOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write readings, or the answer of a query, into a file.

    The file appears when it is complete.
    """
    from penstock.app.client import Client

    options = {"site": site, "sensor": sensor, "metric": metric, "building": building, "room": room}
    selected = {name: value for name, value in options.items() if value is not None}
    body = {**_kind(file), "comments": comments, **_asked(question, selected, start, end, unit)}
    with Client(settings_from(config, data=data, url=url)) as client:
        job = client.post("/v1/exports", json.dumps(body).encode(), "application/json", prefer="respond-async")
        try:
            job = _wait(client, job)
            _fetch(client, job, file)
        finally:
            client.delete(f"/v1/jobs/{job['id']}")
    said = {"file": str(file), "rows": job["rows"], "bytes": job["bytes"], "as_of": job["as_of"]}
    if as_json:
        write_json({**said, "complete": job["complete"]})
    else:
        note(f"{job['rows']:,} rows, {job['bytes']:,} bytes · everything acknowledged before {job['as_of']} is in it")
        sys.stdout.write(f"{file}\n")


def _kind(file: Path) -> dict[str, str]:
    """Format and compression by the file's name. Raises InvalidInput."""
    compression = _WRAPPED.get(file.suffix)
    form = _SUFFIXES.get(Path(file.stem).suffix if compression else file.suffix)
    if form is None:
        raise InvalidInput(
            f"{file.name} does not tell its format", code="usage", hint=f"end it with one of {', '.join(_SUFFIXES)}"
        )
    return {"format": form, **({"compression": compression} if compression else {})}


def _asked(
    question: str | None, selected: Mapping[str, str], start: str | None, end: str | None, unit: str | None
) -> dict[str, Any]:
    """The part of the body that says what is exported. Raises InvalidInput."""
    from penstock.model.time import WallClock
    from penstock.query.language import parse_query, read_time

    now = WallClock().now()
    if question is None:
        times = {"from": read_time(start or "-24h", now), "to": read_time(end or "now", now)}
        return {"select": dict(selected), **times, **({"unit": unit} if unit else {})}
    if selected or start or end or unit:
        raise InvalidInput(
            "a question says itself what it selects, in which range and unit",
            code="usage",
            hint="leave the options out",
        )
    import msgspec

    query = msgspec.to_builtins(parse_query(question, tenant="", now=now))
    return {"query": {name: value for name, value in query.items() if name not in {"ask", "tenant"}}}


def _wait(client: Client, job: Mapping[str, Any]) -> Mapping[str, Any]:
    """The job once its file is made; progress on stderr, if a person is there. Raises what the job failed with."""
    while job["state"] in {"queued", "running"}:
        _progress(job)
        job = client.get(f"/v1/jobs/{job['id']}", wait=_WAIT_SECONDS)
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")
    if job["state"] != "done":
        error: Mapping[str, Any] = job.get("error") or {}
        detail = error.get("detail") or f"the export was {job['state']}"
        raise PenstockError(detail, code=error.get("code"), hint=error.get("hint"))
    return job


def _progress(job: Mapping[str, Any]) -> None:
    if sys.stderr.isatty():
        of = f" of {job['rows_expected']:,}" if job["rows_expected"] is not None else ""
        sys.stderr.write(f"\r\x1b[K{job['state']}: {job['rows']:,}{of} rows")
        sys.stderr.flush()


def _fetch(client: Client, job: Mapping[str, Any], file: Path) -> None:
    """Put the result in place in one step. Raises Unavailable when it came incomplete."""
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as out:
            received = 0
            for piece in client.pieces(job["result"]):
                received += out.write(piece)
            out.flush()
            os.fsync(out.fileno())
        rows = _rows_in(part, file.suffix)
        if received != job["bytes"] or rows not in {None, job["rows"]}:
            raise Unavailable(
                f"{received} of {job['bytes']} bytes and {rows} of {job['rows']} rows have arrived", hint="try again"
            )
        part.replace(file)
    except OSError as error:
        raise PenstockError(f"{file} cannot be written: {error.strerror}", code="no_disk") from error
    finally:
        part.unlink(missing_ok=True)


def _rows_in(part: Path, suffix: str) -> int | None:
    """Rows that a Parquet file says it holds; None for other formats."""
    if suffix != ".parquet":
        return None
    from pyarrow import parquet

    return parquet.read_metadata(part).num_rows
