"""The catalog on the screen: what stands nowhere gets its place, records are made, changed and deleted, files go in and out."""

from __future__ import annotations

import asyncio
import json
import re
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import FilePayload, Locator, Page, expect

from tests.journeys.conftest import Platform
from tests.ui.screen import MODES, PHONE, Screen
from tests.ui.stage import Stage

_SENSORS = ("catalog-a", "catalog-b", "catalog-c")
_OWN_TENANT = "tidy"
"""Nothing is in it but what a test puts there."""
_IN_SIGHT = """(field) => {
  const { left, top, width, height } = field.getBoundingClientRect();
  return field.contains(document.elementFromPoint(left + width / 2, top + height / 2));
}"""
"""Whether nothing lies over the middle of a field."""


def _send(platform: Platform, sensors: tuple[str, ...]) -> None:
    """A temperature of each sensor, as an unknown sender sends it."""
    now = time.time_ns() // 1_000_000
    rows = [
        {"site_id": "annex", "sensor_id": s, "metric": "temperature", "unit": "degC", "value": 21, "ts": now}
        for s in sensors
    ]
    platform.post("/v1/readings", rows)


def _change(platform: Platform, path: str, method: str, body: Mapping[str, Any] | None = None) -> None:
    """What somebody else does to a record meanwhile."""
    headers = {"Authorization": f"Bearer {platform.key}", "Content-Type": "application/json", "If-Match": "*"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{platform.url}/v1/catalog/{path}", data, headers, method=method)
    urllib.request.urlopen(request, timeout=10).close()


def _create(platform: Platform, kind: str, **fields: Any) -> None:
    platform.post(f"/v1/catalog/{kind}", fields)


def _record(platform: Platform, path: str) -> dict[str, Any]:
    return platform.get(f"/v1/catalog/{path}")


async def _as_the_page(page: Page, path: str, body: Mapping[str, Any]) -> None:
    """Send `body` with the session of the page: its tenant has no other key here."""
    status = await page.evaluate(
        "async ([path, body]) => (await fetch(path, {method: 'POST', headers: {'content-type': 'application/json'}, body})).status",
        [path, json.dumps(body)],
    )
    assert status < 300, f"{path} answered {status}"


async def _open(screen: Screen, path: str, button: str) -> Locator:
    """The dialog of a record, opened from its row."""
    await screen.open(path)
    await screen.page.get_by_role("button", name=button, exact=True).click()
    dialog = screen.page.get_by_role("dialog")
    await dialog.wait_for()
    return dialog


# -- by keyboard


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
    await page.keyboard.type("lab")
    await page.keyboard.press("Tab")
    await page.keyboard.type("clean room")
    await page.keyboard.press("Tab")
    await page.get_by_text("clean room is not there yet").wait_for()
    await screen.assert_accessible()
    await page.get_by_role("button", name="Assign", exact=True).focus()
    await page.keyboard.press("Enter")
    await page.get_by_text("3 sensors assigned").wait_for()
    await page.get_by_role("checkbox", name="Choose catalog-a", exact=True).wait_for(state="detached")


async def test_a_record_is_made_changed_and_deleted_by_keyboard_and_the_focus_is_never_lost(
    screen: Screen, demo: Platform
) -> None:
    page = screen.page
    await screen.open("/ui/catalog/devices")
    new = page.get_by_role("button", name="New device").first
    await new.focus()
    await page.keyboard.press("Enter")
    await page.get_by_role("dialog").wait_for()
    await page.get_by_role("textbox", name="Id").focus()
    await page.keyboard.type("gw-keyboard")
    await page.get_by_role("textbox", name="Manufacturer").focus()
    await page.keyboard.type("Acme")
    await page.keyboard.press("Enter")
    await page.get_by_role("dialog").wait_for(state="detached")
    row = page.get_by_role("button", name="gw-keyboard", exact=True)
    await row.focus()
    await page.keyboard.press("Enter")
    await page.get_by_role("dialog").wait_for()
    await page.get_by_role("textbox", name="Model").focus()
    await page.keyboard.type("M1")
    await page.keyboard.press("Escape")
    asked = page.get_by_role("alertdialog")
    await asked.get_by_text("It is not saved yet").wait_for()
    await page.keyboard.press("Escape")
    await asked.wait_for(state="detached")
    await expect(page.get_by_role("textbox", name="Model")).to_have_value("M1")
    await page.get_by_role("textbox", name="Model").focus()
    await page.keyboard.press("Enter")
    await page.get_by_role("dialog").wait_for(state="detached")
    assert _record(demo, "devices/gw-keyboard")["model"] == "M1"
    await expect(row).to_be_focused()
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Delete", exact=True).focus()
    await page.keyboard.press("Enter")
    await asked.get_by_role("button", name="Delete").focus()
    await page.keyboard.press("Enter")
    await page.get_by_role("dialog").wait_for(state="detached")
    await row.wait_for(state="detached")
    await screen.until("() => document.activeElement !== document.body", what="something has the focus")


# -- records


async def test_free_attributes_are_kept_as_they_were_and_faulty_ones_are_not_saved(
    screen: Screen, demo: Platform
) -> None:
    _create(demo, "devices", id="dev-attributes", attributes={"serial": "0012", "code": "12", "area": 12})
    dialog = await _open(screen, "/ui/catalog/devices?devices.q=dev-attributes", "dev-attributes")
    await dialog.get_by_role("button", name="Add an attribute").click()
    await dialog.get_by_role("textbox", name="Name").last.fill("code")
    await dialog.get_by_role("textbox", name="Value").last.fill("7.5")
    await dialog.get_by_role("button", name="Save", exact=True).click()
    await dialog.get_by_text("There is one of this name already").wait_for()
    await dialog.get_by_role("textbox", name="Name").last.fill("weight")
    await dialog.get_by_role("button", name="Remove the attribute area").click()
    await dialog.get_by_role("button", name="Save", exact=True).click()
    await dialog.wait_for(state="detached")
    assert _record(demo, "devices/dev-attributes")["attributes"] == {"serial": "0012", "code": "12", "weight": 7.5}


async def test_what_two_people_changed_at_once_is_shown_and_nothing_of_either_is_lost(
    screen: Screen, demo: Platform
) -> None:
    screen.watch.excuse("devices/dev-conflict")
    _create(demo, "devices", id="dev-conflict", name="Old", model="A", attributes={"area": 1})
    dialog = await _open(screen, "/ui/catalog/devices?devices.q=dev-conflict", "dev-conflict")
    await dialog.get_by_role("textbox", name="Name", exact=True).first.fill("Mine")
    await dialog.get_by_role("textbox", name="Serial number").fill("S1")
    _change(demo, "devices/dev-conflict", "PATCH", {"name": "Theirs", "model": "B", "attributes": {"area": 2}})
    await dialog.get_by_role("button", name="Save", exact=True).click()
    await dialog.get_by_text("Somebody else changed this record").wait_for()
    await expect(dialog.get_by_role("radio", name="Name, Yours: Mine")).to_be_checked()
    await expect(dialog.get_by_role("radio", name="Model, Theirs: B")).to_be_checked()
    await expect(dialog.get_by_role("radio", name="area, Theirs: 2")).to_be_checked()
    await screen.assert_accessible()
    await dialog.get_by_role("radio", name="Name, Theirs: Theirs").check()
    await dialog.get_by_role("button", name="Save what is chosen").click()
    await dialog.wait_for(state="detached")
    record = _record(demo, "devices/dev-conflict")
    assert [record[name] for name in ("name", "model", "serial", "attributes")] == ["Theirs", "B", "S1", {"area": 2}]


async def test_a_record_that_somebody_deleted_meanwhile_can_be_made_again_with_what_was_typed(
    screen: Screen, demo: Platform
) -> None:
    screen.watch.excuse("devices/dev-gone")
    _create(demo, "devices", id="dev-gone", name="Old")
    dialog = await _open(screen, "/ui/catalog/devices?devices.q=dev-gone", "dev-gone")
    await dialog.get_by_role("textbox", name="Name", exact=True).first.fill("Mine")
    _change(demo, "devices/dev-gone", "DELETE")
    await dialog.get_by_role("button", name="Save", exact=True).click()
    await dialog.get_by_text("Somebody else deleted this record").wait_for()
    await dialog.get_by_role("button", name="Create it again").click()
    await dialog.wait_for(state="detached")
    assert _record(demo, "devices/dev-gone")["name"] == "Mine"


async def test_a_refused_id_is_told_at_the_dialog_and_what_was_typed_stays(screen: Screen) -> None:
    screen.watch.excuse("/v1/catalog/rooms")
    page = screen.page
    await screen.open("/ui/catalog/rooms")
    await page.get_by_role("button", name="New room").first.click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("combobox", name="Building").fill("nowhere")
    await page.keyboard.press("Tab")
    await dialog.get_by_role("textbox", name="Id").fill("r1")
    await dialog.get_by_role("button", name="Create").click()
    await dialog.get_by_role("alert").filter(has_text="nowhere").wait_for()
    await expect(dialog.get_by_role("textbox", name="Id")).to_have_value("r1")


async def test_many_are_deleted_after_a_question_and_what_others_refer_to_stays_chosen(
    screen: Screen, demo: Platform
) -> None:
    screen.watch.excuse("/v1/catalog/equipment/bulk-")
    for name in ("bulk-1", "bulk-2", "bulk-3"):
        _create(demo, "equipment", id=name, site="hq")
    _create(demo, "equipment", id="bulk-0-part", part_of="bulk-1")
    _create(demo, "points", site_id="hq", sensor_id="bulk-sensor", equipment="bulk-3")
    page = screen.page
    await screen.open("/ui/catalog/equipment?equipment.q=bulk-")
    await page.get_by_role("checkbox", name=re.compile("^Choose all")).check(force=True)
    await page.get_by_role("button", name="Delete").click()
    asked = page.get_by_role("alertdialog", name="Delete 4 records?")
    await screen.assert_accessible()
    await asked.get_by_role("button", name="Cancel").click()
    await expect(page.get_by_text("4 chosen")).to_be_visible()
    await page.get_by_role("button", name="Delete").click()
    await asked.get_by_role("button", name="Delete").click()
    await page.get_by_text("1 of 4 is still there").wait_for()
    await page.get_by_text("bulk-1", exact=True).wait_for(state="detached")
    await expect(page.get_by_text("1 chosen")).to_be_visible()
    assert [one["id"] for one in demo.get("/v1/catalog/equipment?limit=5000")["data"] if "bulk" in one["id"]] == [
        "bulk-3"
    ]


async def test_the_focus_is_on_a_row_after_others_were_deleted_and_after_none_is_chosen_any_more(
    screen: Screen, demo: Platform
) -> None:
    for name in ("focus-1", "focus-2", "focus-3"):
        _create(demo, "equipment", id=name, site="hq")
    page, keyboard = screen.page, screen.page.keyboard
    await screen.open("/ui/catalog/equipment?equipment.q=focus-")
    for name in ("focus-1", "focus-2"):
        await page.get_by_role("checkbox", name=f"Choose {name}", exact=True).check()
    await page.get_by_role("button", name="Delete").focus()
    await keyboard.press("Enter")
    await page.get_by_role("alertdialog").get_by_role("button", name="Delete").focus()
    await keyboard.press("Enter")
    row = page.get_by_role("row").filter(has=page.get_by_role("button", name="focus-3"))
    await page.get_by_text("focus-2", exact=True).wait_for(state="detached")
    await expect(row).to_be_focused()
    await keyboard.press("Space")
    await page.get_by_role("button", name="Choose none").focus()
    await keyboard.press("Enter")
    await expect(row).to_be_focused()


@pytest.mark.parametrize(("kind", "others"), [("devices", ()), ("equipment", ("stays",))], ids=["nothing", "others"])
async def test_the_focus_is_somewhere_after_the_last_record_in_sight_was_deleted(
    stage: Stage, kind: str, others: tuple[str, ...]
) -> None:
    screen = await stage.screen(_OWN_TENANT)
    page, keyboard = screen.page, screen.page.keyboard
    await screen.open(f"/ui/catalog/{kind}?{kind}.q=gone-")
    for name in ("gone-1", "gone-2", *others):
        await _as_the_page(page, f"/v1/catalog/{kind}", {"id": name})
    await page.reload()
    await page.get_by_role("checkbox", name=re.compile("^Choose all")).check(force=True)
    await page.get_by_role("button", name="Delete").focus()
    await keyboard.press("Enter")
    await page.get_by_role("alertdialog").get_by_role("button", name="Delete").focus()
    await keyboard.press("Enter")
    panel = page.get_by_role("tabpanel")
    kept = panel.get_by_role("searchbox") if others else panel.get_by_role("button", name="New device")
    await expect(kept).to_be_focused()


async def test_the_focus_is_somewhere_after_the_last_sensor_was_assigned(stage: Stage) -> None:
    screen = await stage.screen(_OWN_TENANT)
    page, keyboard = screen.page, screen.page.keyboard
    await screen.open("/ui/catalog/unassigned")
    await _as_the_page(
        page,
        "/v1/readings",
        {"site_id": "annex", "sensor_id": "s", "metric": "m", "value": 1, "ts": time.time_ns() // 1_000_000},
    )
    for kind, fields in (("sites", {"id": "annex"}), ("buildings", {"id": "b", "site": "annex"})):
        await _as_the_page(page, f"/v1/catalog/{kind}", fields)
    await page.reload()
    await page.get_by_role("checkbox", name="Choose s", exact=True).check(timeout=60_000)
    await page.get_by_role("button", name="Assign to…").focus()
    await keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("combobox", name="Building").fill("b")
    await keyboard.press("Tab")
    await dialog.get_by_role("button", name="Assign", exact=True).focus()
    await keyboard.press("Enter")
    await expect(page.get_by_role("tabpanel").get_by_role("link", name="Add your data")).to_be_focused()


# -- files


def _file(name: str, body: str | bytes) -> FilePayload:
    return {"name": name, "mimeType": "text/plain", "buffer": body if isinstance(body, bytes) else body.encode()}


async def _import(screen: Screen, path: str, file: FilePayload) -> Locator:
    page = screen.page
    await screen.open(path)
    await page.get_by_role("button", name="Import").click()
    dialog = page.get_by_role("dialog")
    await dialog.locator("input[type=file]").set_input_files(file)
    return dialog


async def _taken(page: Page, dialog: Locator, changes: str) -> None:
    await dialog.get_by_role("button", name=changes).click()
    await dialog.wait_for(state="detached")
    await page.get_by_text(re.compile("record(s)? imported")).wait_for()


async def test_a_file_from_a_spreadsheet_is_recognised_judged_and_taken_in(screen: Screen, demo: Platform) -> None:
    body = "id;name;manufacturer\r\nimp-1;Süd;Müller\r\nimp-2;Nord;Müller\r\n".encode("cp1252")
    dialog = await _import(screen, "/ui/catalog/sites", _file("devices.csv", body))
    await dialog.get_by_text("2 new, 0 changed").wait_for()
    await screen.assert_accessible()
    await _taken(screen.page, dialog, "Import 2 changes")
    assert _record(demo, "devices/imp-1")["name"] == "Süd"


async def test_a_file_with_errors_says_line_by_line_why_and_changes_nothing(screen: Screen, demo: Platform) -> None:
    body = 'building,id,name\nhq,imp-good,"two\nlines"\nnowhere,imp-bad,\nhq,,\n'
    dialog = await _import(screen, "/ui/catalog/rooms", _file("rooms.csv", body))
    bad = dialog.locator("tr[data-bad]")
    await expect(bad).to_have_count(2)
    assert await bad.locator("td:first-child").all_inner_texts() == ["4", "5"]
    await expect(bad.first).to_contain_text("nowhere")
    await expect(dialog.get_by_role("button", name=re.compile("^Import"))).to_be_disabled()
    await screen.assert_accessible()
    rooms = demo.get("/v1/catalog/rooms?limit=5000")["data"]
    assert not [one for one in rooms if one["id"].startswith("imp-")]


@pytest.mark.parametrize(
    ("name", "body", "said"),
    [
        ("rooms.csv", 'building,id\nhq,1\nhq,"2\n', "line 3"),
        ("rooms.csv", "building,id\nhq,1,2\n", "line 2"),
        ("rooms.csv", "what,ever\n1,2\n", "what"),
        ("catalog.json", '{"rooms": [', "JSON"),
        ("catalog.json", "", "JSON"),
    ],
    ids=["open-quote", "cells", "columns", "broken-json", "empty"],
)
async def test_a_file_that_cannot_be_read_says_why(screen: Screen, name: str, body: str, said: str) -> None:
    screen.watch.excuse("/v1/catalog/import")
    dialog = await _import(screen, "/ui/catalog/rooms", _file(name, body))
    await expect(dialog.get_by_role("alert").filter(has_text=said)).to_be_visible()


@pytest.mark.parametrize("form", ["JSON", "CSV", "Brick", "Haystack"])
async def test_every_export_comes_back_as_it_was(screen: Screen, form: str) -> None:
    page = screen.page
    await screen.open("/ui/catalog/rooms")
    await page.get_by_role("main").get_by_role("button", name="Export").first.click()
    async with page.expect_download() as started:
        await page.get_by_role("menuitem", name=re.compile(f"^{form}")).click()
    download = await started.value
    body = await asyncio.to_thread(Path(await download.path()).read_bytes)
    dialog = await _import(screen, "/ui/catalog/rooms", _file(download.suggested_filename, body))
    await dialog.get_by_text(re.compile("^.*0 new, 0 changed, [1-9].* 0 refused")).wait_for()


# -- dialogs as they look


@pytest.mark.parametrize("mode", [mode for mode in MODES if mode.still], ids=lambda mode: mode.name)
@pytest.mark.parametrize("which", ["record", "import"])
async def test_dialogs_fit_every_window_and_give_the_focus_back(screen: Screen, mode: Any, which: str) -> None:
    page = screen.page
    await screen.open("/ui/catalog/equipment?equipment.q=grid-hq", mode)
    opener = page.get_by_role("button", name="grid-hq" if which == "record" else "Import", exact=True)
    await opener.focus()
    await page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    await dialog.wait_for()
    await screen.until(
        "() => document.querySelector('[role=dialog]').contains(document.activeElement)", what="the focus in the dialog"
    )
    await screen.assert_accessible()
    await screen.assert_no_horizontal_scroll()
    if mode.width == PHONE.width:
        await screen.assert_targets()
    await page.keyboard.press("Escape")
    await dialog.wait_for(state="detached")
    await expect(opener).to_be_focused()


async def test_save_stays_in_reach_in_a_long_sheet_on_a_phone_and_hides_no_field_with_the_focus(screen: Screen) -> None:
    page = screen.page
    await screen.open("/ui/catalog/equipment?equipment.q=grid-hq", PHONE)
    await page.get_by_role("button", name="grid-hq", exact=True).click()
    dialog = page.get_by_role("dialog")
    for _ in range(3):
        await dialog.get_by_role("button", name="Add an attribute").click()
    save = dialog.get_by_role("button", name="Save")
    await save.evaluate("(button) => button.closest('form').parentElement.scrollTo(0, 0)")
    await expect(save).to_be_in_viewport(ratio=1)
    hidden = []
    for _ in range(40):
        await page.keyboard.press("Tab")
        field = dialog.locator("input:focus, textarea:focus")
        if await field.count() and not await field.evaluate(_IN_SIGHT):
            hidden.append(await field.evaluate("(one) => one.labels?.[0]?.textContent ?? one.name"))
    assert hidden == []
