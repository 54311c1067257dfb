"""Doors out for the platform itself: receipts, ledger, status."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import FastAPI, Path, Request
from starlette.responses import Response

import penstock
from penstock.api import examples, fate_examples
from penstock.api.auth import identity_of
from penstock.api.render import JSON, freshness, one, render
from penstock.api.services import Services
from penstock.api.system.examples import PIPELINE
from penstock.api.system.pipeline import PipelineView
from penstock.model.errors import NotFound
from penstock.query.port import LedgerQuestion, ReceiptQuestion, Status

__all__ = ["SystemDoors"]


class SystemDoors:
    """The routes; one instance per app."""

    def __init__(self, services: Services, view: PipelineView) -> None:
        self._reader = services.reader
        self._room = services.room
        self._view = view

    def install(self, app: FastAPI) -> None:
        app.add_api_route("/v1/receipts/{receipt}", self.receipt, **fate_examples.RECEIPT)
        app.add_api_route("/v1/system/ledger", self.ledger, **fate_examples.LEDGER)
        app.add_api_route("/v1/system/status", self.status, **examples.STATUS)
        app.add_api_route("/v1/system/pipeline", self.pipeline, **PIPELINE)

    async def receipt(self, request: Request, receipt: Annotated[str, Path(max_length=256)]) -> Response:
        """What became of one request: how many of its rows were stored, duplicate, superseded, rejected, and why."""
        answer = await self._reader.ask(ReceiptQuestion(tenant=identity_of(request).tenant, receipt=receipt))
        if not answer.table.num_rows:
            raise NotFound(
                f"nothing of receipt {receipt!r} is committed yet, or it never existed, or it is no longer kept",
                code="receipt_unknown",
                hint="right after a write, ask again in a moment",
            )
        return one(answer, **answer.meta)

    async def ledger(self, request: Request) -> Response:
        """Per source: received, and every fate; `difference` is 0 when nothing is in flight."""
        return await render(request, await self._reader.ask(LedgerQuestion(tenant=identity_of(request).tenant)))

    async def status(self, request: Request) -> Response:
        """The store's state, the lanes' pending work, and room on the disk below the broker."""
        answer = await self._reader.ask(Status(tenant=identity_of(request).tenant))
        document = {"version": penstock.__version__, **answer.meta, "disk": self._room.describe(), **freshness(answer)}
        return Response(msgspec.json.encode(document), media_type=JSON)

    async def pipeline(self, request: Request) -> Response:
        """Every stage from the doors in to the answers: rates, lags, queues and their bounds, counters; what is wrong; the disk's days left.

        Numbers are of all tenants together, so it needs the scope admin. What is known only to other processes (doors in of another
        machine) is left out; what does not answer is null, and `reasons` says why. Cheap enough to be asked once a second.
        """
        return Response(msgspec.json.encode(await self._view.describe(identity_of(request).tenant)), media_type=JSON)
