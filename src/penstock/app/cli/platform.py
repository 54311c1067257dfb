"""Commands that run the platform: up, run, settings, version, openapi, asyncapi."""

from __future__ import annotations

import json
import socket
import sys
from dataclasses import replace
from typing import Annotated

import typer

from penstock.app.cli.options import ConfigOption, DataOption, JsonOption, SetOption, TcpOption, settings_from
from penstock.app.config import env_name, specs
from penstock.app.console import show_rows, write_json

__all__ = ["install"]


def install(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (up, run, settings, version, openapi, asyncapi):
        app.command()(command)


def up(
    demo: Annotated[
        bool,
        typer.Option("--demo", help="Fill it with simulated data: a day of history at once, a week soon, and live."),
    ] = False,
    data: DataOption = None,
    http: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="HTTP address (default: 127.0.0.1:8080).")
    ] = None,
    nats: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="NATS address (default: 127.0.0.1:4222).")
    ] = None,
    tcp: TcpOption = None,
    config: ConfigOption = None,
    pairs: SetOption = None,
) -> None:
    """Run the whole platform on this machine, until Ctrl-C.

    Prints `ready http://HOST:PORT` on stdout once it can serve.
    """
    import asyncio

    _without_rich()
    from penstock.app.observe import configure_logs
    from penstock.app.supervisor import Supervisor

    chosen = settings_from(config, pairs, data=data, http=http, nats=nats, tcp=tcp)
    if sys.stderr.isatty() and not chosen.is_explicit("log_level"):
        chosen = replace(chosen, log_level="warning")  # the checklist says what a person wants to know
    configure_logs(chosen.log_level, chosen.log_format, process="supervisor")

    async def supervise() -> None:
        await Supervisor(chosen, demo=demo).run()

    asyncio.run(supervise())


def run(
    roles: Annotated[str, typer.Argument(metavar="ROLE[,ROLE…]", help="ingest, api, process, query, simulate")],
    data: DataOption = None,
    http: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="HTTP address (default: 127.0.0.1:8080).")
    ] = None,
    tcp: TcpOption = None,
    config: ConfigOption = None,
    pairs: SetOption = None,
    demo: Annotated[
        bool, typer.Option("--demo", help="simulate: fill in a day of history first, and a week while live.")
    ] = False,
    link_fd: Annotated[int | None, typer.Option(hidden=True)] = None,
    http_fd: Annotated[int | None, typer.Option(hidden=True)] = None,
    tcp_fd: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Run some roles in this process, joined by the NATS server that nats_url names."""
    _without_rich()
    from penstock.app.link import Link
    from penstock.app.observe import configure_logs

    with Link(link_fd) as link:
        try:
            chosen = settings_from(config, pairs, data=data, http=http, tcp=tcp)
            configure_logs(chosen.log_level, chosen.log_format, role=roles)
            import uvloop

            from penstock.app.roles import parse_roles, run_roles

            inherited = {"http": http_fd, "tcp": tcp_fd}
            listeners = {name: socket.socket(fileno=fd) for name, fd in inherited.items() if fd is not None}
            uvloop.run(run_roles(chosen, parse_roles(roles), link=link, listeners=listeners, demo=demo))
        except BaseException as error:
            link.failed(error)
            raise


def settings(as_json: JsonOption = False, config: ConfigOption = None, pairs: SetOption = None) -> None:
    """List every setting: its value, where that came from, and what it means."""
    chosen = settings_from(config, pairs)
    rows = [
        {
            "setting": spec.name,
            "value": "(hidden)"
            if spec.metadata["secret"] and getattr(chosen, spec.name)
            else _text(getattr(chosen, spec.name)),
            "from": chosen.origins.get(spec.name, "default"),
            "environment": env_name(spec.name),
            "meaning": spec.metadata["meaning"],
        }
        for spec in specs()
    ]
    show_rows(rows, ("setting", "value", "from", "meaning"), as_json=as_json)


def version(as_json: JsonOption = False) -> None:
    """Print the version."""
    import penstock

    if as_json:
        write_json({"version": penstock.__version__, "python": sys.version.split()[0]})
    else:
        sys.stdout.write(f"penstock {penstock.__version__}\n")


def openapi() -> None:
    """Print the OpenAPI document of the HTTP API."""
    from penstock.app.openapi import document

    json.dump(document(), sys.stdout, indent=2, ensure_ascii=False)
    sys.stdout.write("\n")


def asyncapi() -> None:
    """Print the AsyncAPI document: NATS, the live WebSocket, server-sent events."""
    from penstock.api.asyncapi import asyncapi_document

    json.dump(asyncapi_document(), sys.stdout, indent=2, ensure_ascii=False)
    sys.stdout.write("\n")


def _without_rich() -> None:
    """Keep structlog from loading rich for tracebacks: 0.2 s of start and 8 MB in each of the platform's processes."""
    sys.modules.setdefault("rich", None)  # pyright: ignore[reportArgumentType]: None is how an import is ruled out


def _text(value: object) -> str:
    return "" if value is None else str(value)
