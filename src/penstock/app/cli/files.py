"""`penstock ingest`: files of readings into a running platform."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from penstock.app.cli.options import ConfigOption, DataOption, JsonOption, UrlOption, settings_from
from penstock.app.console import note, paint, show_rows, write_json

__all__ = ["install"]

EX_FINDING = 2

_OptionalText = str | None


def _text(flag: str, help_text: str) -> Any:
    return typer.Option(flag, help=help_text, show_default=False)


def install(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(ingest)


FilesArgument = Annotated[
    list[Path], typer.Argument(metavar="FILE…", help="CSV, TSV, Parquet or NDJSON; .gz, .zst, .bz2 too.")
]
TimeOption = Annotated[_OptionalText, _text("--time", "Column of times, or DATE+TIME for two.")]
TimeFormatOption = Annotated[_OptionalText, _text("--time-format", "As for strptime, such as '%d/%m/%Y %H:%M:%S'.")]
TimezoneOption = Annotated[_OptionalText, _text("--timezone", "IANA zone of times without an offset.")]
SensorOption = Annotated[_OptionalText, _text("--sensor", "Column of sensor ids, or \"'NAME'\" for the whole file.")]
SiteOption = Annotated[_OptionalText, _text("--site", "Column, or one name for the whole file.")]
BuildingOption = Annotated[_OptionalText, _text("--building", "Column, or one name for the whole file.")]
RoomOption = Annotated[_OptionalText, _text("--room", "Column, or one name for the whole file.")]
MapOption = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        metavar="COLUMN=METRIC[UNIT]",
        help="A column of values; repeat. Such as 'P=power_w[kW]'.",
        show_default=False,
    ),
]
MetricColumnOption = Annotated[_OptionalText, _text("--metric-column", "Long files: column with the metric's name.")]
ValueColumnOption = Annotated[_OptionalText, _text("--value-column", "Long files: column with the value.")]
UnitColumnOption = Annotated[_OptionalText, _text("--unit-column", "Long files: column with the unit.")]
SeqOption = Annotated[_OptionalText, _text("--seq", "Column with the sender's version of a reading.")]
MappingOption = Annotated[
    Path | None, typer.Option("--mapping", help="TOML file with these flags.", show_default=False)
]
RejectsOption = Annotated[
    Path | None,
    typer.Option("--rejects", help="Where refused rows go (default: FILE.rejects.ndjson).", show_default=False),
]
ChunkRowsOption = Annotated[int, typer.Option("--chunk-rows", help="Rows per request.", min=1, max=200_000)]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Say what would be sent, and send nothing.")]


def ingest(
    files: FilesArgument,
    time: TimeOption = None,
    time_format: TimeFormatOption = None,
    timezone: TimezoneOption = None,
    sensor: SensorOption = None,
    site: SiteOption = None,
    building: BuildingOption = None,
    room: RoomOption = None,
    maps: MapOption = None,
    metric_column: MetricColumnOption = None,
    value_column: ValueColumnOption = None,
    unit_column: UnitColumnOption = None,
    seq: SeqOption = None,
    mapping: MappingOption = None,
    rejects: RejectsOption = None,
    chunk_rows: ChunkRowsOption = 20_000,
    dry_run: DryRunOption = False,
    data: DataOption = None,
    url: UrlOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send files, wait until their readings are stored, and tell what became of them.

    What the flags leave open follows from the columns' names. Exits with 2 when rows were refused.
    """
    from penstock.app.filemap import MapFlags, read_flags, told_guess
    from penstock.sources.files import file_columns

    flags = MapFlags(
        time=time, time_format=time_format, timezone=timezone, sensor=sensor, site=site, building=building, room=room,
        seq=seq, metric_column=metric_column, value_column=value_column, unit_column=unit_column, maps=tuple(maps or ()),
    )  # fmt: skip
    if mapping is not None:
        flags = read_flags(mapping, flags)
    for guess in dict.fromkeys(told_guess(flags, file_columns(path)) for path in files):
        if guess:
            note(paint("2", guess))
    if dry_run:
        raise SystemExit(_dry_run(files, flags, chunk_rows, as_json=as_json))
    from penstock.app.ingest import ingest_file, to_json
    from penstock.app.rejects import Rejects

    settings = settings_from(config, data=data, url=url)
    summaries: list[Any] = []
    for number, path in enumerate(files):
        refused = Rejects(rejects or Path(f"{path}.rejects.ndjson"), path, append=rejects is not None and number > 0)
        with _progress(path) as told:
            summary = ingest_file(settings, path, flags, chunk_rows=chunk_rows, rejects=refused, told=told)
        summaries.append(summary)
        if not as_json:
            _show(summary.document())
    if as_json:
        write_json(to_json(summaries))
    if any(summary.rejected for summary in summaries):
        raise SystemExit(EX_FINDING)


def _dry_run(files: Sequence[Path], flags: Any, chunk_rows: int, *, as_json: bool) -> int:
    from penstock.app.ingest import check_file
    from penstock.model.time import format_time

    found = [check_file(path, flags, chunk_rows=chunk_rows) for path in files]
    if as_json:
        write_json(found)
    else:
        for check in found:
            rejected = sum(check["rejected"].values())
            note(
                f"{check['file']}: {check['rows']:,} rows, {check['readings']:,} readings, {rejected:,} rows would be refused"
            )
            for code, number in check["rejected"].items():
                note(f"  {number:>8,} {code}")
            rows = [
                s | {"first_ts": format_time(s["first_ts"]), "last_ts": format_time(s["last_ts"])}
                for s in check["series"]
            ]
            columns = ("sensor_id", "site_id", "metric", "unit", "readings", "first_ts", "last_ts", "min", "max")
            show_rows(rows, columns, empty="  no reading would be sent")
    return EX_FINDING if any(check["rejected"] for check in found) else 0


def _show(summary: Mapping[str, Any]) -> None:
    """The summary of a file: fates on stdout, in columns that a script can read too."""
    fates = ("stored", "duplicate", "superseded", "rejected", "dead_lettered")
    rate = summary["readings"] / summary["seconds"] if summary["seconds"] else 0.0
    said = "  ".join(f"{name} {summary[name]:,}" for name in fates if summary[name] or name != "dead_lettered")
    mark = paint("33", "!", stream=sys.stdout) if summary["rejected"] else paint("32", "✓", stream=sys.stdout)
    sys.stdout.write(f"{mark} {summary['file']}: {said}\n")
    note(
        paint(
            "2",
            f"  {summary['rows']:,} rows, {summary['readings']:,} readings in {summary['seconds']:.1f} s, {rate:,.0f}/s",
        )
    )
    if summary["rejects"]:
        note(f"  refused rows and why: {summary['rejects']}")


@contextmanager
def _progress(path: Path) -> Generator[Callable[[int], None]]:
    """A bar on a terminal; nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(path.name), BarColumn(), MofNCompleteColumn(), TextColumn("rows"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(path.name, total=_rows(path))
        yield lambda rows: bar.advance(task, rows)


def _rows(path: Path) -> int | None:
    """Rows of a file as far as that is cheap to know."""
    suffix = path.suffix.lower()
    try:
        if suffix in {".parquet", ".pq"}:
            from pyarrow.parquet import read_metadata

            return int(read_metadata(path).num_rows)
        if suffix in {".csv", ".tsv", ".txt", ".ndjson", ".jsonl"}:
            with path.open("rb") as file:
                return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b""))
    except OSError:
        return None  # reading the file will say why
    return None
