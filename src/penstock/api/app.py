"""The application: doors, access, problems and documentation, put together from one `Services`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import cache
from typing import Any, Final

import structlog
from fastapi import FastAPI, Request
from fastapi.openapi.utils import get_openapi
from fastapi_offline import FastAPIOffline
from starlette.responses import JSONResponse, Response

import penstock
from penstock.accounts.keys import KeyRing
from penstock.api import problems
from penstock.api.aside import Aside
from penstock.api.asyncapi import asyncapi_document
from penstock.api.auth import PUBLIC_PATHS, Authentication
from penstock.api.catalog import CatalogDoors
from penstock.api.events import EventDoor
from penstock.api.explain import ExplainDoor
from penstock.api.exports import ExportDoors, Jobs
from penstock.api.fleet import FleetDoors
from penstock.api.graphql.door import GraphQLDoor
from penstock.api.health import HealthDoors
from penstock.api.intake import Intake
from penstock.api.letters import LetterDoors
from penstock.api.live import LiveDoor, LiveHub
from penstock.api.observe import Observation
from penstock.api.operations import PROBLEM_SCHEMA
from penstock.api.pages import DOCS_POLICY, Pages
from penstock.api.prometheus import PrometheusDoors, RemoteWriteDoor
from penstock.api.query import QueryDoor
from penstock.api.query_examples import QUERY_SCHEMAS
from penstock.api.query_text import QueryTextDoor
from penstock.api.read import ReadDoors
from penstock.api.services import Services
from penstock.api.stream import StreamDoor
from penstock.api.system import SystemDoors
from penstock.api.system.pipeline import PipelineView
from penstock.api.web import AppDoor, KeyDoors, SessionDoors
from penstock.api.web.bundle import Bundle
from penstock.api.write import WriteDoors
from penstock.model.errors import Misconfigured
from penstock.query.measured import MeasuredReader

__all__ = ["create_app"]

_log: Final = structlog.get_logger(__name__)
_FLUSH_SECONDS: Final = 300.0
_DESCRIPTION: Final = (
    "Telemetry for buildings, batteries, energy sites and security events. Every write answers per row, once it is "
    "durable; every answer says how fresh it is. The tenant comes from the credential."
)


def create_app(services: Services, intake: Intake | None = None) -> FastAPI:
    """The ASGI application of one process. `app.state.live` is its LiveHub: close it to end the live streams.

    `intake` is given where other doors of the process share its bounds.
    """
    app = FastAPIOffline(
        title="Penstock",
        version=penstock.__version__,
        description=_DESCRIPTION,
        redirect_slashes=False,
        lifespan=_lifespan,
    )
    measured = MeasuredReader(services.reader)
    services = replace(services, reader=measured)
    app.state.services = services
    app.state.live = hub = LiveHub(services)
    app.state.jobs = jobs = Jobs(services.reader, services.clock, services.config.jobs)
    app.state.aside = aside = Aside("graphql")
    intake, bundle = intake or Intake(services), Bundle(services.config.app)
    if services.config.writes:
        WriteDoors(intake).install(app)
        EventDoor(services, intake).install(app)
        RemoteWriteDoor(intake).install(app)
    if services.config.reads:
        ReadDoors(services).install(app)
        FleetDoors(services).install(app)
        QueryDoor(services, intake.bodies).install(app)
        SystemDoors(services, PipelineView(services, intake, hub, measured)).install(app)
        if services.catalog is not None:
            CatalogDoors(services, services.catalog, intake).install(app)
        ExplainDoor(services).install(app)
        LetterDoors(services, intake).install(app)
        StreamDoor(services, hub).install(app)
        LiveDoor(services, hub).install(app)
        PrometheusDoors(services, intake).install(app)
        ExportDoors(services, intake, jobs).install(app)
        QueryTextDoor(services).install(app)
        GraphQLDoor(services, intake.bodies, hub, aside).install(app)
        KeyDoors(services, intake.bodies).install(app)
        AppDoor(bundle).install(app)
    SessionDoors(services, intake.bodies, bundle).install(app)
    HealthDoors(services, intake.bodies).install(app)
    Pages(services, bundle).install(app)
    _install_openapi(app)
    _install_asyncapi(app)
    problems.install(app, sorted({path for route in app.routes if (path := getattr(route, "path", ""))}))
    # The last one added is the outermost: measure, then let in.
    public = PUBLIC_PATHS | ({"/metrics"} if services.config.public_metrics else frozenset[str]())
    app.add_middleware(Authentication, keys=services.keys, routes=app.router.routes, public=public)
    app.add_middleware(Observation, policies=dict.fromkeys(("/docs", "/redoc"), DOCS_POLICY))
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncGenerator[None]:
    services: Services = app.state.services
    flusher = asyncio.create_task(_flush_now_and_then(services.keys), name="keys:flush")
    try:
        yield
    finally:
        app.state.live.close()
        await app.state.jobs.close()
        await app.state.aside.close()
        flusher.cancel()
        await asyncio.gather(flusher, return_exceptions=True)
        await _flush(services.keys)


async def _flush_now_and_then(keys: KeyRing) -> None:
    while True:
        await asyncio.sleep(_FLUSH_SECONDS)
        await _flush(keys)


async def _flush(keys: KeyRing) -> None:
    """Knowing when a key was last used is a comfort: a read-only key file must not stop the API."""
    try:
        await asyncio.to_thread(keys.flush)
    except Misconfigured as error:
        _log.warning("last use of keys not written", reason=error.detail)


def _install_openapi(app: FastAPI) -> None:
    """The document with its security scheme and the problem schema, also under /v1/openapi.json."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
            components = document.setdefault("components", {})
            components.setdefault("schemas", {}).update({"Problem": PROBLEM_SCHEMA} | QUERY_SCHEMAS)
            components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer", "description": "An API key"}}
            document["security"] = [{"key": []}]
            for path in PUBLIC_PATHS & document["paths"].keys():
                for operation in document["paths"][path].values():
                    operation["security"] = []
            app.openapi_schema = document
        return app.openapi_schema

    async def serve(_: Request) -> Response:
        return JSONResponse(app.openapi())

    app.openapi = openapi
    app.add_api_route("/v1/openapi.json", serve, include_in_schema=False)


def _install_asyncapi(app: FastAPI) -> None:
    """The document of what goes over NATS, the live WebSocket and server-sent events."""
    document = cache(asyncapi_document)  # made when it is first asked for: the start should not wait for it

    async def serve(_: Request) -> Response:
        return JSONResponse(document())

    app.add_api_route("/v1/asyncapi.json", serve, include_in_schema=False)
