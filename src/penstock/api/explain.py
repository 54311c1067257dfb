"""The door that explains one reading: its versions and why one won, or why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from fastapi import FastAPI, Query, Request
from starlette.responses import Response

from penstock.api import fate_examples
from penstock.api.auth import identity_of
from penstock.api.params import ExplainParams, moment
from penstock.api.render import JSON, TIME_COLUMNS, freshness, rows_of
from penstock.api.services import Services
from penstock.model.time import format_stamp, format_time
from penstock.query.port import Explain

__all__ = ["ExplainDoor"]


class ExplainDoor:
    """The route; one instance per app."""

    def __init__(self, services: Services) -> None:
        self._reader = services.reader

    def install(self, app: FastAPI) -> None:
        app.add_api_route("/v1/explain", self.explain, **fate_examples.EXPLAIN)

    async def explain(self, request: Request, params: Annotated[ExplainParams, Query()]) -> Response:
        """Everything known about one reading.

        If it is stored: value, version, why it won, every other version that arrived, the conversion, the receipt and
        frame that brought it, the latencies. If it is not: the reasons, the most specific first, and its neighbours.
        """
        question = Explain(
            tenant=identity_of(request).tenant,
            sensor=params.sensor_id,
            metric=params.metric,
            ts=moment(params.ts, "ts") or 0,
            site=params.site_id,
        )
        answer = await self._reader.ask(question)
        versions = rows_of(answer.table)
        document = {name: _told(name, value) for name, value in answer.meta.items()}
        for row in (document, *versions):
            if (stamp := row.get("stamp")) is not None:
                row["stamp"] = format_stamp(stamp)
        return Response(msgspec.json.encode(document | {"versions": versions} | freshness(answer)), media_type=JSON)


def _told(name: str, value: Any) -> Any:
    """A member of the answer with its times as RFC 3339, however deep they are."""
    if isinstance(value, Mapping):
        return {inner: _told(inner, said) for inner, said in value.items()}
    if isinstance(value, list):
        return [_told("", item) for item in value]
    return format_time(value) if name in TIME_COLUMNS and isinstance(value, int) else value
