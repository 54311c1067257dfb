"""The command `query`: one question, asked in words or by options, and its answer as table, file or chart."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

import typer

from penstock.app.cli.answers import ask, segment, show_answer
from penstock.app.cli.options import ConfigOption, DataOption, JsonOption, UrlOption, resolve_time, settings_from
from penstock.app.console import is_terminal, note, paint, show_rows, terminal_width, write_json, write_markdown
from penstock.model.errors import InvalidInput

__all__ = ["install"]

_FORMATS: Final = ("table", "json", "csv", "md", "parquet", "arrow")
_READING: Final = ("ts", "sensor_id", "site_id", "metric", "value", "unit")
_CHART_HEIGHT: Final = 6
_MOST_CHARTS: Final = 12
_WIDEST: Final = 100


def install(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(query)


def query(
    question: Annotated[
        str | None,
        typer.Argument(
            metavar="[QUESTION]", help="Such as 'avg(temperature) by room every 15m last 24h'.", show_default=False
        ),
    ] = None,
    site: Annotated[str | None, typer.Option(help="Site, * for any run of characters.", show_default=False)] = None,
    sensor: Annotated[
        str | None, typer.Option(help="Newest readings of this sensor instead of windows.", show_default=False)
    ] = None,
    metric: Annotated[str | None, typer.Option(help="Metric, * for any run of characters.", show_default=False)] = None,
    window: Annotated[
        str | None, typer.Option(help="Width: 1m, 15m, 1h, 1d (default: what fits).", show_default=False)
    ] = None,
    start: Annotated[
        str | None, typer.Option("--from", help="-24h, RFC 3339 or epoch ms (default: -1h).", show_default=False)
    ] = None,
    end: Annotated[str | None, typer.Option("--to", help="The same (default: now).", show_default=False)] = None,
    group_by: Annotated[
        str | None, typer.Option("--by", help="site, building, room, equipment, sensor, by commas.", show_default=False)
    ] = None,
    unit: Annotated[str | None, typer.Option(help="Convert values to this unit.", show_default=False)] = None,
    limit: Annotated[int, typer.Option(help="Readings of --sensor at most.", min=1)] = 100,
    output: Annotated[
        str | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FORMAT",
            help=f"{', '.join(_FORMATS)} (default: table on a terminal, else csv).",
            show_default=False,
        ),
    ] = None,
    chart: Annotated[bool, typer.Option("--chart", help="Draw each line.")] = False,
    data: DataOption = None,
    url: UrlOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask in the language of docs/query-language.md, or by options; or for the newest readings of a sensor.

    A table on a terminal, CSV in a pipe.
    """
    from penstock.app.client import Client

    form = _form(output, as_json=as_json)
    with Client(settings_from(config, data=data, url=url)) as client:
        if sensor is not None:
            times: dict[str, Any] = {"from": resolve_time(start), "to": resolve_time(end)}
            params = {"limit": limit, "metric": metric, "site": site, "unit": unit, **times}
            answer = ask(client, f"/v1/sensors/{segment(sensor)}/recent", params)
            show_answer(answer, _READING, as_json=form == "json")
            return
        options = {"site": site, "every": window, "from": start, "to": end, "by": group_by, "in": unit}
        text = _text(question, metric, options)
        if form in {"parquet", "arrow"}:
            _write_binary(client.read("/v1/query", "application/vnd.apache.arrow.stream", q=text), form)
            return
        _show(client.get("/v1/query", q=text), form, chart=chart)


def _form(output: str | None, *, as_json: bool) -> str:
    if output is None:
        return "json" if as_json else "table" if is_terminal() else "csv"
    if output not in _FORMATS:
        raise InvalidInput(f"-o {output!r} is no format", code="usage", hint=f"one of {', '.join(_FORMATS)}")
    return output


def _text(question: str | None, metric: str | None, options: Mapping[str, str | None]) -> str:
    """The query in words, with the options as further clauses."""
    if question is not None and metric is not None:
        raise InvalidInput("the question names its metric, --metric does too", code="usage")
    name = _quoted(metric) if metric else "*"
    said = question or ", ".join(f"{fn}({name}) as {as_}" for fn, as_ in _STATISTICS)
    for word, value in options.items():
        if value is None:
            continue
        match word:
            case "site":
                said += f" where site{'~' if '*' in value else '='}{_quoted(value)}"
            case "by" | "every":
                said += f" {word} {value}"
            case _:
                said += f" {word} {_quoted(value)}"
    return said


_STATISTICS: Final = (("mean", "mean"), ("min", "min"), ("max", "max"), ("count", "count"))
"""What is shown of a metric when nobody asks for anything in particular: function and name."""


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _show(answer: Mapping[str, Any], form: str, *, chart: bool) -> None:
    from penstock.app.cli.lines import side_by_side

    if form == "json":
        write_json(answer)
        return
    if chart:
        _draw(answer["data"])
    else:
        rows, columns = side_by_side(answer["data"])
        match form:
            case "md":
                write_markdown(rows, columns)
            case _:
                show_rows(rows, columns, table=form == "table")
    if is_terminal():
        note(paint("2", f"{len(answer['data'])} rows · everything acknowledged before {answer['as_of']} is in it"))


def _draw(rows: Sequence[Mapping[str, Any]]) -> None:
    from penstock.app.cli.chart import draw
    from penstock.app.cli.lines import lines_of
    from penstock.model.time import parse_time

    lines = lines_of(rows)
    if not lines:
        note("nothing found")
        return
    moments = [parse_time(row["ts"]) for line in lines.values() for row in line]
    span = (float(min(moments)), float(max(moments)))
    width = min(terminal_width(), _WIDEST)
    for title, line in list(lines.items())[:_MOST_CHARTS]:
        points = [(float(parse_time(row["ts"])), float(row["value"])) for row in line]
        shown = "".join(c if c.isprintable() else "\ufffd" for c in title)
        unit = f" [{line[0]['unit']}]" if line[0].get("unit") else ""
        sys.stdout.write(f"{shown}{unit}  {line[0]['ts']} … {line[-1]['ts']}\n")
        sys.stdout.writelines(f"{text}\n" for text in draw(points, span, width=width, height=_CHART_HEIGHT))
    if len(lines) > _MOST_CHARTS:
        note(f"{len(lines) - _MOST_CHARTS} more lines are not drawn: group or select less")


def _write_binary(stream: bytes, form: str) -> None:
    if is_terminal():
        raise InvalidInput(f"{form} is not for a terminal", code="usage", hint=f"add: > answer.{form}")
    if form == "parquet":
        import pyarrow as pa
        from pyarrow import parquet

        sink = pa.BufferOutputStream()
        with pa.ipc.open_stream(stream) as reader:
            parquet.write_table(reader.read_all(), sink, compression="zstd")
        stream = sink.getvalue().to_pybytes()
    sys.stdout.buffer.write(stream)
