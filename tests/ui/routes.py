"""Every screen of the web app: the one table that gates and pictures go through. A new screen is a new line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["ROUTES", "SCREENS", "Route"]

_SOURCES: Final = Path(__file__).parents[2] / "ui" / "src"
SCREENS: Final = _SOURCES / "screens"


@dataclass(frozen=True, slots=True)
class Route:
    """`name` is that of the screen's folder under ui/src/screens, `path` where it is seen with the demonstration's data."""

    name: str
    path: str
    asks: bool = True
    """Whether it asks the API for something, and so can find nothing, fail, be throttled or be cut off."""
    public: bool = False
    """Whether it is what somebody sees who is not signed in, at any address; it belongs to the app's frame."""

    absent: str | None = None
    """The question that is answered with 404 where nothing was ever stored, if there is one."""

    @property
    def exists(self) -> bool:
        """Whether the sources hold it."""
        return (_SOURCES / "app" / "SignIn.tsx" if self.public else SCREENS / self.name / "index.tsx").exists()


ROUTES: Final = (
    Route("fleet", "/ui/fleet"),
    Route("site", "/ui/sites/hq"),
    Route("building", "/ui/buildings/hq", absent="/v1/latest"),
    Route("room", "/ui/buildings/hq/rooms/r01", absent="/v1/latest"),
    Route("batteries", "/ui/batteries"),
    Route("battery", "/ui/batteries/bat-0001", absent="/v1/batteries/bat-0001"),
    Route("live", "/ui/live"),
    Route("explore", "/ui/explore"),
    Route("events", "/ui/events"),
    Route("system", "/ui/system"),
    Route("catalog", "/ui/catalog"),
    # What it waits for it asks for again by itself, so that a failure of that is no state of the screen.
    Route("add", "/ui/add", asks=False),
    Route("settings", "/ui/settings", asks=False),
    Route("signin", "/ui/fleet", asks=False, public=True),
)
