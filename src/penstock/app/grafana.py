"""What a Grafana needs to show Penstock: a data source, a provider of dashboards, and four dashboards, as provisioning files.

`deploy/grafana` holds these files for a platform on this machine; `penstock grafana provision` writes them for any other.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

__all__ = ["DASHBOARDS", "DEFAULT_URL", "KEY_VARIABLE", "Dashboard", "Panel", "provision", "provisioning"]

DEFAULT_URL: Final = "http://localhost:8080"
KEY_VARIABLE: Final = "PENSTOCK_KEY"
"""Environment variable of Grafana that holds the API key: the files hold none."""
_SOURCE: Final = {"type": "prometheus", "uid": "penstock"}
_SCHEMA: Final = 39


class Panel(NamedTuple):
    """One graph (or number): PromQL, the legend, and Grafana's id of the unit."""

    title: str
    expression: str
    legend: str
    unit: str
    kind: str = "timeseries"


class Dashboard(NamedTuple):
    """A page of panels, two abreast. `variable`: the metric whose sites the picker offers."""

    uid: str
    title: str
    variable: str
    panels: Sequence[Panel]


DASHBOARDS: Final = (
    Dashboard(
        "penstock-energy",
        "Fleet and site energy",
        "power_w",
        (
            Panel("Power by site", 'sum by (site) (power_w{site=~"$site"})', "{{site}}", "watt"),
            Panel("Power now", 'sum(power_w{site=~"$site"})', "all", "watt", "stat"),
            Panel("Energy per hour", 'sum by (site) (increase(energy_wh{site=~"$site"}[1h]))', "{{site}}", "watth"),
            Panel("Largest consumers", 'topk(10, power_w{site=~"$site"})', "{{site}} {{sensor}}", "watt"),
            Panel(
                "Peak of the last day",
                'max by (site) (max_over_time(power_w{site=~"$site"}[1d]))',
                "{{site}}",
                "watt",
                "stat",
            ),
            Panel("Voltage", 'avg by (site) (voltage_v{site=~"$site"})', "{{site}}", "volt"),
        ),
    ),
    Dashboard(
        "penstock-rooms",
        "Rooms: comfort",
        "co2",
        (
            Panel(
                "Temperature by building",
                'avg by (building) (temperature{site=~"$site", room!=""}) - 273.15',
                "{{building}}",
                "celsius",
            ),
            Panel("Warmest rooms", 'topk(10, temperature{site=~"$site", room!=""} - 273.15)', "{{room}}", "celsius"),
            Panel("CO2 by building", 'max by (building) (co2{site=~"$site"})', "{{building}}", "ppm"),
            Panel("Rooms above 1,000 ppm", 'count(co2{site=~"$site"} > 1000) or vector(0)', "rooms", "none", "stat"),
            Panel("Humidity", 'avg by (building) (humidity{site=~"$site"})', "{{building}}", "humidity"),
            Panel(
                "Temperature, mean of 15 minutes",
                'avg by (building) (avg_over_time(temperature{site=~"$site", room!=""}[15m])) - 273.15',
                "{{building}}",
                "celsius",
            ),
        ),
    ),
    Dashboard(
        "penstock-batteries",
        "Batteries",
        "soc",
        (
            Panel("State of charge by site", 'avg by (site) (soc{site=~"$site"})', "{{site}}", "percentunit"),
            Panel("Emptiest", 'bottomk(10, soc{site=~"$site"})', "{{sensor}}", "percentunit"),
            Panel("Below 20 %", 'count(soc{site=~"$site"} < 0.2) or vector(0)', "batteries", "none", "stat"),
            Panel("State of health", 'quantile(0.1, soh{site=~"$site"})', "worst tenth", "percentunit", "stat"),
            Panel(
                "Power in and out",
                'sum by (site) (voltage_v{site=~"$site"} * on (site, sensor) current_a)',
                "{{site}}",
                "watt",
            ),
            Panel("Full cycles", 'max by (site) (cycles{site=~"$site"})', "{{site}}", "none"),
        ),
    ),
    Dashboard(
        "penstock-health",
        "System health",
        "",
        (
            Panel("Series that report", 'count by (site) ({site=~"$site"})', "{{site}}", "none"),
            Panel("Series by metric", 'count by (__name__) ({site=~"$site"})', "{{__name__}}", "none"),
            Panel(
                "Sensors silent for 5 minutes",
                'count(group by (site, sensor) (last_over_time({site=~"$site"}[1h]))'
                ' unless group by (site, sensor) ({site=~"$site"})) or vector(0)',
                "sensors",
                "none",
                "stat",
            ),
            Panel("Sites that report", 'count(count by (site) ({site=~"$site"}))', "sites", "none", "stat"),
            Panel(
                "Power readings per minute",
                'sum by (site) (count_over_time(power_w{site=~"$site"}[5m])) / 5',
                "{{site}}",
                "none",
            ),
            Panel(
                "Age of the newest power reading",
                'time() - max by (site) (timestamp(power_w{site=~"$site"}))',
                "{{site}}",
                "s",
            ),
        ),
    ),
)
"""The dashboards, in the order of their titles in the folder."""


