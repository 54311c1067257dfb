"""What the doors out can be asked with. An unknown parameter is refused, so that a typing mistake never widens an answer."""

from __future__ import annotations

import math
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from penstock.model.errors import InvalidInput
from penstock.model.time import DAY, parse_duration, parse_time
from penstock.query.port import MAX_POINTS, Consumption, Select
from penstock.query.windows import find_zone, parse_window

__all__ = [
    "AggregateParams",
    "AverageParams",
    "DeadLetterParams",
    "EnergyParams",
    "EventParams",
    "ExplainParams",
    "LatestParams",
    "Params",
    "RecentParams",
    "SearchParams",
    "SeriesParams",
    "StreamParams",
    "WindowParams",
    "group_columns",
    "moment",
    "width",
]

Name = Annotated[str | None, Field(max_length=256)]
When = Annotated[
    str | None,
    Field(description="RFC 3339 or epoch ms", max_length=64, examples=["2026-01-31T12:00:00Z", "1769860800000"]),
]
Limit = Annotated[int, Field(ge=1, le=MAX_POINTS, description="Rows at most")]
Unit = Annotated[str | None, Field(max_length=32, description="Convert values to this unit", examples=["degC"])]
Cursor = Annotated[str | None, Field(max_length=1024, description="`next_cursor` of the answer before")]

_GROUPS: Final = ("site", "sensor", "building", "room")


class Params(BaseModel):
    """What they all are: strict about names."""

    model_config = ConfigDict(extra="forbid")


class RecentParams(Params):
    """Newest readings of a sensor. `metric` and `site` may hold `*` for any run of characters."""

    limit: Limit = 100
    metric: Name = None
    site: Name = None
    unit: Unit = None
    from_: When = Field(None, alias="from")
    to: When = None
    cursor: Cursor = None


class WindowParams(Params):
    """Windows of a fixed or of a calendar width; each door says its own default."""

    window: str
    zone: str | None

    def window_asked(self) -> int | str:
        """`Aggregate.window`: ms, or the text of a calendar window. Raises InvalidInput."""
        if self.zone is None and not self.window.strip().endswith(("w", "mo", "y")):
            return width(self.window)
        find_zone(self.zone or "UTC")
        return parse_window(self.window).text


class AggregateParams(WindowParams):
    """Windows of a site over [from, to); the last hour without them."""

    window: str = Field(
        "1m", max_length=16, description="500ms, 30s, 1m, 15m, 1h, 7d; by the calendar 1w, 1mo, 1y", examples=["1m"]
    )
    zone: str | None = Field(
        None, max_length=64, description="IANA zone that hours, days, weeks … begin in", examples=["Europe/Berlin"]
    )
    from_: When = Field(None, alias="from")
    to: When = None
    metric: Name = None
    group_by: str | None = Field(None, max_length=64, description="Any of site, sensor, building, room, by commas")
    unit: Unit = None


class EnergyParams(Params):
    """What was used per window over [from, to); the last seven days without them. The rules are in docs/energy.md."""

    window: str = Field(
        "1d", max_length=16, description="15m, 1h (divisors of a day), 1d, 1w, 1mo, 1y", examples=["1d"]
    )
    zone: str = Field("UTC", max_length=64, description="IANA zone that days begin in", examples=["Europe/Berlin"])
    from_: When = Field(None, alias="from")
    to: When = None
    kind: Literal["auto", "counter", "power"] = "auto"
    metric: Name = None
    sensor: Name = None
    group_by: str | None = Field(None, max_length=64, description="Any of site, sensor, building, room, by commas")
    cumulative: bool = Field(False, description="Running sums as well")
    method: Literal["hold", "trapezoid"] = Field("hold", description="How power runs between readings")
    max_hold: str = Field("1h", max_length=16, description="How long a reading holds, and how long a gap is covered")
    counter_max: float | None = Field(None, description="Where a counter rolls over, in its unit")
    tolerance: float = Field(0.0, description="By how much a counter may fall behind without being flagged")
    max_rate: float | None = Field(None, description="The fastest possible rise of a counter per hour")

    def question(self, tenant: str, where: Select, now: int) -> Consumption:
        """The question of these parameters about `where`. Raises InvalidInput."""
        given = moment(self.to, "to")
        end = now if given is None else given
        start = moment(self.from_, "from")
        return Consumption(
            tenant=tenant,
            where=where,
            start=end - 7 * DAY if start is None else start,
            end=end,
            window=self.window,
            zone=self.zone,
            kind=self.kind,
            group_by=group_columns(self.group_by),
            cumulative=self.cumulative,
            method=self.method,
            max_hold=width(self.max_hold),
            counter_max=self.counter_max,
            tolerance=self.tolerance,
            max_rate=self.max_rate,
        )


