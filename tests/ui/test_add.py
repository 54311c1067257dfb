"""Add your data: waiting for the first point turns into a chart when it arrives."""

from __future__ import annotations

from tests.ui.screen import Screen


async def test_the_first_reading_turns_waiting_into_a_chart_with_what_was_understood(screen: Screen) -> None:
    page = screen.page
    await screen.open("/ui/add?sensor=add-journey")
    await page.get_by_role("heading", name="Waiting for the first point…").wait_for()
    await page.get_by_role("button", name="Make a key").click()
    await page.get_by_text("Shown only this once").wait_for()
    assert "Bearer pk_" in await page.get_by_role("region", name="curl").inner_text()
    await page.get_by_role("button", name="Send a test reading").click()
    await page.get_by_role("heading", name="It has arrived").wait_for()
    await page.get_by_role("application", name="add-journey · temperature").wait_for()
    await page.get_by_text("21.5\u202f°C → ").wait_for()
    await screen.assert_no_horizontal_scroll()
