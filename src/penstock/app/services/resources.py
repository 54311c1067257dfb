"""What the roles of one process share. The wiring opens it; services only use it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from penstock.app.config import Settings
from penstock.app.link import Link
from penstock.bus import Bus
from penstock.model.time import DAY, Clock
from penstock.query.port import Reader
from penstock.store.catalog import Catalog

__all__ = ["Resources"]


@dataclass(frozen=True, slots=True)
class Resources:
    """bus: opened · reader: the engine in this process, or its remote over the bus · catalog: opened · tasks: owns every long-lived task;
    one that fails ends the process · listeners: setting (`http`, `tcp`) → an already bound socket.
    """

    settings: Settings
    clock: Clock
    bus: Bus
    reader: Reader
    catalog: Catalog
    link: Link
    tasks: asyncio.TaskGroup
    listeners: Mapping[str, socket.socket] = field(default_factory=dict[str, socket.socket])

    @property
    def key_file(self) -> Path:
        return self.settings.data / "keys.json"

    def earliest(self) -> int:
        """Start of retention for raw readings, epoch ms."""
        days = self.settings.retention_raw_days
        return self.clock.now() - days * DAY if days else 0
