"""Doors in for readings: rows in any format, InfluxDB line protocol, room temperatures, batteries.

A row is accepted or refused by itself; the answer comes once the accepted rows are durable on the bus.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Final, Literal
from urllib.parse import quote

import msgspec
import numpy as np
from fastapi import FastAPI, Path, Query, Request
from starlette.responses import Response

from penstock.api import examples
from penstock.api.intake import JSON_TYPES, NDJSON_TYPES, Decoder, Intake, Outcome, media_type, shape_of, timeless
from penstock.api.problems import MAX_ROWS, problem
from penstock.model.errors import InvalidInput
from penstock.sources.formats import (
    decode_arrow,
    decode_battery_rows,
    decode_csv,
    decode_lines,
    decode_rows,
    decode_senml,
    decode_temperature,
)

__all__ = ["WriteDoors"]

ARROW_TYPE: Final = "application/vnd.apache.arrow.stream"
_DECODERS: Final[dict[str, Decoder]] = {
    **dict.fromkeys(JSON_TYPES, timeless(partial(decode_rows, shape="json"))),
    **dict.fromkeys(NDJSON_TYPES, timeless(partial(decode_rows, shape="ndjson"))),
    ARROW_TYPE: timeless(decode_arrow),
    "text/csv": timeless(decode_csv),
    # A pack may say its times relative to now.
    "application/senml+json": lambda body, now: decode_senml(body, now=now),
}
_PRECISIONS: Final[dict[str, Literal["ns", "us", "ms", "s"]]] = {
    "ns": "ns",
    "n": "ns",
    "us": "us",
    "u": "us",
    "µ": "us",
    "ms": "ms",
    "s": "s",
}

BuildingPath = Annotated[str, Path(description="Name of the building", examples=["hq"])]
RoomPath = Annotated[str, Path(description="Name of the room", examples=["101"])]


class WriteDoors:
    """The routes; one instance per app."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake

    def install(self, app: FastAPI) -> None:
        """Add the routes and their aliases."""
        app.add_api_route("/v1/readings", self.readings, methods=["POST"], **examples.READINGS)
        app.add_api_route("/api/v2/write", self.lines, methods=["POST"], **examples.LINES)
        app.add_api_route("/write", self.lines, methods=["POST"], include_in_schema=False)
        room = "/buildings/{building}/rooms/{room}/temperature"
        app.add_api_route(f"/v1{room}", self.temperature, methods=["POST"], **examples.TEMPERATURE)
        app.add_api_route(room, self.temperature, methods=["POST"], include_in_schema=False)
        app.add_api_route("/v1/battery-readings", self.batteries, methods=["POST"], **examples.BATTERY)
        app.add_api_route("/battery-readings", self.batteries, methods=["POST"], include_in_schema=False)

    async def readings(self, request: Request) -> Response:
        """Rows as JSON, NDJSON, CSV, an Arrow stream or a SenML pack, by Content-Type. 200 if any row was good, else 400."""
        kind = media_type(request)
        decode = _DECODERS.get(kind)
        if decode is None:
            raise InvalidInput(
                f"Content-Type {kind or '(none)'} is not accepted here",
                code="unsupported_media_type",
                hint=f"send one of {', '.join(_DECODERS)}",
            )
        outcome = await self._intake.readings(request, decode, "http")
        return _answer(outcome, 200) if outcome.rows else _nothing_good(request, outcome, 400)

    async def lines(
        self,
        request: Request,
        precision: Annotated[str, Query(description="Unit of the timestamps: ns, us, ms or s")] = "ns",
    ) -> Response:
        """InfluxDB line protocol. `org`, `bucket` and `db` are ignored: the key decides the tenant.

        Good lines are stored whatever the others are. If any line was refused the status is 400: it makes Telegraf log
        the reasons and not send the batch again, where 5xx would make it repeat the good lines for ever.
        """
        unit = _PRECISIONS.get(precision)
        if unit is None:
            raise InvalidInput(
                f"precision {precision!r} is not known", code="invalid_precision", hint="ns, us, ms or s"
            )
        outcome = await self._intake.readings(
            request, lambda body, now: decode_lines(body, precision=unit, now=now), "line"
        )
        if not outcome.refused:
            return Response(status_code=204)
        reasons = "; ".join(f"line {r.row + 1}: {r.detail}" for r in outcome.rejected[:3])
        more = f" and {outcome.refused - 3} more" if outcome.refused > 3 else ""
        message = f"partial write: {outcome.rows} lines stored, dropped={outcome.refused}: {reasons}{more}"
        return problem(request.scope, 400, "partial_write", message, extra=outcome.verdicts())

    async def temperature(self, request: Request, building: BuildingPath, room: RoomPath) -> Response:
        """Temperatures of one room, kelvin unless said otherwise. 201, or 422 if none is possible (below 0 K)."""
        for kind, name in (("building", building), ("room", room)):
            if "*" in name:
                raise InvalidInput(f"{kind} {name!r} holds a *, which means any in queries", code="invalid_name")
        shape_of(request)
        decode = timeless(partial(decode_temperature, building=building, room=room))
        outcome = await self._intake.readings(request, decode, "s2")
        if not outcome.rows:
            return _nothing_good(request, outcome, 422)
        return _answer(outcome, 201, building=building, room=room)

    async def batteries(self, request: Request) -> Response:
        """Battery readings, one object per battery and instant. 201 with the ids under which they can be read."""
        decode = timeless(partial(decode_battery_rows, shape=shape_of(request)))
        outcome = await self._intake.readings(request, decode, "battery")
        if not outcome.rows:
            return _nothing_good(request, outcome, 400)
        ids = _battery_ids(outcome)
        named: dict[str, Any] = {"ids": ids} if outcome.draft.rows > 1 else {"id": ids[0], "ids": ids}
        answer = _answer(outcome, 201, **named)
        if outcome.draft.rows == 1:
            answer.headers["location"] = f"/v1/battery-readings/{quote(ids[0], safe='@')}"
        return answer


def _answer(outcome: Outcome, status: int, **members: Any) -> Response:
    return Response(msgspec.json.encode(members | outcome.verdicts()), status, media_type="application/json")


def _nothing_good(request: Request, outcome: Outcome, status: int) -> Response:
    """No row could be accepted; they are counted in the ledger all the same."""
    verdicts = outcome.verdicts()
    first = outcome.rejected[0]
    detail = (
        first.detail if outcome.refused == 1 else f"none of {outcome.refused} rows; row {first.row}: {first.detail}"
    )
    code = first.code if outcome.refused == 1 else "no_row_accepted"
    return problem(request.scope, status, code, detail, extra={"errors": verdicts["rejected"], **verdicts})


def _battery_ids(outcome: Outcome) -> list[str]:
    """`battery@ts` of the accepted rows, at most MAX_ROWS of them."""
    draft = outcome.draft
    refused = {r.row for r in outcome.rejected}
    rows, first = np.unique(draft.row, return_index=True)
    good = [i for row, i in zip(rows.tolist(), first.tolist(), strict=True) if row not in refused][:MAX_ROWS]
    return [f"{draft.keys[int(draft.key[i])].sensor}@{int(draft.ts[i])}" for i in good]
