"""Every screen of the web app: the one table that gates and pictures go through. A new screen is a new line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["ROUTES", "UI", "Route"]

UI: Final = Path(__file__).parents[2] / "ui"


@dataclass(frozen=True, slots=True)
class Route:
    """`area` is the screen's folder under ui/src/screens, `path` where it is seen with the demonstration's data."""

    name: str
    area: str
    path: str
    asks: bool = True
    """Whether it asks the API for something, and so can find nothing, fail, be throttled or be cut off."""
    public: bool = False
    """Whether it is for who is not signed in."""

    @property
    def source(self) -> Path:
        """The component that shows it."""
        return UI / "src" / "screens" / self.area / "index.tsx"


ROUTES: Final = (
    Route("fleet", "fleet", "/ui/fleet"),
    Route("site", "sites", "/ui/sites/hq"),
    Route("building", "buildings", "/ui/buildings/hq"),
    Route("room", "buildings", "/ui/buildings/hq/rooms/r01"),
    Route("batteries", "batteries", "/ui/batteries"),
    Route("battery", "batteries", "/ui/batteries/bat-0001"),
    Route("live", "live", "/ui/live"),
    Route("explore", "explore", "/ui/explore"),
    Route("events", "events", "/ui/events"),
    Route("system", "system", "/ui/system"),
    Route("catalog", "catalog", "/ui/catalog"),
    Route("add", "add", "/ui/add"),
    Route("settings", "settings", "/ui/settings", asks=False),
    Route("signin", "signin", "/ui/signin", asks=False, public=True),
)
