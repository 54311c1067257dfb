"""What the HTTP doors stand on, handed in by the wiring; nothing here is global."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from penstock.accounts.keys import KeyRing
from penstock.api.graphql.bounds import GraphQLBounds
from penstock.api.processes import Processes
from penstock.bus import Bus
from penstock.model.time import Clock
from penstock.pipeline.gate import Gate
from penstock.pipeline.room import Room
from penstock.query.moments import Moments
from penstock.query.port import Reader
from penstock.store.catalog import Catalog

__all__ = ["ApiConfig", "JobsConfig", "Services"]

_APP: Final = Path(__file__).parent / "static" / "app"
"""Where the built app lies in a checkout and in a wheel."""


@dataclass(frozen=True, slots=True)
class JobsConfig:
    """Bounds of the jobs of one process.

    directory    for results; None takes the system's
    max_bytes    of all results together
    keep         milliseconds for which a job can be asked for after its end
    running      jobs worked on at once; the others wait
    per_tenant   jobs of one tenant, ended ones too
    total        jobs of all tenants
    """

    directory: Path | None = None
    max_bytes: int = 2 << 30
    keep: int = 3_600_000
    running: int = 2
    per_tenant: int = 8
    total: int = 32


@dataclass(frozen=True, slots=True)
class ApiConfig:
    """Bounds and switches of the HTTP face; sizes in bytes, durations in seconds, times in epoch ms.

    writes, reads       which doors exist in this process
    max_body            of one request as it arrives (compressed)
    max_decoded         of one request after decompression
    max_ratio           decoded / sent, checked beyond the first MiB: more is a compression bomb
    max_held            of all request bodies held at once in this process
    body_timeout        for a body to arrive completely
    retention_earliest  readings and events before it are refused; a callable for one that moves
    public_metrics      whether /metrics needs no credential
    events_tenant       the tenant that owns the bare subject `events`
    stream_clients      live streams at once
    heartbeat           seconds of silence after which a live stream says that it is alive
    live_window         seconds for which what passed is kept for a live stream that comes back
    live_patience       seconds for which a live connection may take nothing before it is ended
    export_stream_rows  an export of more rows is made by a job
    jobs                bounds of these jobs
    graphql             bounds of the GraphQL door
    app                 folder of the built web app; there may be none
    demo_tenant         the tenant that simulated devices fill, None if none do
    zone                IANA name of the time zone that this machine is set to
    nats_url            where NATS clients reach the broker, without credentials; None if they cannot
    """

    writes: bool = True
    reads: bool = True
    max_body: int = 8 << 20
    max_decoded: int = 64 << 20
    max_ratio: int = 100
    max_held: int = 256 << 20
    body_timeout: float = 30.0
    retention_earliest: int | Callable[[], int] = 0
    public_metrics: bool = False
    events_tenant: str = "default"
    stream_clients: int = 256
    heartbeat: float = 15.0
    live_window: float = 120.0
    live_patience: float = 20.0
    export_stream_rows: int = 1_000_000
    jobs: JobsConfig = field(default_factory=JobsConfig)
    graphql: GraphQLBounds = field(default_factory=GraphQLBounds)
    app: Path = _APP
    demo_tenant: str | None = None
    zone: str = "UTC"
    nats_url: str | None = None

    def earliest(self, ago: int = 0) -> int:
        """Start of retention `ago` ms before now, epoch ms."""
        value = self.retention_earliest
        return value if isinstance(value, int) else value() - ago


@dataclass(frozen=True, slots=True)
class Services:
    """One process's gate, reader, bus, keys and clock, opened and closed by whoever made them; `room` is on the gate's disk.

    `catalog` is None in a process without the doors out; `processes` asks what a supervisor keeps running here; `moments` are
    given where answers are given out again.
    """

    gate: Gate
    reader: Reader
    bus: Bus
    keys: KeyRing
    clock: Clock
    config: ApiConfig = field(default_factory=ApiConfig)
    room: Room = field(default_factory=Room)
    catalog: Catalog | None = None
    processes: Processes = tuple
    moments: Moments | None = None

    def now(self, tenant: str) -> int:
        """Epoch ms that a question of `tenant` means by now."""
        return self.clock.now() if self.moments is None else self.moments.now(tenant)