class AverageParams(Params):
    """The room's mean over (now − window, now]."""

    window: str = Field("15m", max_length=16, examples=["15m"])
    unit: Unit = None
    method: Literal["mean", "time_weighted"] = "mean"


class LatestParams(Params):
    """Which series; every text may hold `*`."""

    site: Name = None
    sensor: Name = None
    metric: Name = None
    building: Name = None
    room: Name = None
    unit: Unit = None
    limit: Limit = 1000
    cursor: Cursor = None

    def select(self) -> Select:
        return Select(site=self.site, sensor=self.sensor, metric=self.metric, building=self.building, room=self.room)


class SeriesParams(Params):
    """Which series; every text may hold `*`."""

    site: Name = None
    sensor: Name = None
    metric: Name = None
    building: Name = None
    room: Name = None
    limit: Limit = 1000
    cursor: Cursor = None

    def select(self) -> Select:
        return Select(site=self.site, sensor=self.sensor, metric=self.metric, building=self.building, room=self.room)


class SearchParams(BaseModel):
    """Battery readings; besides these, `<metric>_gt` and `<metric>_lt` bound a value strictly."""

    model_config = ConfigDict(extra="allow")

    battery_id: Name = None
    site: Name = None
    from_: When = Field(None, alias="from")
    to: When = None
    limit: Limit = 100
    cursor: Cursor = None

    def bounds(self) -> tuple[dict[str, float], dict[str, float]]:
        """(above, below) per metric. Raises InvalidInput for any other parameter."""
        above: dict[str, float] = {}
        below: dict[str, float] = {}
        for name, text in (self.model_extra or {}).items():
            metric, _, side = name.rpartition("_")
            if not metric or side not in {"gt", "lt"}:
                raise InvalidInput(
                    f"the parameter {name!r:.60} is not known",
                    code="unknown_parameter",
                    hint="battery_id, site, from, to, limit, cursor, or a metric with _gt or _lt such as soc_lt=0.2",
                )
            (above if side == "gt" else below)[metric] = _number(name, text)
        return above, below


def _number(name: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise InvalidInput(f"{name}={text!r:.60} is not a finite number", code="invalid_number")
    return number


class EventParams(Params):
    """Newest events first; `criticality_gt` is strict."""

    criticality_gt: int | None = Field(None, ge=-(2**31), lt=2**31)
    limit: Limit = 100
    from_: When = Field(None, alias="from")
    to: When = None


class ExplainParams(Params):
    """Which reading; names are exact. `site_id` may be left out where only one site has such a series."""

    sensor_id: Annotated[str, Field(min_length=1, max_length=256)]
    metric: Annotated[str, Field(min_length=1, max_length=256, description="Canonical, or as it was sent")]
    ts: Annotated[str, Field(description="RFC 3339 or epoch ms", max_length=64, examples=["2026-01-31T12:00:00Z"])]
    site_id: Name = None


class DeadLetterParams(Params):
    """Newest letters first; every filter is exact."""

    state: Literal["open", "replayed", "discarded"] | None = None
    code: Name = None
    source: Name = None
    limit: Limit = 100
    cursor: Cursor = None


class StreamParams(Params):
    """Which live rows; every text may hold `*`. `events`: also security events, or only these."""

    site: Name = None
    sensor: Name = None
    metric: Name = None
    events: Literal["false", "true", "only"] = "false"


def moment(text: str | None, name: str) -> int | None:
    """Epoch ms of a `from` or `to`; None stays None. Raises InvalidInput naming the parameter."""
    if text is None:
        return None
    try:
        # A + in a query string means a space, so an offset such as +01:00 often arrives without its sign.
        return parse_time(text.replace(" ", "+") if text.count(" ") == 1 and "T" in text else text)
    except InvalidInput as error:
        raise InvalidInput(f"{name}: {error.detail}", code=error.code, hint=error.hint) from None


def width(text: str) -> int:
    """A window's width in ms, at most 366 days. Raises InvalidInput."""
    ms = parse_duration(text)
    if ms > 366 * DAY:
        raise InvalidInput(f"window {text!r} is longer than 366 days", code="invalid_duration")
    return ms


def group_columns(text: str | None) -> tuple[str, ...]:
    """What to group by, from `site,sensor`. Raises InvalidInput."""
    names = tuple(name.strip() for name in (text or "").split(",") if name.strip())
    for name in names:
        if name not in _GROUPS:
            raise InvalidInput(
                f"group_by={name!r:.60} is not known", code="invalid_group", hint=f"any of {', '.join(_GROUPS)}"
            )
    return tuple(dict.fromkeys(names))
