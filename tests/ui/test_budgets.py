"""How fast the web app must be, measured in the browser as a person meets it.

The budgets are those of an idle machine of two cores. What the page's thread computes, and a start, may be CPU_MARGIN times their
budget: machines differ, but what else runs there counts little. Time as it passes is the median (or the stated percentile) of
several, and may be MARGIN times its budget before the test fails; NOISE times where a percentile of single frames is meant,
which any other process disturbs. What was measured is kept as a property of the test (`--junit-xml`).
"""

from __future__ import annotations

import asyncio
import json
import re
import statistics
import time
from pathlib import Path

import pytest
import pytest_asyncio

from tests.journeys.conftest import until
from tests.ui.browser import need
from tests.ui.screen import Screen
from tests.ui.serve import POLICY, serving
from tests.ui.stage import Stage

pytestmark = pytest.mark.timeout(180)

CPU_MARGIN = 2.0
MARGIN = 3.0
NOISE = 4.0
BENCH = Path(__file__).with_name("bench")
DRAW_MS = 50
PAN_P95_MS = 8
PIXEL_P95_MS = 250
FLEET_MS = 1_500
FIRST_CHART_SECONDS = 10
ASSETS = 10_000
READINGS = 40


def held(record_property, name: str, measured: float, budget: float, margin: float = MARGIN) -> None:
    record_property(name, round(measured, 1))
    assert measured <= budget * margin, f"{name}: {measured:.1f}, budget {budget}, margin {margin}"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def bench(browser):
    """The numbers of the bench page (ui/bench): by name what each round took in ms, `wall` and `cpu` of the page's thread."""
    need((BENCH / "index.html").exists(), "the bench page is not built: make ui")
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    with serving(BENCH, {"content-security-policy": POLICY}) as origin:
        screen = await Screen.of(context, origin)
        screen.watch.excuse("/favicon.ico")
        cdp = await context.new_cdp_session(screen.page)
        await cdp.send("Performance.enable", {"timeDomain": "threadTicks"})

        async def computed() -> float:
            metrics = (await cdp.send("Performance.getMetrics"))["metrics"]
            return next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration") * 1e3

        await screen.page.expose_function("__threadMs", computed)
        await screen.page.goto(f"{origin}/index.html")
        rounds = await screen.until("() => window.__bench", 150)
        await context.close()
    assert screen.watch.findings == []
    return {
        name: {clock: [took[clock] for took in taken] for clock in ("wall", "cpu")} for name, taken in rounds.items()
    }


async def test_a_hundred_thousand_points_are_drawn_within_50_ms(bench, record_property):
    held(record_property, "draw_cpu_ms", statistics.median(bench["draw"]["cpu"]), DRAW_MS, CPU_MARGIN)
    held(record_property, "draw_ms", statistics.median(bench["draw"]["wall"]), DRAW_MS)


async def test_a_hundred_thousand_points_pan_within_8_ms(bench, record_property):
    held(record_property, "pan_cpu_p95_ms", p95(bench["pan"]["cpu"]), PAN_P95_MS, CPU_MARGIN)
    held(record_property, "pan_p95_ms", p95(bench["pan"]["wall"]), PAN_P95_MS, NOISE)


async def test_ten_thousand_tiles_are_painted_within_a_second_and_a_half(bench, record_property):
    held(record_property, "tiles_cpu_ms", max(bench["tiles"]["cpu"]), FLEET_MS, CPU_MARGIN)
    held(record_property, "tiles_ms", max(bench["tiles"]["wall"]), FLEET_MS)


async def test_a_fleet_of_ten_thousand_is_on_the_screen_within_a_second_and_a_half(stage, demo, record_property):
    now = time.time_ns() // 1_000_000
    rows = [
        {"sensor_id": f"crowd-{i:05d}", "metric": "soc", "value": i % 100 / 100, "ts": now, "site_id": f"s{i % 20}"}
        for i in range(ASSETS)
    ]
    key = json.loads(demo.cli("keys", "create", "crowd", "--tenant", "crowd", "--json").out)["key"]
    await asyncio.to_thread(send, demo, key, rows)
    screen = await stage.screen("crowd")
    taken = []
    for _ in range(3):
        await screen.open("/ui/fleet")
        taken.append(await screen.page.evaluate("() => performance.now()"))
    held(record_property, "fleet_ms", statistics.median(taken), FLEET_MS)


async def test_a_reading_is_on_the_screen_within_250_ms(stage, demo, record_property):
    key = json.loads(demo.cli("keys", "create", "probe", "--tenant", "probe", "--json").out)["key"]
    first = 100_001
    await asyncio.to_thread(send, demo, key, [reading(first)])
    screen = await stage.screen("probe")
    await screen.open("/ui/live?show=probe")
    numbers = range(first + 1, first + 1 + READINGS)
    await screen.probe("expectNumbers", list(numbers))
    sent = {}
    for number in numbers:
        row = reading(number)
        sent[str(number)] = row["ts"]
        await asyncio.to_thread(send, demo, key, [row])
        # The next one may not hide this one before it was painted.
        await screen.until(f"() => '{number}' in window.__probes.arrivals()")
    arrivals = await screen.probe("arrivals")
    delays = [arrivals[number] - ts for number, ts in sent.items()]
    held(record_property, "pixel_p50_ms", statistics.median(delays), PIXEL_P95_MS)
    held(record_property, "pixel_p95_ms", p95(delays), PIXEL_P95_MS, MARGIN)


async def test_the_first_chart_is_there_within_ten_seconds_of_the_start(browser, start, record_property):
    began = time.monotonic()
    platform = await asyncio.to_thread(lambda: start("--demo").wait_ready())
    stage = Stage(browser, platform)
    screen = await stage.screen(None)
    link = await asyncio.to_thread(until, lambda: re.search(r"http://\S+/login\?k=\w+", platform.stderr()))
    await screen.open(link[0].removeprefix(platform.url))
    await screen.page.locator("figure canvas").first.wait_for()
    took = time.monotonic() - began
    assert await stage.close() == []
    held(record_property, "first_chart_s", took, FIRST_CHART_SECONDS, CPU_MARGIN)


def reading(number: int) -> dict[str, object]:
    return {"sensor_id": "probe", "metric": "count", "value": number, "ts": time.time_ns() // 1_000_000}


def send(platform, key, rows) -> None:
    """POST readings with `key`, of any tenant."""
    platform.post("/v1/readings", rows, Authorization=f"Bearer {key}")


def p95(values) -> float:
    return statistics.quantiles(values, n=20)[-1]
