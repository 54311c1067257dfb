"""Prometheus's HTTP API over Penstock's readings, for stock Grafana and every other client of it: queries and remote write.

A request's expression goes through these modules in turn: `parse` (text → `expressions`), `plan` (what each selector reads),
`fetch` (through the Reader, as `samples`), `evaluate` (with `over_time`, `functions`, `aggregate`, `binary` on a `matrix` of
series × steps), `answers` (JSON). `docs/prometheus.md` says what is understood.
"""

from penstock.api.prometheus.doors import PrometheusDoors
from penstock.api.prometheus.write import RemoteWriteDoor

__all__ = ["PrometheusDoors", "RemoteWriteDoor"]
