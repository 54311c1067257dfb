"""What the memory store knows about a sensor besides its identity."""

from __future__ import annotations

import json
from dataclasses import dataclass

from penstock.model.series import Attributes

__all__ = ["Said"]


@dataclass(slots=True)
class Said:
    """A sensor's attributes, each with the stamp at which it was said: the greatest (stamp, text) stays."""

    building: tuple[int, str] = (0, "")
    room: tuple[int, str] = (0, "")
    tags: tuple[int, str] = (0, "")

    def hear(self, stamp: int, news: Attributes) -> None:
        """Take in what a frame said. What is empty was not said, so it never erases; tags are said as a whole."""
        tags = json.dumps(dict(news.tags), sort_keys=True, ensure_ascii=False) if news.tags else ""
        if news.building:
            self.building = max(self.building, (stamp, news.building))
        if news.room:
            self.room = max(self.room, (stamp, news.room))
        if tags:
            self.tags = max(self.tags, (stamp, tags))

    def attributes(self) -> Attributes:
        """As they stand."""
        return Attributes(self.building[1], self.room[1], tags=json.loads(self.tags[1] or "{}"))
