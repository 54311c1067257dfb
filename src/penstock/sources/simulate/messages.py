"""What security systems report, how bad it is, and how often: (criticality, weight, message)."""

from __future__ import annotations

from typing import Final

__all__ = ["DOORS", "MESSAGES"]

MESSAGES: Final[tuple[tuple[int, int, str], ...]] = (
    (0, 240, "Door closed: {door}"),
    (0, 200, "Badge {badge} accepted at {door}"),
    (1, 120, "Guard tour checkpoint confirmed at {door}"),
    (1, 90, "Operator logged on to the access control console"),
    (2, 80, "Door held open longer than 30 s: {door}"),
    (2, 60, "Camera {camera} reconnected"),
    (3, 60, "Badge {badge} refused at {door}: outside permitted hours"),
    (4, 40, "Badge {badge} refused at {door}: unknown credential"),
    (4, 30, "Motion detected after hours near {door}"),
    (5, 26, "Camera {camera} offline"),
    (5, 16, "Access controller lost mains power, running on battery"),
    (6, 14, "Badge {badge} refused three times within a minute at {door}"),
    (7, 10, "Door forced: {door}"),
    (7, 8, "Camera {camera} lens covered"),
    (8, 6, "Glass break detected near {door}"),
    (9, 4, "Intrusion alarm in the zone of {door}"),
    (9, 3, "Fire alarm: smoke detector near {door}"),
    (10, 2, "Duress code entered at {door}"),
    (10, 1, "Panic button pressed at the reception of {door}"),
)

DOORS: Final = (
    "main entrance",
    "loading dock",
    "server room",
    "east stairwell",
    "garage gate",
    "archive",
    "roof hatch",
)