def provisioning(url: str) -> Mapping[str, str]:
    """Path below Grafana's provisioning directory → text, for the platform at `url`."""
    files = {
        "datasources/penstock.yaml": _DATASOURCE.format(
            url=json.dumps(f"{url.rstrip('/')}/prometheus"), key=KEY_VARIABLE
        ),
        "dashboards/penstock.yaml": _PROVIDER,
    }
    for dashboard in DASHBOARDS:
        files[f"dashboards/penstock/{dashboard.uid}.json"] = json.dumps(_page(dashboard), indent=2) + "\n"
    return files


def provision(directory: Path, url: str) -> list[Path]:
    """Write the files below `directory`, over those of an earlier time; returns their paths. Raises OSError."""
    written: list[Path] = []
    for name, text in provisioning(url).items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written


_DATASOURCE: Final = """\
apiVersion: 1
datasources:
  - name: Penstock
    uid: penstock
    type: prometheus
    access: proxy
    url: {url}
    isDefault: true
    jsonData:
      httpMethod: POST
      prometheusType: Prometheus
      prometheusVersion: 3.0.0
      timeInterval: 15s
      httpHeaderName1: Authorization
    secureJsonData:
      # A key with the scope read, in the environment of Grafana: `penstock keys create grafana --scope read`
      httpHeaderValue1: Bearer ${key}
"""

_PROVIDER: Final = """\
apiVersion: 1
providers:
  - name: Penstock
    folder: Penstock
    type: file
    options:
      path: /etc/grafana/provisioning/dashboards/penstock
"""


def _page(dashboard: Dashboard) -> dict[str, Any]:
    picked = f"label_values({dashboard.variable}, site)" if dashboard.variable else "label_values(site)"
    return {
        "uid": dashboard.uid,
        "title": dashboard.title,
        "tags": ["penstock"],
        "schemaVersion": _SCHEMA,
        "editable": True,
        "refresh": "30s",
        "time": {"from": "now-24h", "to": "now"},
        "templating": {
            "list": [
                {
                    "name": "site",
                    "label": "Site",
                    "type": "query",
                    "datasource": _SOURCE,
                    "query": {"query": picked, "refId": "site"},
                    "refresh": 2,
                    "multi": True,
                    "includeAll": True,
                    "allValue": ".+",
                    "current": {"text": "All", "value": "$__all"},
                }
            ]
        },
        "panels": [_panel(panel, at) for at, panel in enumerate(dashboard.panels)],
    }


def _panel(panel: Panel, at: int) -> dict[str, Any]:
    return {
        "id": at + 1,
        "title": panel.title,
        "type": panel.kind,
        "datasource": _SOURCE,
        "gridPos": {"h": 8, "w": 12, "x": 12 * (at % 2), "y": 8 * (at // 2)},
        "fieldConfig": {"defaults": {"unit": panel.unit}, "overrides": []},
        "targets": [
            {
                "refId": "A",
                "datasource": _SOURCE,
                "expr": panel.expression,
                "legendFormat": panel.legend,
                "range": panel.kind == "timeseries",
                "instant": panel.kind != "timeseries",
            }
        ],
    }
