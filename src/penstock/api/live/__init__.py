"""Live views: readings and events as they pass, over server-sent events and WebSocket."""

from penstock.api.live.catchup import catch_up
from penstock.api.live.door import LiveDoor
from penstock.api.live.feed import LiveClient
from penstock.api.live.hub import LiveHub
from penstock.api.live.log import Position
from penstock.api.live.wanted import Pattern, Wanted

__all__ = ["LiveClient", "LiveDoor", "LiveHub", "Pattern", "Position", "Wanted", "catch_up"]
