"""The command that says what was used: energy per window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from penstock.app.cli.answers import GROUP_COLUMNS, ask, segment, show_answer
from penstock.app.cli.options import ConfigOption, DataOption, JsonOption, UrlOption, resolve_time, settings_from
from penstock.model.errors import InvalidInput

__all__ = ["install"]


def install(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(energy)


def energy(
    site: Annotated[
        str | None, typer.Argument(metavar="[SITE]", help="Site, * for any run of characters.", show_default=False)
    ] = None,
    sensor: Annotated[
        str | None, typer.Option(help="One sensor; of the site, * for any run of characters.", show_default=False)
    ] = None,
    metric: Annotated[str | None, typer.Option(help="Metric, * for any run of characters.", show_default=False)] = None,
    window: Annotated[str, typer.Option(help="15m, 1h, 1d, 1w, 1mo, 1y.")] = "1d",
    zone: Annotated[str, typer.Option(help="IANA zone that days begin in.")] = "UTC",
    start: Annotated[
        str | None, typer.Option("--from", help="-30d, RFC 3339 or epoch ms (default: -7d).", show_default=False)
    ] = None,
    end: Annotated[str | None, typer.Option("--to", help="The same (default: now).", show_default=False)] = None,
    kind: Annotated[str, typer.Option(help="auto, counter or power.")] = "auto",
    group_by: Annotated[
        str | None, typer.Option("--by", help="site, sensor, building, room, by commas.", show_default=False)
    ] = None,
    cumulative: Annotated[bool, typer.Option("--cumulative", help="Running sums as well.")] = False,
    data: DataOption = None,
    url: UrlOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Energy per window, from counters or from power. The rules are in docs/energy.md."""
    from penstock.app.client import Client

    if site is None and sensor is None:
        raise InvalidInput(
            "neither a site nor a sensor is named", code="usage", hint="penstock energy SITE, or --sensor ID"
        )
    params: dict[str, Any] = {
        "window": window, "zone": zone, "kind": kind, "metric": metric, "group_by": group_by,
        "cumulative": "true" if cumulative else None, "from": resolve_time(start), "to": resolve_time(end),
    }  # fmt: skip
    if site is None:
        path = f"/v1/sensors/{segment(sensor or '')}/energy"
    else:
        path, params["sensor"] = f"/v1/sites/{segment(site)}/energy", sensor
    with Client(settings_from(config, data=data, url=url)) as client:
        answer = ask(client, path, params)
    show_answer(answer, _energy_columns(answer["data"], group_by, cumulative=cumulative), as_json=as_json)


def _energy_columns(rows: Sequence[Mapping[str, Any]], group_by: str | None, *, cumulative: bool) -> list[str]:
    """Columns for people: those of energy, those of other counters only where there are any."""
    names = ["import_wh", "export_wh"] if any(row["unit"] == "Wh" for row in rows) or not rows else []
    names += ["increase", "unit"] if any(row["unit"] != "Wh" for row in rows) else []
    if cumulative:
        names += [f"cumulative_{name}" for name in names if name != "unit"]
    groups = [GROUP_COLUMNS[name.strip()] for name in (group_by or "").split(",") if name.strip()]
    return ["label", *groups, *names, "coverage", "resets", "glitches"]
