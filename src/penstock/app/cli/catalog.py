"""`penstock catalog`: what there is and where it stands; sensors that nobody has placed; import and export."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from penstock.app.cli.options import ConfigOption, DataOption, JsonOption, UrlOption, settings_from
from penstock.app.console import note, show_rows, write_json
from penstock.model.errors import InvalidInput

__all__ = ["install"]

_EX_FINDING = 2
_PREFIX = "/v1/catalog"
_COLUMNS = {
    "sites": ("id", "name", "zone", "attributes"),
    "buildings": ("id", "site", "name", "attributes"),
    "rooms": ("building", "id", "name", "floor", "attributes"),
    "equipment": ("id", "type", "name", "site", "building", "room", "part_of", "attributes"),
    "devices": ("id", "name", "manufacturer", "model", "serial", "attributes"),
    "sensor-types": ("id", "metric", "unit", "accuracy", "description", "preprocessing"),
    "points": ("site_id", "sensor_id", "metric", "building", "room", "equipment", "device", "sensor_type", "name"),
}
_UNASSIGNED = ("site_id", "sensor_id", "metric", "unit", "building", "room", "last_ts")
_MEDIA = {".csv": "csv", ".jsonld": "brick", ".json": "json"}
_TYPES = {"csv": "text/csv", "brick": "application/ld+json"}

KindArgument = Annotated[str, typer.Argument(metavar="KIND", help=", ".join(_COLUMNS))]
_OptionalText = str | None


def _text(flag: str, help_text: str) -> Any:
    return typer.Option(flag, help=help_text, show_default=False)


def install(app: typer.Typer) -> None:
    """Add the command group."""
    group = typer.Typer(help="Sites, buildings, rooms, equipment and sensors: what is where.", rich_markup_mode=None)
    group.command("list")(listing)
    group.command("show")(show)
    group.command("unassigned")(unassigned)
    group.command("assign")(assign)
    group.command("import")(take_in)
    group.command("export")(export)
    app.add_typer(group, name="catalog", no_args_is_help=True)


def listing(
    kind: KindArgument = "points",
    site: Annotated[_OptionalText, _text("--site", "Only of this site; * for any characters.")] = None,
    building: Annotated[_OptionalText, _text("--building", "Only of this building.")] = None,
    room: Annotated[_OptionalText, _text("--room", "Only of this room.")] = None,
    equipment: Annotated[_OptionalText, _text("--equipment", "Only of this piece of equipment.")] = None,
    sensor: Annotated[_OptionalText, _text("--sensor", "Only points of this sensor.")] = None,
    limit: Annotated[int, typer.Option(help="Records at most.", min=1, max=10_000)] = 1000,
    data: DataOption = None,
    url: UrlOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """List records of a kind."""
    filters = {"site": site, "building": building, "room": room, "equipment": equipment, "sensor_id": sensor}
    with _client(config, data, url) as client:
        answer = client.get(f"{_PREFIX}/{_known(kind)}", **filters, limit=limit)
    if as_json:
        write_json(answer)
        return
    show_rows(answer["data"], _COLUMNS[kind], empty=f"no {kind}")
    if answer["next_cursor"]:
        note("there are more: raise --limit")


def show(
    kind: KindArgument,
    key: Annotated[
        str, typer.Argument(metavar="KEY", help="Such as hq/101 of a room, SITE/SENSOR[/METRIC] of a point.")
    ],
    data: DataOption = None,
    url: UrlOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one record."""
    from urllib.parse import quote

    with _client(config, data, url) as client:
        record = client.get(f"{_PREFIX}/{_known(kind)}/{quote(key, safe='/%')}")
    if as_json:
        write_json(record)
        return
    show_rows([{"field": k, "value": v} for k, v in record.items() if v not in (None, "", {})], ("field", "value"))


