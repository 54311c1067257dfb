"""The door for queries as text: `GET /v1/query?q=avg(temperature) by room every 15m last 24h`."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Annotated, Any, Final

from fastapi import FastAPI, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from penstock.api.auth import identity_of
from penstock.api.operations import operation, rows
from penstock.api.services import Services
from penstock.api.tagged import tagged
from penstock.model.errors import NotFound
from penstock.query.language import parse_query
from penstock.query.port import Answer, Reader, Select, Series
from penstock.query.port import Query as Asked

__all__ = ["QueryTextDoor"]

_MOST_SERIES: Final = 10_000
"""Series whose metrics are looked through for the one that was meant."""

_TEXT: Final = operation(
    "queryText",
    "Query by text",
    "Read",
    rows(
        {
            "name": "mean_temperature",
            "ts": "2026-01-31T12:00:00Z",
            "metric": "temperature",
            "unit": "K",
            "room": "101",
            "value": 294.6,
            "count": 15,
            "coverage": 1.0,
            "percent_good": 100.0,
        }
    ),
)


class TextParams(BaseModel):
    """The query."""

    model_config = ConfigDict(extra="forbid")

    q: Annotated[
        str,
        Field(min_length=1, max_length=10_000, examples=["avg(temperature) by room every 15m last 24h"]),
    ]


class QueryTextDoor:
    """The route; one instance per app."""

    def __init__(self, services: Services) -> None:
        self._reader = services.reader
        self._now = services.now

    def install(self, app: FastAPI) -> None:
        """Add the route."""
        app.add_api_route("/v1/query", self.query, **_TEXT)

    async def query(self, request: Request, params: Annotated[TextParams, Query()]) -> Response:
        """The answer of a query in the language of docs/query-language.md. A metric that is not there is not found.

        The `ETag` is that of `POST /v1/query`: with `If-None-Match` an unchanged answer is a 304.
        """
        tenant = identity_of(request).tenant
        asked = parse_query(params.q, tenant=tenant, now=self._now(tenant))
        return await tagged(request, await _answer(self._reader, asked))


async def _answer(reader: Reader, asked: Asked) -> Answer:
    """The answer; where there is none because a metric is mistyped, NotFound names the one that was probably meant."""
    refusal: NotFound | None = None
    try:
        answer = await reader.ask(asked)
        if answer.table.num_rows:
            return answer
    except NotFound as error:
        answer, refusal = None, error
    await _check_metrics(reader, asked.tenant, (fetch.where.metric for fetch in asked.fetch.values()))
    if answer is None:
        raise refusal or NotFound("nothing was found")
    return answer


async def _check_metrics(reader: Reader, tenant: str, metrics: Iterable[str | None]) -> None:
    """Raises NotFound for the first exact metric of which there is no series."""
    named = {metric for metric in metrics if metric is not None and "*" not in metric}
    if not named:
        return
    listing = await reader.ask(Series(tenant=tenant, where=Select(), limit=_MOST_SERIES))
    known: list[Any] = listing.table.column("metric").unique().to_pylist() if listing.table.num_rows else []
    for metric in sorted(named - set(known)):
        one = await reader.ask(Series(tenant=tenant, where=Select(metric=metric), limit=1))
        if not one.table.num_rows:
            close = get_close_matches(metric, known, n=1)
            hint = f"did you mean {close[0]}?" if close else "GET /v1/series lists what there is"
            raise NotFound(f"there is no metric {metric!r}", code="unknown_metric", hint=hint)
