"""`penstock grafana`: the files by which a Grafana shows what is stored here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from penstock.app.cli.options import JsonOption
from penstock.app.console import note, write_json

__all__ = ["install"]


def install(app: typer.Typer) -> None:
    """Add the command group."""
    group = typer.Typer(help="Show readings in Grafana.", rich_markup_mode=None)
    group.callback()(_group)
    group.command("provision")(provision)
    app.add_typer(group, name="grafana", no_args_is_help=True)


def _group() -> None:
    """A group stays one while it has a single command."""


def provision(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Grafana's provisioning directory.")],
    url: Annotated[str, typer.Option("--url", help="Where Grafana finds the platform.")] = "http://localhost:8080",
    as_json: JsonOption = False,
) -> None:
    """Write a data source and four dashboards to DIR, which Grafana reads when it starts. The key comes from its environment."""
    from penstock.app.grafana import KEY_VARIABLE
    from penstock.app.grafana import provision as write
    from penstock.model.errors import InvalidInput

    try:
        written = write(directory, url)
    except OSError as error:
        raise InvalidInput(f"{directory} cannot be written: {error}", code="usage", hint="name a directory") from None
    if as_json:
        write_json({"written": [str(path) for path in written]})
        return
    for path in written:
        typer.echo(str(path))
    note(f"give Grafana {KEY_VARIABLE}, a key that may read: `penstock keys create grafana --scope read`")
