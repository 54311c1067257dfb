"""The provisioning files: whole, the same as those in deploy/, and every panel shows something of the demo's metrics."""

import json
import math
from pathlib import Path

import pytest

from penstock.app import grafana
from penstock.app.cli.main import main
from penstock.model.series import Attributes, SeriesKey
from tests.unit.api.conftest import NOW, make_world  # noqa: F401 - a fixture
from tests.unit.api.prometheus.conftest import BASE
from tests.unit.query.query_world import World

DEPLOYED = Path(__file__).parents[3] / "deploy" / "grafana"
PANELS = [
    pytest.param(panel, id=f"{page.uid}-{panel.title.lower().replace(' ', '-')}")
    for page in grafana.DASHBOARDS
    for panel in page.panels
]


def test_the_files_in_deploy_are_those_that_the_command_writes():
    files = grafana.provisioning(grafana.DEFAULT_URL)
    assert {str(p.relative_to(DEPLOYED)) for p in DEPLOYED.rglob("*") if p.is_file()} == set(files)
    for name, text in files.items():
        assert (DEPLOYED / name).read_text() == text, f"run `penstock grafana provision deploy/grafana` ({name})"


def test_the_command_writes_files_for_the_platform_that_is_named(tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["grafana", "provision", str(tmp_path), "--url", "https://telemetry.example/"])
    assert ended.value.code == 0
    source = (tmp_path / "datasources" / "penstock.yaml").read_text()
    assert 'url: "https://telemetry.example/prometheus"' in source
    assert "Bearer $PENSTOCK_KEY" in source
    page = json.loads((tmp_path / "dashboards" / "penstock" / "penstock-rooms.json").read_text())
    assert page["panels"][0]["datasource"]["uid"] == "penstock"
    assert capsys.readouterr().out.count("penstock") >= 6


@pytest.fixture
async def platform(make_world):  # noqa: F811 - the fixture
    """The API over a real engine that holds two hours of what the demo measures."""
    api, engine = await make_world(), World()
    engine.time = engine.fresh_to = engine.backlog_to = NOW
    shapes = {
        "power_w": ("W", lambda t: 500 + 100 * math.sin(t / 1e6)),
        "energy_wh": ("Wh", lambda t: (t - NOW) / 3.6e3 + 1e6),
        "voltage_v": ("V", lambda _: 230.0),
        "current_a": ("A", lambda _: -2.0),
        "temperature": ("K", lambda _: 294.0),
        "humidity": ("%RH", lambda _: 40.0),
        "co2": ("ppm", lambda _: 900.0),
        "soc": ("1", lambda _: 0.6),
        "soh": ("1", lambda _: 0.95),
        "cycles": ("1", lambda _: 12.0),
    }
    rows = [
        (SeriesKey("hq", "u1", metric, unit), ts, made(ts))
        for metric, (unit, made) in shapes.items()
        for ts in range(NOW - 7_200_000, NOW + 1, 60_000)
    ]
    await engine.put(rows, attributes={("hq", "u1"): Attributes("B1", "101")})
    api.reader.ask = engine.ask
    return api.client()


@pytest.mark.parametrize("panel", PANELS)
async def test_every_panel_is_answered_and_shows_something(platform, panel):
    query = panel.expression.replace("$site", ".+")
    asked = {"query": query, "start": NOW / 1e3 - 3600, "end": NOW / 1e3, "step": "300"}
    answer = await platform.post(f"{BASE}/query_range", data=asked)
    assert answer.status_code == 200, answer.text
    result = answer.json()["data"]["result"]
    assert result, panel.title
    assert all(value not in {"NaN", "+Inf", "-Inf"} for line in result for _, value in line["values"])
