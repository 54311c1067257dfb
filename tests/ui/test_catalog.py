"""The catalog by keyboard alone: three sensors that stand nowhere get their room."""

from __future__ import annotations

import json
import time
import urllib.request

from tests.journeys.conftest import Platform
from tests.ui.screen import Screen

_SENSORS = ("catalog-a", "catalog-b", "catalog-c")


def _send(platform: Platform, sensors: tuple[str, ...]) -> None:
    """A temperature of each sensor, as an unknown sender sends it."""
    now = time.time_ns() // 1_000_000
    rows = [
        {"site_id": "annex", "sensor_id": s, "metric": "temperature", "unit": "degC", "value": 21, "ts": now}
        for s in sensors
    ]
    key = (platform.data / "local.key").read_text().strip()
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    request = urllib.request.Request(platform.url + "/v1/readings", json.dumps(rows).encode(), headers)
    urllib.request.urlopen(request, timeout=10).close()


async def test_three_sensors_are_assigned_to_a_room_by_keyboard(screen: Screen, demo: Platform) -> None:
    _send(demo, _SENSORS)
    page = screen.page
    await screen.open("/ui/catalog/unassigned?u.q=catalog-")
    for sensor in _SENSORS:
        box = page.get_by_role("checkbox", name=f"Choose {sensor}", exact=True)
        await box.focus()
        await page.keyboard.press("Space")
    await page.get_by_role("button", name="Assign to…").focus()
    await page.keyboard.press("Enter")
    await page.get_by_role("combobox", name="Building").focus()
    await page.keyboard.type("hq")
    await page.keyboard.press("Tab")
    await page.keyboard.type("laboratory")
    await page.keyboard.press("Tab")
    await page.get_by_text("laboratory is not there yet").wait_for()
    await screen.assert_accessible()
    await page.get_by_role("button", name="Assign", exact=True).focus()
    await page.keyboard.press("Enter")
    await page.get_by_text("3 sensors assigned").wait_for()
    await page.get_by_role("checkbox", name="Choose catalog-a", exact=True).wait_for(state="detached")
