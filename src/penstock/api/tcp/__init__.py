"""The TCP door: rows as lines or binary frames over one long connection, acknowledged in order once they are durable."""

from penstock.api.tcp.door import Door, TcpConfig
from penstock.api.tcp.server import listening

__all__ = ["Door", "TcpConfig", "listening"]
