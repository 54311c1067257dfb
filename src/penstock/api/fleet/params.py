"""What the doors of the fleet can be asked with."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from penstock.api.params import Cursor, Name, Params, When, WindowParams, moment
from penstock.model.errors import InvalidInput
from penstock.model.time import DAY, format_time
from penstock.query.overview import BATTERY_SORTS, Kind, State

__all__ = ["AssetParams", "BatteryParams", "BatteryRangeParams", "FleetParams", "FlowParams", "FlowSeriesParams"]

_Limit = Annotated[int, Field(ge=1, le=10_000, description="Rows at most")]
_Zone = Annotated[str, Field(max_length=64, description="IANA zone", examples=["Europe/Berlin"])]


class FleetParams(Params):
    """`criticality_gt` is strict; the day of the events begins in `zone`."""

    criticality_gt: int = Field(7, ge=-(2**31), lt=2**31)
    zone: _Zone = "UTC"


class AssetParams(Params):
    """Which assets. `site` is exact; `text` is looked for in ids, names, buildings and rooms, whatever the case."""

    site: Name = None
    kind: Kind | None = None
    state: State | None = None
    text: Name = None
    limit: _Limit = 10_000
    cursor: Cursor = None


class FlowParams(Params):
    """The flow now, or at another instant."""

    at: When = None


class FlowSeriesParams(WindowParams):
    """Windows of the flow over [from, to); the last day without them."""

    window: str = Field("15m", max_length=16, description="1m, 15m, 1h; by the calendar 1d, 1w, 1mo", examples=["15m"])
    zone: str | None = Field(None, max_length=64, description="IANA zone that hours, days, weeks … begin in")
    from_: When = Field(None, alias="from")
    to: When = None

    def span(self, now: int) -> tuple[int, int]:
        """[start, end), epoch ms. Raises InvalidInput."""
        return _span(self.from_, self.to, now, DAY)


class BatteryParams(Params):
    """Which batteries, and by what they are sorted."""

    site: Name = None
    sort: str = Field(
        "id", max_length=32, description=f"{', '.join(BATTERY_SORTS)}; with - in front for the greatest first"
    )
    limit: _Limit = 100
    cursor: Cursor = None


class BatteryRangeParams(Params):
    """The range of the histograms, [from, to); the last seven days without it."""

    site: Name = None
    from_: When = Field(None, alias="from")
    to: When = None

    def span(self, now: int) -> tuple[int, int]:
        """[start, end), epoch ms. Raises InvalidInput."""
        return _span(self.from_, self.to, now, 7 * DAY)


def _span(from_: str | None, to: str | None, now: int, length: int) -> tuple[int, int]:
    given, start = moment(to, "to"), moment(from_, "from")
    end = now if given is None else given
    start = end - length if start is None else start
    if start >= end:
        raise InvalidInput(f"from ({format_time(start)}) is not before to ({format_time(end)})", code="empty_range")
    return start, end
