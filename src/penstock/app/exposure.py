"""What must hold before Penstock listens beyond this machine: TLS, or somebody who says that it is provided, and a real secret."""

from __future__ import annotations

import stat
from typing import Final

from penstock.app.config import Settings
from penstock.model.errors import Misconfigured

__all__ = ["check_exposure"]

_KNOWN_SECRETS: Final = (
    "changeme",
    "password",
    "secret",
    "penstock",
    "admin",
    "default",
    "example",
    "bootstrap",
    "test",
)
_MIN_SECRET: Final = 32


def check_exposure(settings: Settings) -> None:
    """Refuse to listen beyond this machine unprotected; raises Misconfigured with the fix."""
    if (settings.http_tls_cert is None) != (settings.http_tls_key is None):
        raise Misconfigured("http_tls_cert and http_tls_key must be set together")
    key = settings.http_tls_key
    if key is not None and key.exists() and key.stat().st_mode & stat.S_IROTH:
        raise Misconfigured(f"http_tls_key {key} can be read by every user", hint=f"chmod 600 {key}")
    if not settings.nats_url and not settings.nats.is_loopback:
        raise Misconfigured(
            f"nats = {settings.nats} can be reached from other machines, and the bundled NATS server has no TLS",
            hint=f"listen on 127.0.0.1:{settings.nats.port}, or run a NATS server with TLS and set nats_url",
        )
    for name, bind in (("http", settings.http), ("tcp", settings.tcp)):
        if bind is None or bind.is_loopback:
            continue
        if settings.http_tls_cert is None and not settings.allow_insecure_bind:
            raise Misconfigured(
                f"{name} = {bind} can be reached from other machines, without TLS",
                hint="set http_tls_cert and http_tls_key, or PENSTOCK_ALLOW_INSECURE_BIND=1 if something in front "
                f"provides TLS, or listen on 127.0.0.1:{bind.port}",
            )
        _check_secret(settings.bootstrap_key, f"{name} = {bind}")


def _check_secret(secret: str, bind: str) -> None:
    fix = "PENSTOCK_BOOTSTRAP_KEY=$(openssl rand -hex 32), or PENSTOCK_BOOTSTRAP_KEY_FILE naming a file with it"
    needs = f"{bind} can be reached from other machines, so bootstrap_key must be set to a secret of its own"
    if not secret:
        raise Misconfigured(f"{needs}, but it is empty", hint=fix)
    if len(secret) < _MIN_SECRET:
        raise Misconfigured(f"{needs}, but it has {len(secret)} characters; {_MIN_SECRET} are needed", hint=fix)
    # Repeating a known word to reach the length makes no secret of it.
    rest = secret.lower()
    for word in _KNOWN_SECRETS:
        rest = rest.replace(word, "")
    if len(set(secret)) < 10 or len(rest) < _MIN_SECRET // 2:
        raise Misconfigured(f"{needs}, but it is guessable", hint=fix)
