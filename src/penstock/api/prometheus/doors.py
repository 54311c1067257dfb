"""The routes under /prometheus/api/v1: queries, what there is to query, and what a stock Grafana asks besides."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Final

import numpy as np
from fastapi import FastAPI, Request
from starlette.responses import Response

import penstock
from penstock.api.auth import identity_of
from penstock.api.intake import Intake
from penstock.api.prometheus import examples
from penstock.api.prometheus.answers import answer, instant, limited, ranged, sampled
from penstock.api.prometheus.evaluate import Evaluation, Value
from penstock.api.prometheus.expressions import Expression, Selector
from penstock.api.prometheus.fetch import Fetched, Fetcher
from penstock.api.prometheus.matrix import Ints
from penstock.api.prometheus.params import LOOKBACK, Form, read_form
from penstock.api.prometheus.parse import bad_data, parse, parse_selector
from penstock.api.prometheus.plan import Whole, needs, shifted
from penstock.api.prometheus.series import Catalogue, Known, metric_name
from penstock.api.services import Services
from penstock.model.errors import Unavailable
from penstock.query.held import OneRevision

__all__ = ["PREFIX", "PrometheusDoors"]

PREFIX: Final = "/prometheus/api/v1"
COMPATIBLE: Final = "3.0.0"
"""The version of Prometheus whose semantics these are; Grafana asks for it to know what it may use."""
_CONCURRENT: Final = 2
_DEADLINE: Final = 60.0
_EVER: Final = 1 << 52
_MOST_SELECTORS: Final = 64
_COUNTED: Final = frozenset({"Wh", "m3"})
"""Units of which series are counters by nature."""


class PrometheusDoors:
    """The routes; one instance per app. At most two queries are evaluated at once, so that memory stays bounded."""

    def __init__(self, services: Services, intake: Intake) -> None:
        self._reader = services.reader
        self._now = services.now
        self._bodies = intake.bodies
        self._slots = asyncio.Semaphore(_CONCURRENT)

    def install(self, app: FastAPI) -> None:
        """Add the routes; those that Prometheus also takes as a form are there with POST."""
        add = app.add_api_route
        for path, call, get, post in (
            ("/query", self.query, examples.QUERY, examples.QUERY_FORM),
            ("/query_range", self.query_range, examples.QUERY_RANGE, examples.QUERY_RANGE_FORM),
            ("/labels", self.labels, examples.LABELS, examples.LABELS_FORM),
            ("/series", self.series, examples.SERIES, examples.SERIES_FORM),
            ("/query_exemplars", self.exemplars, examples.EXEMPLARS, examples.EXEMPLARS_FORM),
        ):
            add(f"{PREFIX}{path}", call, **get)
            add(f"{PREFIX}{path}", call, methods=["POST"], **post)
        add(f"{PREFIX}/label/{{name}}/values", self.label_values, **examples.LABEL_VALUES)
        add(f"{PREFIX}/metadata", self.metadata, **examples.METADATA)
        add(f"{PREFIX}/rules", self.rules, **examples.RULES)
        add(f"{PREFIX}/alerts", self.alerts, **examples.ALERTS)
        add(f"{PREFIX}/status/buildinfo", self.buildinfo, **examples.BUILDINFO)

    async def query(self, request: Request) -> Response:
        """An expression at one instant: `query`, `time` (now without it), `lookback_delta`, `limit`, `timeout`."""
        form = await read_form(request, self._bodies)
        expression = parse(form.needed("query"))
        at = form.instant("time", self._now(identity_of(request).tenant))
        times = np.array([at], np.int64)
        whole = Whole(at, at, form.duration("lookback_delta", LOOKBACK))
        most, seconds = form.limit(), form.timeout(_DEADLINE)
        async with self._bounded(seconds):
            async with self._fetcher(request) as fetcher:
                read = await fetcher.fetch(list(needs(expression, times, whole)))
            if isinstance(expression, Selector) and expression.range:
                end = int(shifted(expression, times, whole)[0])
                data = sampled(read[expression].samples, end - expression.range, end)
            else:
                value = await asyncio.to_thread(_evaluated, read, expression, times, whole)
                data = instant(value, at)
        data, left_out = limited(data, most)
        return answer(data, [*fetcher.warnings, *left_out])

    async def query_range(self, request: Request) -> Response:
        """An expression at steps: `query`, `start`, `end`, `step`, `lookback_delta`, `limit`, `timeout`; at most 11,000 steps."""
        form = await read_form(request, self._bodies)
        expression = parse(form.needed("query"))
        times = form.steps()
        whole = Whole(int(times[0]), int(times[-1]), form.duration("lookback_delta", LOOKBACK))
        most, seconds = form.limit(), form.timeout(_DEADLINE)
        async with self._bounded(seconds):
            async with self._fetcher(request) as fetcher:
                read = await fetcher.fetch(list(needs(expression, times, whole)))
            data = await asyncio.to_thread(_ranged, read, expression, times, whole)
        data, left_out = limited(data, most)
        return answer(data, [*fetcher.warnings, *left_out])

    async def labels(self, request: Request) -> Response:
        """Names of labels, of all series or of those that `match[]` selects."""
        form = await read_form(request, self._bodies)
        most = form.limit()
        names = {name for known in await self._selected(request, form) for name, _ in known.labels}
        return answer(sorted(names)[:most])

    async def label_values(self, request: Request, name: str) -> Response:
        """Values of one label, of all series or of those that `match[]` selects."""
        form = await read_form(request, self._bodies)
        most = form.limit()
        values = {value for known in await self._selected(request, form) for n, value in known.labels if n == name}
        return answer(sorted(values)[:most])

    async def series(self, request: Request) -> Response:
        """Labels of the series that `match[]` selects; at least one is needed."""
        form = await read_form(request, self._bodies)
        if not form.all("match[]"):
            raise bad_data("no match[] parameter provided", 'send a selector such as match[]=power_w{site="hq"}')
        most = form.limit()
        found = sorted({known.labels for known in await self._selected(request, form)})
        return answer([dict(labels) for labels in found[:most]])

    async def metadata(self, request: Request) -> Response:
        """Type and unit of each metric, or of `metric`."""
        form = await read_form(request, self._bodies)
        wanted, most = form.text("metric"), form.limit()
        units: dict[str, set[str]] = {}
        for known in await self._selected(request, form):
            units.setdefault(metric_name(known.metric), set()).add(known.unit)
        named = sorted(name for name in units if not wanted or name == wanted)[:most]
        return answer({name: [_described(unit) for unit in sorted(units[name])] for name in named})

    async def exemplars(self) -> Response:
        """Nothing: readings carry no traces."""
        return answer([])

    async def rules(self) -> Response:
        """Nothing: rules are evaluated by Grafana or by Prometheus."""
        return answer({"groups": []})

    async def alerts(self) -> Response:
        """Nothing: as `rules`."""
        return answer({"alerts": []})

    async def buildinfo(self) -> Response:
        """The version of Prometheus whose queries are understood, and Penstock's own as revision."""
        return answer(
            {
                "version": COMPATIBLE,
                "revision": f"penstock-{penstock.__version__}",
                "branch": "",
                "buildUser": "",
                "buildDate": "",
                "goVersion": "",
            }
        )

    @asynccontextmanager
    async def _fetcher(self, request: Request) -> AsyncGenerator[Fetcher]:
        """Reads everything that one expression needs at one revision."""
        tenant = identity_of(request).tenant
        async with OneRevision(self._reader, tenant) as steady:
            yield Fetcher(self._reader, steady, tenant)

    async def _selected(self, request: Request, form: Form) -> list[Known]:
        """The series of any `match[]` (of none: all) that may have readings from `start` to `end`."""
        start, end = form.instant("start", -_EVER), form.instant("end", _EVER)
        catalogue = Catalogue(self._reader, identity_of(request).tenant)
        texts = form.all("match[]")
        if len(texts) > _MOST_SELECTORS:
            raise bad_data(f"{len(texts)} match[] were sent, at most {_MOST_SELECTORS} are taken", "join them with =~")
        asked = [parse_selector(text) for text in texts] or [()]
        found = [known for matchers in asked for known in (await catalogue.find(matchers)).series]
        return [known for known in dict.fromkeys(found) if known.overlaps(start, end)]

    @asynccontextmanager
    async def _bounded(self, seconds: float) -> AsyncGenerator[None]:
        """A turn to evaluate: waits for one, and ends what takes too long."""
        late = Unavailable(
            f"the query was not answered within {seconds:g} s",
            code="timeout",
            hint=f"ask for a shorter range, or allow up to {_DEADLINE:g} s in `timeout`",
        )
        if not seconds > 0:
            raise late
        try:
            async with asyncio.timeout(seconds), self._slots:
                yield
        except TimeoutError:
            raise late from None


def _evaluated(read: dict[Selector, Fetched], expression: Expression, times: Ints, whole: Whole) -> Value:
    # Division by zero, NaN and overflow have the meaning in PromQL that they have in IEEE 754.
    with np.errstate(all="ignore"):
        return Evaluation(read, whole).value(expression, times)


def _ranged(read: dict[Selector, Fetched], expression: Expression, times: Ints, whole: Whole) -> dict[str, Any]:
    value = _evaluated(read, expression, times, whole)
    if isinstance(value, str):
        raise bad_data("invalid expression type string for range query, must be scalar or instant vector")
    return ranged(value, times)


def _described(unit: str) -> dict[str, str]:
    kind = "counter" if unit in _COUNTED else "gauge"
    return {"type": kind, "help": f"Readings in {unit}" if unit else "Readings", "unit": unit}