def unassigned(
    site: Annotated[_OptionalText, _text("--site", "Only of this site; * for any characters.")] = None,
    sensor: Annotated[_OptionalText, _text("--sensor", "Only of this sensor.")] = None,
    limit: Annotated[int, typer.Option(help="Series at most.", min=1, max=10_000)] = 1000,
    data: DataOption = None,
    url: UrlOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """List series that the catalog places nowhere, with the place that their sender says."""
    with _client(config, data, url) as client:
        answer = client.get(f"{_PREFIX}/unassigned", site=site, sensor=sensor, limit=limit)
    if as_json:
        write_json(answer)
        return
    show_rows(answer["data"], _UNASSIGNED, empty="every series has its place")
    if answer["next_cursor"]:
        note("there may be more: raise --limit")


def assign(
    points: Annotated[
        list[str], typer.Argument(metavar="SITE/SENSOR[/METRIC]…", help="Sensors, or single metrics of them.")
    ],
    building: Annotated[_OptionalText, _text("--building", "Where they measure.")] = None,
    room: Annotated[_OptionalText, _text("--room", "Room of that building.")] = None,
    equipment: Annotated[_OptionalText, _text("--equipment", "Or what they measure.")] = None,
    device: Annotated[_OptionalText, _text("--device", "The device that sends.")] = None,
    sensor_type: Annotated[_OptionalText, _text("--sensor-type", "What kind of sensor it is.")] = None,
    data: DataOption = None,
    url: UrlOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say where sensors measure: one or many, all or none. Answers follow within a second."""
    place = {"building": building, "room": room, "equipment": equipment, "device": device, "sensor_type": sensor_type}
    said = {name: value for name, value in place.items() if value is not None}
    if not said:
        raise InvalidInput("where to is not said", code="usage", hint="--building HQ --room 101, or --equipment NAME")
    body = json.dumps([{**_point(text), **said} for text in points]).encode()
    with _client(config, data, url) as client:
        answer = client.post(f"{_PREFIX}/assign", body, "application/json")
    if as_json:
        write_json(answer)
    else:
        note(f"{len(answer['data'])} assigned")


def take_in(
    file: Annotated[str, typer.Argument(metavar="FILE", help="As an export writes it; - for stdin.")],
    form: Annotated[
        _OptionalText, _text("--format", "json, csv, brick or haystack (default: by the file's name).")
    ] = None,
    kind: Annotated[str, typer.Option(help="Of CSV: what its rows are.")] = "points",
    create_missing: Annotated[
        bool, typer.Option("--create-missing", help="Of a CSV of points: also create the places that it names.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Judge every record, and change nothing.")] = False,
    data: DataOption = None,
    url: UrlOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Create and change records from a file: all of them, or none if one is refused (exit code 2)."""
    form = form or _MEDIA.get(Path(file).suffix.lower(), "json")
    query = f"?format={form}&kind={_known(kind)}&dry_run={dry_run}&create_missing={create_missing}".lower()
    body = _read(file)
    told: dict[str, Any]
    try:
        with _client(config, data, url) as client:
            told = client.post(f"{_PREFIX}/import{query}", body, _TYPES.get(form, "application/json"))
    except InvalidInput as error:
        if not error.rows:
            raise
        told = {"refused": len(error.rows), "data": [{"action": "refused", **row._asdict()} for row in error.rows]}
    if as_json:
        write_json(told)
    else:
        for row in [row for row in told["data"] if row["action"] == "refused"][:20]:
            note(f"✗ row {row['row']}: {row['code']}: {row['detail']}")
        counts = ", ".join(f"{told.get(name, 0)} {name}" for name in ("created", "updated", "unchanged", "refused"))
        note(counts + (" (nothing was changed)" if dry_run or told["refused"] else ""))
    if told["refused"]:
        raise SystemExit(_EX_FINDING)


def export(
    form: Annotated[str, typer.Option("--format", help="json, csv, brick or haystack.")] = "json",
    kind: Annotated[str, typer.Option(help="Of CSV: which records.")] = "points",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Where to (default: stdout).", show_default=False),
    ] = None,
    data: DataOption = None,
    url: UrlOption = None,
    config: ConfigOption = None,
) -> None:
    """Write the catalog as a file: all of it as JSON, Brick or Haystack, one kind of record as CSV."""
    with _client(config, data, url) as client:
        body = client.read(f"{_PREFIX}/export", "*/*", format=form, kind=_known(kind))
    if output is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(body)
        return
    try:
        output.write_bytes(body)
    except OSError as error:
        raise InvalidInput(f"{output} cannot be written: {error.strerror}", code="unreadable_file") from error
    note(f"{output}: {len(body):,} bytes")


def _client(config: Path | None, data: str | None, url: str | None) -> Any:
    from penstock.app.client import Client

    return Client(settings_from(config, data=data, url=url))


def _known(kind: str) -> str:
    if kind not in _COLUMNS:
        raise InvalidInput(f"{kind!r} is no kind of the catalog", code="usage", hint=f"one of {', '.join(_COLUMNS)}")
    return kind


def _point(text: str) -> dict[str, str]:
    """The point that `SITE/SENSOR[/METRIC]` names, a / or % inside a name being %2F or %25."""
    from urllib.parse import unquote

    parts = [unquote(part) for part in text.split("/")]
    if len(parts) not in {2, 3} or not all(parts):
        raise InvalidInput(
            f"{text!r} names no sensor", code="usage", hint="SITE/SENSOR or SITE/SENSOR/METRIC; / is %2F"
        )
    return dict(zip(("site_id", "sensor_id", "metric"), parts, strict=False))


def _read(file: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise InvalidInput(f"{file} cannot be read: {error.strerror}", code="unreadable_file") from error
