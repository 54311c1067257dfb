"""The query: what to read, what to make of it per window and group, and what to compute from that. One AST for every door.

`Query` travels as JSON: `POST /v1/query` takes it as it stands (without the tenant), GraphQL, the Prometheus API, NATS, the SDKs and
`penstock query` build it. So all doors give the same numbers.
"""

from __future__ import annotations

from typing import Final, Literal, get_args

import msgspec

__all__ = ["FUNCTIONS", "Asked", "Fetch", "Fill", "Function", "Over", "Query", "Select", "Then"]

Function = Literal[
    "raw",
    "count",
    "sum",
    "mean",
    "time_weighted_mean",
    "min",
    "max",
    "first",
    "last",
    "delta",
    "rate",
    "increase",
    "energy",
    "percentile",
    "stddev",
    "coverage",
]
"""What is made of the readings of one group in one window.

raw                 no windows: the readings themselves, every series by itself
count … last        as in `Aggregate`: over all readings of the group's series
delta               last − first of a series in the window, added up over the group's series; counters as in `increase`, but signed
increase            what counters counted (resets and glitches told apart, see `Consumption`), added up over the series
rate                `increase` per second
energy              Wh: from counters in Wh or from power in W, as `Consumption` with `kind` auto; imported minus exported
percentile, stddev  over all readings of the group's series: `q` by linear interpolation; the population's deviation
coverage            0 to 1, as in `Aggregate`
"""

FUNCTIONS: Final[tuple[Function, ...]] = get_args(Function)

Over = Literal["count", "sum", "mean", "min", "max", "percentile", "stddev"]
"""What is made of several values of one window: of the first level's groups."""

Fill = Literal["none", "null", "previous", "linear"]
"""Windows of a line without a value: left out, null, the value before, or on the straight line between its neighbours."""


class Select(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Which series: exact text, or with `*` for any run of characters; None for any. `tags` holds key → text or pattern."""

    site: str | None = None
    sensor: str | None = None
    metric: str | None = None
    building: str | None = None
    room: str | None = None
    equipment: str | None = None
    tags: dict[str, str] = {}


class Asked(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    forbid_unknown_fields=True,
    tag_field="ask",
    tag=str.lower,
):
    """What every question is: it names its tenant."""

    tenant: str


class Then(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """The second level: `fn` over the values of the first level's groups that agree in `by`, per window.

    "Max per room, then mean per building" is `Fetch(fn="max", by=("building", "room"), then=Then(fn="mean", by=("building",)))`.
    `by` is part of the first level's; empty for one value per window. `q` (0 to 100) is for percentile.
    """

    fn: Over
    by: tuple[str, ...] = ()
    q: float | None = None


class Fetch(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Lines from readings: one per group, metric and unit.

    where     the series
    fn        what is made of them per window, see `Function`; `q` (0 to 100) is for percentile
    by        what separates groups besides metric and unit: site, building, room, equipment, sensor, metric, `tag:NAME`
    then      a second level over these groups
    unit      of the answer; the canonical one without it
    shift     compare with an earlier period: `1d`, `1w`, `1mo`, `1y` (of the calendar in the query's zone) or a fixed `15m`, `1h`: the
              range is read that much earlier, and labelled as if it were now
    """

    where: Select = Select()
    fn: Function = "mean"
    q: float | None = None
    by: tuple[str, ...] = ()
    then: Then | None = None
    unit: str | None = None
    shift: str | None = None


class Query(Asked, frozen=True):
    """Lines over [start, end) (epoch ms): fetched, then computed.

    fetch       name → what is read; 1 to 16 of them. A name is a letter, then letters, digits, _
    window      ms (aligned to the epoch), text of the calendar in the IANA `zone` (`15m`, `1d`, `1mo`, as in `Aggregate`), 0 for one window
                that is the whole range; "auto" for the finest usual one that keeps every line within `max_points` (or 1,000)
    math        name → expression over fetched or earlier names: numbers, + - * / ^, brackets, unary minus, abs, min, max, clamp,
                sqrt, ln, exp, round. Lines are matched by their group columns; a name of one line without groups goes with every line. What
                divides by zero, or misses one side, is null
    show        which names are in the answer, in order; all without it
    fill        of windows without a value
    max_points  per line: longer ones are thinned out so that each stretch keeps its least and greatest point
    descending  newest first

    Columns: name, ts (window start), label (local start with offset; only with a text window), metric, unit, the group
    columns (site_id, building, room, equipment, sensor_id, `tag:NAME`) that any shown name is grouped by, value (null: not known), count (of
    readings behind it), coverage (0 to 1; null where it is not known), percent_good (100 × coverage, as OPC UA Part 13 means it).
    Rows are in order of `show`, group, ts.

    `meta`: window (ms or text), tier (the coarsest rollup read, ms, 0 for raw), revision (of the data; one for all of the answer), series
    (how many were read), cost (readings or buckets read), downsampled (whether `max_points` left points out).

    Raises InvalidInput: too many points, lines, readings or series (the number, the limit, and a window that would fit), unknown
    names, units that do not convert, an expression that cannot be read (with its position); NotFound as `Aggregate`.
    """

    start: int
    end: int
    fetch: dict[str, Fetch]
    window: int | str = "auto"
    zone: str = "UTC"
    math: dict[str, str] = {}
    show: tuple[str, ...] = ()
    fill: Fill = "none"
    max_points: int | None = None
    descending: bool = False
