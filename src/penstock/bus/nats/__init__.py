"""The bus on NATS JetStream."""

from penstock.bus.nats.bus import NatsBus
from penstock.bus.nats.config import NatsConfig
from penstock.bus.nats.monitor import read_monitor

__all__ = ["NatsBus", "NatsConfig", "read_monitor"]
