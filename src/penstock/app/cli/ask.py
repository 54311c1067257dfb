"""Commands that read: tail, events, status."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from penstock.app.cli.options import ConfigOption, DataOption, JsonOption, UrlOption, settings_from
from penstock.app.console import is_terminal, note, paint, show_rows, write_json

__all__ = ["install"]


def install(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (tail, events, status):
        app.command()(command)


def tail(
    sensor: Annotated[str, typer.Argument(help="Sensor id, * for any run of characters; part of one is enough.")] = "*",
    site: Annotated[str | None, typer.Option(help="Site, * for any run of characters.", show_default=False)] = None,
    metric: Annotated[str | None, typer.Option(help="Metric, * for any run of characters.", show_default=False)] = None,
    with_events: Annotated[bool, typer.Option("--events", help="Security events too.")] = False,
    limit: Annotated[int | None, typer.Option(help="Stop after so many lines.", min=1, show_default=False)] = None,
    data: DataOption = None,
    url: UrlOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Watch readings as they arrive. JSON lines with --json."""
    from penstock.app.cli.live import watch

    settings = settings_from(config, data=data, url=url)
    pattern = None if sensor == "*" else sensor if "*" in sensor else f"*{sensor}*"
    left = limit
    for kind, rows in watch(settings, site=site, sensor=pattern, metric=metric, events=with_events):
        for row in rows:
            sys.stdout.write((json.dumps(row, ensure_ascii=False) if as_json else _line(kind, row)) + "\n")
            if left is not None and (left := left - 1) == 0:
                return
        sys.stdout.flush()


def events(
    last: Annotated[int, typer.Option(help="How many, newest first.", min=1, max=1000)] = 10,
    above: Annotated[
        str | None,
        typer.Option(
            metavar="LEVEL",
            help="Only criticality strictly greater (default: PENSTOCK_CRITICALITY_ABOVE).",
            show_default=False,
        ),
    ] = None,
    nats_url: Annotated[
        str | None, typer.Option("--nats-url", help="NATS server to ask (default: that of --data).", show_default=False)
    ] = None,
    data: DataOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """The last security events above a criticality, asked over NATS (`events.query`)."""
    from penstock.app.cli.s1 import last_events

    settings = settings_from(config, data=data, nats_url=nats_url, criticality_above=above)
    found = last_events(settings, last)
    if as_json:
        write_json(found)
        return
    columns = ("criticality", "timestamp", "eventMessage")
    threshold = settings.criticality_above
    limit = "" if threshold is None else f" above criticality {threshold}"
    if is_terminal():
        for event in found:
            level = int(event["criticality"])
            style = "1;31" if level >= 9 else "31" if level >= 7 else "33" if level >= 4 else "0"
            painted = paint(style, f"{level:>3}", stream=sys.stdout)
            sys.stdout.write(f"{painted}  {event['timestamp']:<24}  {_clean(event['eventMessage'])}\n")
        if not found:
            note(f"no events{limit}")
    else:
        show_rows(found, columns)


def status(
    ledger: Annotated[bool, typer.Option("--ledger", help="The fate of everything received, per source.")] = False,
    data: DataOption = None,
    url: UrlOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """What runs where, how fresh the data is, and whether everything is accounted for.

    Exits with 2 when the ledger does not add up.
    """
    from penstock.app.client import Client
    from penstock.app.datadir import DataDir

    settings = settings_from(config, data=data, url=url)
    state = None if settings.url else DataDir(settings.data).read_state()
    with Client(settings) as client:
        answer = client.get("/v1/system/status")
        rows = client.get("/v1/system/ledger")["data"] if ledger else []
        where = client.url
    if as_json:
        processes = dict(state.processes) if state else {}
        restarts = dict(state.restarts) if state else {}
        document = {"url": where, **answer, "processes": processes, "restarts": restarts}
        write_json(document | ({"ledger": rows} if ledger else {}))
    else:
        facts: dict[str, Any] = {"url": where}
        if state is not None:
            facts |= {"data": settings.data.absolute(), "pid": state.pid, "nats": state.nats_url}
            facts |= {"tcp": state.tcp} if state.tcp else {}
            facts["processes"] = "  ".join(
                f"{name} {pid}" + (f" ({n} restarts)" if (n := state.restarts.get(name, 0)) else "")
                for name, pid in state.processes.items()
            )
        _facts(facts | _state(answer))
        if ledger:
            _ledger(rows)
    if any(row.get("difference") for row in rows):
        raise SystemExit(2)


def _ledger(rows: Sequence[Mapping[str, Any]]) -> None:
    columns = (
        "source",
        "received",
        "stored",
        "duplicate",
        "superseded",
        "rejected",
        "dead_lettered",
        "in_flight",
        "difference",
    )
    show_rows(rows, columns, empty="nothing received yet")


def _facts(facts: Mapping[str, Any]) -> None:
    for name, value in facts.items():
        sys.stdout.write(f"{name:<20} {value}\n")


def _state(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The platform's own account, in words."""
    from penstock.model.time import format_time

    store = answer["store"]
    pending = sum(answer["pending"].values())
    return {
        "version": answer["version"],
        "fresh as of": f"{answer['as_of']} ({answer['staleness_ms']} ms ago)",
        "on the bus": f"{pending:,} readings not yet stored"
        if pending
        else "nothing; everything acknowledged is stored",
        "series": f"{store['series']:,}",
        "stored since start": f"{store['readings']:,} readings, {store['late']:,} of them late",
        "rolled up until": f"{format_time(store['rolled_to'])}, {store['dirty']:,} hours of series to do",
    }


def _line(kind: str, row: Mapping[str, Any]) -> str:
    if kind == "events":
        return f"{row['timestamp']}  event {row['criticality']:>3}  {_clean(row['message'])}"
    if kind == "gap":
        slow = "rows skipped: this terminal is slower than the data"
        missed = (
            f"{row['skipped']} {slow}"
            if "skipped" in row
            else f"older rows between {row['from']} and {row['to']} left out"
        )
        return paint("33", f"… {missed}", stream=sys.stdout)
    where = f"{_clean(row['site_id']):<12}  {_clean(row['sensor_id']):<24}  {_clean(row['metric']):<20}"
    return f"{row['ts']:<24}  {where}  {row['value']:>14,.3f} {row['unit']}"


def _clean(text: str) -> str:
    return "".join(c if c.isprintable() else "�" for c in text)
