"""Settings: defaults, then one TOML file, then `PENSTOCK_*` in the environment, then command-line flags.

Every setting is one field of `Settings` with its meaning beside it; `docs/settings.md` is generated from them. This
module imports the standard library only, because the supervisor and the command line load it at every start.
"""

# ruff: noqa: RUF009 - `_setting` returns dataclasses.field(...)

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from penstock.app.values import (
    Bind,
    one_of,
    parse_bind,
    parse_bool,
    parse_directory,
    parse_optional_bind,
    parse_optional_size,
    parse_path,
    parse_size,
    parse_span,
    parse_tenant,
    parse_threshold,
    parse_whole,
)
from penstock.model.errors import Misconfigured

__all__ = ["ENV_PREFIX", "Settings", "env_name", "load", "specs"]

ENV_PREFIX: Final = "PENSTOCK_"
_CONFIG_ENV: Final = "PENSTOCK_CONFIG"
# Kubernetes puts `<SERVICE>_PORT_8080_TCP=…` and the like into every container of a namespace that has a service of
# that name, so a service called `penstock` must not stop Penstock from starting.
_SERVICE_LINK: Final = re.compile(
    r"_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$"
)


def _setting(
    parse: Callable[[str], Any], default: str, meaning: str, *, secret: bool = False, group: str = "Platform"
) -> Any:
    return field(
        default=parse(default),
        repr=not secret,
        metadata={"parse": parse, "text": default, "meaning": meaning, "secret": secret, "group": group},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that can be set. Build it with `load`; a test may build it directly."""

    data: Path = _setting(parse_directory, "penstock-data", "Directory that holds everything Penstock keeps.")
    http: Bind = _setting(
        parse_bind,
        "127.0.0.1:8080",
        "Address of the HTTP server. Port 0 takes a free port; the default port gives way to the next free one.",
    )
    tcp: Bind | None = _setting(
        parse_optional_bind,
        "",
        "Address where rows are taken over plain TCP connections, such as `127.0.0.1:7420`; empty for none. Port 0 takes a "
        "free port.",
    )
    http_tls_cert: Path | None = _setting(
        parse_path, "", "PEM certificate chain; with `http_tls_key` it turns TLS on, for HTTP and TCP."
    )
    http_tls_key: Path | None = _setting(parse_path, "", "PEM private key of `http_tls_cert`.")
    allow_insecure_bind: bool = _setting(
        parse_bool, "false", "Allow listening beyond this machine without TLS, because something in front provides it."
    )
    bootstrap_key: str = _setting(
        str,
        "",
        "API key that is an administrator of the tenant `default` from the first start. Needed, with 32 characters or "
        "more, to listen beyond this machine.",
        secret=True,
    )
    events_tenant: str = _setting(
        parse_tenant, "default", "Tenant that events published on the bare NATS subject `events` belong to."
    )
    demo_tenant: str = _setting(parse_tenant, "default", "Tenant that `penstock up --demo` fills.")
    disk_reserve: int | None = _setting(
        parse_optional_size,
        "",
        "Bytes that must be free on the disk of `data` (of `data`/nats, if that is a disk of its own) for readings to be "
        "taken; empty takes a hundredth of the disk within 512 MiB and 2 GiB, of a small disk an eighth at most. 0 refuses "
        "nothing.",
    )
    exports_max_bytes: int = _setting(
        parse_size, "2GB", "Disk that finished exports may take in `data`/exports, all together."
    )
    exports_keep: int = _setting(parse_span, "1h", "How long the file of an export can be fetched after its end.")

    nats: Bind = _setting(
        parse_bind,
        "127.0.0.1:4222",
        "Address of the bundled NATS server, on this machine only. Ports behave as those of `http`.",
        group="Bus",
    )
    nats_url: str = _setting(
        str,
        "",
        "A NATS server of your own (`nats://host:4222` or `tls://…`), used instead of the bundled one. It must run "
        "JetStream with `sync_interval: always`.",
        group="Bus",
    )
    nats_user: str = _setting(str, "", "User for `nats_url`.", group="Bus")
    nats_password: str = _setting(str, "", "Password for `nats_url`.", secret=True, group="Bus")
    nats_monitor_url: str = _setting(
        str,
        "",
        "Monitoring address of `nats_url` (`http://host:8222`), where the fsync setting is checked.",
        group="Bus",
    )
    nats_replicas: int = _setting(
        parse_whole, "1", "Copies of each lane in a NATS cluster; 3 or more survive the loss of a server.", group="Bus"
    )
    nats_trust_durability: bool = _setting(
        parse_bool,
        "false",
        "Skip the check that `nats_url` fsyncs before it acknowledges, because you know that it does.",
        group="Bus",
    )
    lane_max_bytes: int = _setting(
        parse_size,
        "1GB",
        "Disk that each lane of the bus (readings, events, backlog) may take before senders are told to slow down.",
        group="Bus",
    )
    backlog_after: int = _setting(
        parse_span,
        "1h",
        "Age from which a reading takes the backlog lane when it is sent, so that old data delays nothing new. 0 turns the "
        "backlog lane off.",
        group="Bus",
    )

    store_url: str = _setting(
        str, "duckdb:", "Series store. `duckdb:` is the embedded store inside `data`.", group="Store"
    )
    store_memory_limit: int = _setting(parse_size, "512MB", "Memory that the embedded store may take.", group="Store")
    retention_raw_days: int = _setting(
        parse_whole, "0", "Days that raw readings are kept; 0 keeps them for ever.", group="Store"
    )
    retention_rollups_days: int = _setting(
        parse_whole, "0", "Days that 1m, 15m, 1h and 1d rollups are kept; 0 keeps them for ever.", group="Store"
    )
    retention_events_days: int = _setting(
        parse_whole, "0", "Days that events are kept; 0 keeps them for ever.", group="Store"
    )
    retention_receipts_days: int = _setting(
        parse_whole,
        "3",
        "Days that receipts, and with them how each reading came in, can be asked for; 0 keeps them for ever.",
        group="Store",
    )
    retention_dead_letters_days: int = _setting(
        parse_whole,
        "0",
        "Days that dead letters are kept, open ones too; 0 keeps them for ever. The ledger counts them for ever.",
        group="Store",
    )

    catalog_url: str = _setting(
        str,
        "sqlite:",
        "Database of the catalog. `sqlite:` is a file inside `data`; `postgresql://USER:PASSWORD@HOST/DATABASE` is a server, which "
        "several installations may share.",
        secret=True,
        group="Catalog",
    )
    cache_url: str = _setting(
        str,
        "memory:",
        "Where answers are kept between equal questions: `memory:` is in the process that answers, "
        "`redis://[user:password@]host:6379/0` (`rediss://` for TLS) a Redis or Valkey server that several share.",
        secret=True,
        group="Cache",
    )
    cache_bytes: int = _setting(
        parse_size, "32MB", "Memory that `memory:` may take; a server has its own bound (`maxmemory`).", group="Cache"
    )
    cache_fresh: int = _setting(
        parse_span,
        "1s",
        "Age up to which an answer is given out again without asking the store, at most `2s`. 0 turns the cache off.",
        group="Cache",
    )

    url: str = _setting(
        str,
        "",
        "Platform that commands such as `ingest` and `query` talk to; empty finds the local one by `data`.",
        group="Client",
    )
    key: str = _setting(
        str, "", "API key of those commands; empty uses the local platform's own key.", secret=True, group="Client"
    )
    criticality_above: int | None = _setting(
        parse_threshold, "", "`penstock events` shows events whose criticality is strictly greater.", group="Client"
    )

    log_level: str = _setting(
        one_of("debug", "info", "warning", "error"), "info", "Least severe message that is logged.", group="Logs"
    )
    log_format: str = _setting(
        one_of("auto", "console", "json"),
        "auto",
        "`auto` is readable on a terminal and JSON lines elsewhere.",
        group="Logs",
    )

    origins: Mapping[str, str] = field(default_factory=dict[str, str], repr=False, compare=False)
    """Setting → where its value came from; a setting that is not in it has its default."""

    def is_explicit(self, name: str) -> bool:
        """Whether somebody set it, as opposed to its default."""
        return name in self.origins

    def environment(self) -> dict[str, str]:
        """These settings as `PENSTOCK_*` variables that differ from the defaults, for a child process."""
        changed: dict[str, str] = {}
        for spec in specs():
            value = getattr(self, spec.name)
            if value != spec.default:
                changed[env_name(spec.name)] = "" if value is None else str(value)
        return changed


def specs() -> Iterator[Field[Any]]:
    """The fields that are settings, in the order of the documentation; their metadata holds parser and meaning."""
    return (spec for spec in fields(Settings) if "parse" in spec.metadata and spec.default is not MISSING)


def env_name(name: str) -> str:
    """`nats_url` → `PENSTOCK_NATS_URL`."""
    return ENV_PREFIX + name.upper()


def load(
    flags: Mapping[str, str | None] | None = None,
    *,
    config: Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> Settings:
    """The settings in force. `flags` holds text by setting name, None where a flag was not given.

    Raises Misconfigured naming the setting, where it came from and what is expected.
    """
    environ = os.environ if environ is None else environ
    by_name = {spec.name: spec for spec in specs()}
    path = config or (Path(environ[_CONFIG_ENV]) if environ.get(_CONFIG_ENV) else None)
    found: dict[str, tuple[str, str]] = {}
    if path is not None:
        found |= _from_file(path, by_name)
    found |= _from_environment(environ, by_name)
    for name, text in (flags or {}).items():
        if text is not None:
            _known(name, by_name, "command line")
            found[name] = (text, f"--{name.replace('_', '-')}")
    values: dict[str, Any] = {}
    for name, (text, origin) in found.items():
        spec = by_name[name]
        try:
            values[name] = spec.metadata["parse"](text)
        except ValueError as error:
            shown = "(hidden)" if spec.metadata["secret"] else repr(text)
            raise Misconfigured(f"{name} = {shown} from {origin} is not understood", hint=f"expected {error}") from None
    return Settings(**values, origins={name: origin for name, (_, origin) in found.items()})


def _from_file(path: Path, by_name: Mapping[str, Field[Any]]) -> dict[str, tuple[str, str]]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Misconfigured(
            f"configuration file {path} cannot be read: {error.strerror}", hint="check --config and PENSTOCK_CONFIG"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Misconfigured(f"configuration file {path} is not TOML: {error}") from None
    found: dict[str, tuple[str, str]] = {}
    for name, value in _flatten(document):
        _known(name, by_name, str(path))
        if isinstance(value, bool):
            found[name] = (str(value).lower(), str(path))
        elif isinstance(value, str | int):
            found[name] = (str(value), str(path))
        else:
            raise Misconfigured(f"{name} in {path} must be text, a whole number or a boolean, not {value!r:.60}")
    return found


def _flatten(document: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """`[retention] raw_days = 30` and `retention_raw_days = 30` are the same."""
    for key, value in document.items():
        if isinstance(value, dict):
            yield from _flatten(value, f"{prefix}{key}_")
        else:
            yield f"{prefix}{key}", value


def _from_environment(environ: Mapping[str, str], by_name: Mapping[str, Field[Any]]) -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    for variable, text in sorted(environ.items()):
        if not variable.startswith(ENV_PREFIX) or variable == _CONFIG_ENV or _SERVICE_LINK.search(variable):
            continue
        name = variable.removeprefix(ENV_PREFIX).lower()
        secret = name.removesuffix("_file")
        if name not in by_name and secret in by_name and by_name[secret].metadata["secret"]:
            found[secret] = (_read_secret(Path(text), variable), f"{variable} ({text})")
            continue
        _known(name, by_name, "environment", shown=variable)
        found.setdefault(name, (text, variable))
    return found


def _read_secret(path: Path, variable: str) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{variable} names {path}, which cannot be read: {error}") from None


def _known(name: str, by_name: Mapping[str, Field[Any]], where: str, *, shown: str | None = None) -> None:
    if name in by_name:
        return
    close = get_close_matches(name, by_name, n=1, cutoff=0.6)
    suggestion = (env_name(close[0]) if shown else close[0]) if close else None
    raise Misconfigured(
        f"unknown setting {shown or name} ({where})",
        hint=f"did you mean {suggestion}?" if suggestion else "`penstock settings` lists all settings",
    )
