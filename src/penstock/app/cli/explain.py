"""The command `explain`: one reading's story, for a person or as JSON."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer

from penstock.app.cli.options import ConfigOption, DataOption, JsonOption, UrlOption, resolve_time, settings_from
from penstock.app.console import show_rows, write_json

__all__ = ["install"]

_VERSIONS = ("value", "version", "fate", "receipt", "source", "admitted_ts", "committed_ts")


def install(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(explain)


def explain(
    sensor: Annotated[str, typer.Argument(help="Sensor id, exactly.", metavar="SENSOR")],
    metric: Annotated[str, typer.Argument(help="Metric, as stored or as sent.", metavar="METRIC")],
    ts: Annotated[str, typer.Argument(help="RFC 3339 or epoch ms.", metavar="TS")],
    site: Annotated[
        str | None, typer.Option(help="Site, where several have such a series.", show_default=False)
    ] = None,
    data: DataOption = None,
    url: UrlOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Why a reading is what it is: versions, conversion, receipt. Or why there is none.

    Exits with 2 when there is none.
    """
    from penstock.app.client import Client

    with Client(settings_from(config, data=data, url=url)) as client:
        answer = client.get("/v1/explain", sensor_id=sensor, metric=metric, ts=resolve_time(ts), site_id=site)
    if as_json:
        write_json(answer)
    else:
        for name, text in _facts(answer):
            sys.stdout.write(f"{name:<12} {text}\n")
        if answer["versions"]:
            sys.stdout.write("\n")
            sys.stdout.flush()
            show_rows([{**row, "version": _version(row)} for row in answer["versions"]], _VERSIONS)
    if not answer["found"]:
        raise SystemExit(2)


def _facts(answer: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Lines of name and text."""
    site = f"{answer['site_id']} / " if answer.get("site_id") else ""
    yield "reading", _clean(f"{site}{answer['sensor_id']} / {answer['metric']} at {answer['ts']}")
    if answer["found"]:
        yield from _found(answer)
    else:
        yield from _missing(answer)
    for said in answer["refused"]:
        where = f"row {said['row']} of receipt {said['receipt']}, {said['admitted_ts']}"
        yield "refused", _clean(f"{said['code']}: {said['detail']} ({where})")


def _found(answer: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "value", f"{answer['value']} {answer['unit']}".rstrip()
    yield "version", _version(answer)
    yield "why", f"{answer['decision']['detail']} ({answer['decision']['code']})"
    for how in answer.get("conversions") or ():
        sent = f"{how['sent_value']} {how['sent_unit']}".rstrip()
        yield "sent as", _clean(f"{how['sent_metric']} {sent}, × {how['factor']:g} + {how['offset']:g}")
    if latency := answer.get("latency"):
        yield "device→door", f"{latency['device_to_door_ms']} ms"
        yield "door→store", f"{latency['door_to_committed_ms']} ms"


def _missing(answer: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "value", "none is stored"
    for reason in answer["reasons"]:
        close = f"; did you mean {', '.join(reason['close'])}?" if reason.get("close") else ""
        yield "why", _clean(f"{reason['detail']}{close} ({reason['code']})")
    for side, near in answer["nearest"].items():
        if near:
            yield side, f"{near['value']} {answer.get('unit', '')} at {near['ts']}"


def _version(row: Mapping[str, Any]) -> str:
    return f"seq {row['seq']}" if row["seq"] is not None else f"admitted {row['stamp']}"


def _clean(text: str) -> str:
    return "".join(c if c.isprintable() else "�" for c in text)
