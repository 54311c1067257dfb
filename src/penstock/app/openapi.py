"""The OpenAPI document without a running platform, for `penstock openapi` and generated clients."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from penstock.accounts.keys import KeyRing
from penstock.api.app import create_app
from penstock.api.services import Services
from penstock.bus.memory import MemoryBus
from penstock.model.time import WallClock
from penstock.pipeline.gate import Gate
from penstock.query.remote import RemoteReader
from penstock.store.catalog.sql import SqlCatalog, SqlConfig

__all__ = ["document"]


def document() -> dict[str, Any]:
    """The document that a running platform serves at `/openapi.json`."""
    bus, clock = MemoryBus(), WallClock()
    keys, catalog = KeyRing(Path("keys.json"), clock), SqlCatalog(SqlConfig("sqlite:///unused"))
    services = Services(Gate(bus, clock), RemoteReader(bus), bus, keys, clock, catalog=catalog)
    return create_app(services).openapi()
