"""What the OpenAPI document says about Prometheus's routes: ids, parameters, bodies and answers by example."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from penstock.api.operations import Operation, operation

__all__ = [
    "ALERTS",
    "BUILDINFO",
    "EXEMPLARS",
    "EXEMPLARS_FORM",
    "LABELS",
    "LABELS_FORM",
    "LABEL_VALUES",
    "METADATA",
    "QUERY",
    "QUERY_FORM",
    "QUERY_RANGE",
    "QUERY_RANGE_FORM",
    "RULES",
    "SERIES",
    "SERIES_FORM",
    "WRITE",
]

_TAG: Final = "prometheus"
_FORM: Final = "application/x-www-form-urlencoded"
_METRIC: Final = {"__name__": "power_w", "sensor": "meter-1", "site": "plant", "unit": "W"}
_ERROR: Final[dict[str, Any]] = {
    "description": "The request was refused or failed",
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["status", "errorType", "error"],
                "properties": {
                    "status": {"const": "error"},
                    "errorType": {"type": "string"},
                    "error": {"type": "string"},
                },
            }
        },
        "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}},
    },
}

_TIME: Final = "Epoch seconds, with decimals, or RFC 3339"
_WORDS: Final[dict[str, tuple[str, Any]]] = {
    "query": ("PromQL", 'power_w{site="plant"}'),
    "time": (f"{_TIME}; now without it", "1769860800"),
    "start": (_TIME, "1769857200"),
    "end": (_TIME, "1769860800"),
    "step": ("Seconds, or a duration such as 15s", "60"),
    "lookback_delta": ("How far back an instant looks for a reading; 5m without it", "5m"),
    "match[]": ("Series selectors; what any of them selects counts", ['power_w{site="plant"}']),
    "metric": ("Only this metric", "power_w"),
    "limit": ("Entries at most; all without it, and for 0", "100"),
    "timeout": ("Seconds, or a duration such as 30s, for the query; 60s without it, and at most", "30s"),
}


def _schema(name: str) -> dict[str, Any]:
    # One of them is no list in a form.
    return {"type": ["array", "string"], "items": {"type": "string"}} if name == "match[]" else {"type": "string"}


def _described(operation_id: str, summary: str, data: Any, *names: str, needed: tuple[str, ...] = ()) -> Operation:
    """A route with its parameters in the query string."""
    described = operation(operation_id, summary, _TAG, {"application/json": {"status": "success", "data": data}})
    described["responses"]["default"] = _ERROR
    described["openapi_extra"] = {
        "parameters": [
            {
                "name": name,
                "in": "query",
                "required": name in needed,
                "description": _WORDS[name][0],
                "schema": _schema(name),
                "example": _WORDS[name][1],
            }
            for name in names
        ]
    }
    return described


def _form(get: Operation, operation_id: str) -> Operation:
    """The same route with its parameters as a form in the body."""
    parameters: list[dict[str, Any]] = get["openapi_extra"]["parameters"]
    properties = {p["name"]: p["schema"] | {"description": p["description"]} for p in parameters}
    example = urlencode({p["name"]: p["example"] for p in parameters}, doseq=True)
    schema = {"type": "object", "properties": properties, "required": [p["name"] for p in parameters if p["required"]]}
    body = {"required": False, "content": {_FORM: {"schema": schema, "examples": {"form": {"value": example}}}}}
    return {**get, "operation_id": operation_id, "openapi_extra": {"requestBody": body}}


QUERY: Final = _described(
    "prometheusQuery",
    "A PromQL expression at one instant",
    {"resultType": "vector", "result": [{"metric": _METRIC, "value": [1769860800, "1204.5"]}]},
    "query",
    "time",
    "lookback_delta",
    "limit",
    "timeout",
    needed=("query",),
)
QUERY_FORM: Final = _form(QUERY, "prometheusQueryForm")
QUERY_RANGE: Final = _described(
    "prometheusQueryRange",
    "A PromQL expression over a range of time",
    {"resultType": "matrix", "result": [{"metric": _METRIC, "values": [[1769860740, "1201"], [1769860800, "1204.5"]]}]},
    "query",
    "start",
    "end",
    "step",
    "lookback_delta",
    "limit",
    "timeout",
    needed=("query", "start", "end", "step"),
)
QUERY_RANGE_FORM: Final = _form(QUERY_RANGE, "prometheusQueryRangeForm")
LABELS: Final = _described(
    "prometheusLabels", "Names of labels", ["__name__", "sensor", "site", "unit"], "match[]", "start", "end", "limit"
)
LABELS_FORM: Final = _form(LABELS, "prometheusLabelsForm")
LABEL_VALUES: Final = _described(
    "prometheusLabelValues", "Values of a label", ["plant"], "match[]", "start", "end", "limit"
)
SERIES: Final = _described(
    "prometheusSeries", "Series by their labels", [_METRIC], "match[]", "start", "end", "limit", needed=("match[]",)
)
SERIES_FORM: Final = _form(SERIES, "prometheusSeriesForm")
METADATA: Final = _described(
    "prometheusMetadata",
    "Type and unit of metrics",
    {"power_w": [{"type": "gauge", "help": "Readings in W", "unit": "W"}]},
    "metric",
    "limit",
)
EXEMPLARS: Final = _described("prometheusExemplars", "Exemplars: there are none", [], "query", "start", "end")
EXEMPLARS_FORM: Final = _form(EXEMPLARS, "prometheusExemplarsForm")
RULES: Final = _described("prometheusRules", "Rules: there are none", {"groups": []})
ALERTS: Final = _described("prometheusAlerts", "Alerts: there are none", {"alerts": []})
BUILDINFO: Final = _described(
    "prometheusBuildInfo",
    "The version of Prometheus that is understood",
    {"version": "3.0.0", "revision": "penstock-0.1.0", "branch": "", "buildUser": "", "buildDate": "", "goVersion": ""},
)
WRITE: Final = operation(
    "prometheusRemoteWrite",
    "Remote write: samples of a Prometheus or an agent",
    _TAG,
    {},
    bodies={"application/x-protobuf": {"snappy": "(WriteRequest, as Prometheus's remote write 1.0 sends it)"}},
    status=204,
    refusal={"application/json": {"status": "error", "errorType": "bad_data", "error": "not a WriteRequest"}},
)
