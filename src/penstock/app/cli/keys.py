"""`penstock keys`: who may use the platform. Works on the data directory of this machine, whether or not it runs."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from penstock.app.cli.options import ConfigOption, DataOption, JsonOption, settings_from
from penstock.app.console import note, show_rows, write_json

__all__ = ["install"]

TenantOption = Annotated[str, typer.Option(help="Tenant that the key belongs to.")]


def install(app: typer.Typer) -> None:
    """Add the command group."""
    group = typer.Typer(help="Create, list and revoke API keys of the platform on --data.", rich_markup_mode=None)
    group.command("create")(create)
    group.command("list")(list_keys)
    group.command("revoke")(revoke)
    group.command("link")(link)
    app.add_typer(group, name="keys", no_args_is_help=True)


def create(
    name: Annotated[str, typer.Argument(help="What the key is for, such as telegraf or ci.")],
    tenant: TenantOption = "default",
    scope: Annotated[
        list[str] | None,
        typer.Option(help="read, write or admin; repeat for several (default: read write).", show_default=False),
    ] = None,
    expires: Annotated[
        str | None, typer.Option(metavar="DURATION", help="Such as 90d (default: never).", show_default=False)
    ] = None,
    data: DataOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Create an API key. It is shown this once, alone on stdout."""
    from penstock.accounts.keys import id_of
    from penstock.model.time import WallClock, parse_duration

    until = WallClock().now() + parse_duration(expires) if expires else None
    secret = _ring(config, data).create(tenant, name, scope or ("read", "write"), until)
    if as_json:
        write_json({"key": secret, "id": id_of(secret), "tenant": tenant, "name": name})
        return
    sys.stdout.write(secret + "\n")
    note("keep it: it is stored only as a digest. Use it with PENSTOCK_KEY or `Authorization: Bearer <key>`")


def list_keys(
    tenant: Annotated[str | None, typer.Option(help="Only this tenant's.", show_default=False)] = None,
    data: DataOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """List API keys, without their secrets."""
    from penstock.model.time import format_time

    columns = ("id", "tenant", "name", "scopes", "created", "expires", "last_used")
    rows = [
        {
            **{name: getattr(info, name) for name in columns},
            "scopes": " ".join(info.scopes),
            **{
                name: format_time(at) if (at := getattr(info, name)) is not None else None
                for name in ("created", "expires", "last_used")
            },
        }
        for info in _ring(config, data).list(tenant)
    ]
    show_rows(rows, columns, as_json=as_json, empty="no keys yet; `penstock keys create NAME` makes one")


def revoke(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="As `penstock keys list` shows it.")],
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Revoke an API key: it stops working with the next request."""
    _ring(config, data).revoke(key_id)
    note(f"key {key_id} is revoked")


def link(
    tenant: TenantOption = "default",
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Print a sign-in link for a browser. It works once, within 15 minutes."""
    from penstock.app.datadir import DataDir
    from penstock.model.errors import Unavailable

    chosen = settings_from(config, data=data)
    state = DataDir(chosen.data).read_state()
    if state is None:
        raise Unavailable(f"no platform is running on {chosen.data}", code="not_running", hint="start it: penstock up")
    sys.stdout.write(f"{state.url}/login?k={_ring(config, data).one_time_code(tenant)}\n")


def _ring(config: Any, data: str | None) -> Any:
    from penstock.accounts.keys import KeyRing

    return KeyRing(settings_from(config, data=data).data / "keys.json")
