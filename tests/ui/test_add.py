"""Add your data: what is copied from the screen runs as it is, and what arrives is shown; files as they come, good and broken."""

from __future__ import annotations

import asyncio
import gzip
import re
import shlex
import subprocess
import sys
import time
import tomllib
import urllib.request
from pathlib import Path

import nats
import pytest
from playwright.async_api import FilePayload, Page, expect

from tests.journeys.conftest import Platform, clean_environment, until
from tests.ui.screen import PHONE, Screen


async def _made_key(screen: Screen, path: str, region: str) -> str:
    """The snippet at `path` once a key was made for it."""
    page = screen.page
    await screen.open(path)
    await page.get_by_role("button", name="Make a key").click()
    await page.get_by_text("Shown only this once").wait_for()
    return await page.get_by_role("region", name=region).inner_text()


async def _run(command: list[str], seconds: float = 20, **environment: str) -> str:
    """What a command prints; one that would go on is ended after its first line."""
    process = await asyncio.create_subprocess_exec(
        *command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=clean_environment(**environment)
    )
    assert process.stdout
    assert process.stderr
    try:
        async with asyncio.timeout(seconds):
            line = await process.stdout.readline()
            assert line, (await process.stderr.read()).decode()
            return line.decode()
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


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


async def test_the_copied_curl_command_turns_waiting_into_a_chart(screen: Screen) -> None:
    page = screen.page
    await _made_key(screen, "/ui/add?sensor=it's curl", "curl")
    await page.get_by_role("heading", name="Waiting for the first point…").wait_for()
    await page.get_by_role("button", name="Copy", exact=True).click()
    command = await page.evaluate("() => navigator.clipboard.readText()")
    assert '"accepted":1' in (await _run(["sh", "-c", command])).replace(" ", "")
    await page.get_by_role("application", name="it's curl · temperature").wait_for()


async def test_before_a_key_is_made_the_commands_take_it_from_the_environment(screen: Screen, demo: Platform) -> None:
    page = screen.page
    await screen.open("/ui/add?sensor=add-environment")
    command = await page.get_by_role("region", name="curl").inner_text()
    assert '"accepted":1' in (await _run(["sh", "-c", command], PENSTOCK_KEY=demo.key)).replace(" ", "")
    await page.get_by_role("tab", name="Python").click()
    code = await page.get_by_role("region", name="Python").inner_text()
    await _run([sys.executable, "-u", "-c", code], PENSTOCK_KEY=demo.key)


async def test_the_copied_python_program_sends(screen: Screen) -> None:
    code = await _made_key(screen, '/ui/add?tab=python&sensor=the "py"', "Python")
    assert '"accepted":1' in (await _run([sys.executable, "-u", "-c", code])).replace(" ", "")
    await screen.page.get_by_role("application", name='the "py" · temperature').wait_for()


async def test_the_copied_telegraf_configuration_is_toml_whose_output_is_understood(screen: Screen) -> None:
    text = await _made_key(screen, "/ui/add?tab=telegraf&sensor=add-telegraf", "Telegraf")
    made = tomllib.loads(text)
    (output,) = made["outputs"]["influxdb_v2"]
    tags = ",".join(f"{name}={value}" for name, value in made["global_tags"].items())
    line = f"cpu,cpu=cpu-total,host=h,{tags} usage_idle=97.5,usage_user=1.25 {time.time_ns()}\n"
    headers = {"Authorization": f"Token {output['token']}", "Content-Encoding": output["content_encoding"]}
    address = f"{output['urls'][0]}/api/v2/write?org={output['organization']}&bucket={output['bucket']}&precision=ns"
    body = gzip.compress(line.encode())
    request = urllib.request.Request(address, body, headers | output["http_headers"])
    with await asyncio.to_thread(urllib.request.urlopen, request, timeout=10) as answer:
        assert answer.status == 204
    await screen.page.get_by_role("heading", name="It has arrived").wait_for()


async def test_the_copied_nats_commands_say_what_the_platform_understands(screen: Screen, demo: Platform) -> None:
    page = screen.page
    await screen.open("/ui/add?tab=nats&sensor=bat-0001")
    text = await page.get_by_role("region", name="NATS").inner_text()
    date = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    event, question = (
        shlex.split(part.replace("'$(date -u +%Y-%m-%dT%H:%M:%SZ)'", date), comments=True)
        for part in text.split("\n\n")
    )
    assert event[:2] == question[:2] == ["nats", "--server"]
    assert (event[3:5], question[3:5]) == (["pub", "events"], ["req", "readings.latest"])
    client = await nats.connect(demo.state()["nats_url"])
    try:
        await client.publish(event[4], event[5].encode())
        answer = await client.request(question[4], question[5].encode(), timeout=10)
    finally:
        await client.close()
    assert b"bat-0001" in answer.data
    await page.get_by_text("hello from NATS").wait_for()


# -- files


def _file(text: str, name: str = "plant.csv", encoding: str = "utf-8") -> FilePayload:
    return {"name": name, "mimeType": "text/csv", "buffer": text.encode(encoding)}


async def _drop(screen: Screen, file: FilePayload | Path) -> Page:
    await screen.open("/ui/add?tab=csv")
    await screen.page.locator("input[type=file]").set_input_files(file)
    return screen.page


async def _sent(page: Page) -> str:
    """What is told of a file once it was checked and sent."""
    await page.get_by_role("button", name="Check the whole file").click()
    await page.get_by_role("button", name=re.compile(r"^Send \d")).click()
    status = page.get_by_role("region", name="Progress").get_by_role("status")
    await expect(status).to_contain_text("taken.")
    await page.get_by_role("link", name="Explore it").wait_for()
    return await status.inner_text()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
async def test_a_file_from_a_spreadsheet_is_stored_as_it_was_meant(
    screen: Screen, demo: Platform, encoding: str
) -> None:
    sensor = f"csv-{encoding}"
    rows = "".join(
        f"01.06.2026 00:{minute:02d};{sensor};{20 + minute / 10:.1f}\r\n".replace(".", ",", 3).replace(",", ".", 2)
        for minute in range(10)
    )
    page = await _drop(screen, _file(f"Zeit;Sensor;Temperatur (°C)\r\n{rows}", encoding=encoding))
    assert await _sent(page) == "10 rows taken. 0 refused."
    latest = demo.get(f"/v1/latest?sensor={sensor}")["data"]
    assert [(one["metric"], round(one["value"] - 273.15, 3)) for one in latest] == [("temperatur", 20.9)]


async def test_a_file_without_a_header_is_sent_once_its_columns_have_names(screen: Screen) -> None:
    page = await _drop(screen, _file("2026-06-01T00:00:00Z,1.5\n2026-06-01T00:01:00Z,1.6\n", "no-header.csv"))
    header = page.get_by_role("switch", name="The first line names the columns")
    await expect(header).not_to_be_checked()
    await page.get_by_text("Give each measured column the name of a metric").wait_for()
    await page.get_by_role("textbox", name="Metric").fill("level")
    assert await _sent(page) == "2 rows taken. 0 refused."


async def test_what_separates_cells_can_be_said(screen: Screen) -> None:
    page = await _drop(screen, _file("ts,note;level\n2026-06-01T00:00:00Z,x;1\n2026-06-01T00:01:00Z,y;2\n"))
    await page.get_by_role("button", name=re.compile("Cells are separated by")).click()
    await page.get_by_role("option", name="Semicolon").click()
    await page.get_by_text("ts,note", exact=True).wait_for()


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "Nothing is in the file"), ('ts,v\n2026-06-01T00:00:00Z,1\n2026-06-01T00:01:00Z,"2\n', "begins in line 3")],
    ids=["empty", "open-quote"],
)
async def test_a_file_that_cannot_be_read_says_why_and_another_one_can_be_chosen(
    screen: Screen, text: str, said: str
) -> None:
    page = await _drop(screen, _file(text))
    await expect(page.get_by_role("alert").filter(has_text=said)).to_be_visible()
    await page.locator("input[type=file]").set_input_files(_file("ts,level\n2026-06-01T00:00:00Z,1\n", "good.csv"))
    await page.get_by_role("button", name="Check the whole file").wait_for()
    assert await page.get_by_role("alert").filter(has_text=said).count() == 0


async def test_a_quote_that_is_never_closed_in_a_long_file_ends_the_check_with_its_line(
    screen: Screen, tmp_path: Path
) -> None:
    good = "2026-06-01T00:00:00Z,1\n"
    long = tmp_path / "long.csv"
    long.write_text("ts,level\n" + good * 40_000 + '2026-06-01T00:00:00Z,"1\n' + good * 400_000)
    page = await _drop(screen, long)
    await page.get_by_role("button", name="Check the whole file").click()
    await expect(page.get_by_role("alert").filter(has_text="begins in line 40,002")).to_be_visible()
    await page.get_by_role("button", name="Check the whole file").wait_for()


async def test_refused_rows_are_told_with_their_lines_and_come_as_a_file(screen: Screen) -> None:
    page = await _drop(
        screen, _file("ts,sensor,level\n2026-06-01T00:00:00Z,csv-bad,1\nnever,csv-bad,2\n\n2026-06-01T00:02:00Z,,3\n")
    )
    await page.get_by_role("button", name="Check the whole file").click()
    faults = page.get_by_role("region", name="Why it is refused")
    await expect(faults.get_by_role("row")).to_have_count(3)
    assert await faults.locator("td:first-child").all_inner_texts() == ["3", "5"]
    await screen.assert_accessible()
    async with page.expect_download() as started:
        await page.get_by_role("button", name="2 refused rows as CSV").click()
    path = Path(await (await started.value).path())
    lines = (await asyncio.to_thread(path.read_text)).splitlines()
    assert lines[0] == "line,code,reason,ts,sensor,level"
    assert [line.split(",")[0] for line in lines[1:]] == ["3", "5"]
    assert await _sent_rest(page) == "1 row taken. 2 refused."


async def _sent_rest(page: Page) -> str:
    await page.get_by_role("button", name="Send 1 row").click()
    await page.get_by_role("link", name="Explore it").wait_for()
    return await page.get_by_role("region", name="Progress").get_by_role("status").inner_text()


def _stored_of_files(platform: Platform) -> int:
    """Rows of CSV files that were ever stored."""
    rows = platform.get("/v1/system/ledger")["data"]
    return sum(row["stored"] + row["duplicate"] for row in rows if row["source"] == "csv")


async def test_a_file_on_its_way_can_be_stopped_and_says_what_was_taken(
    screen: Screen, demo: Platform, tmp_path: Path
) -> None:
    before = _stored_of_files(demo)
    start = 1_780_272_000
    long = tmp_path / "stopped.csv"
    long.write_text("ts,level\n" + "".join(f"{start + second},{second % 100}\n" for second in range(400_000)))
    page = await _drop(screen, long)
    await page.get_by_role("button", name="Check the whole file").click()
    await page.get_by_role("button", name=re.compile("^Send 400")).click()
    await page.get_by_role("button", name="Stop").click()
    await page.get_by_text("Sending ended before the end of the file").wait_for()
    status = page.get_by_role("region", name="Progress").get_by_role("status")
    taken = int(re.sub(r"\D", "", (await status.inner_text()).split(" rows")[0]))
    assert taken < 400_000
    await page.get_by_role("button", name="Send again").wait_for()
    await asyncio.to_thread(
        until, lambda: _stored_of_files(demo) - before == taken, 20.0, what=f"the {taken} rows that the page speaks of"
    )


async def test_a_file_is_mapped_on_a_phone_without_scrolling_sideways(screen: Screen) -> None:
    await screen.open("/ui/add?tab=csv", PHONE)
    await screen.page.locator("input[type=file]").set_input_files(_file("ts;Temperatur (°C)\n01.06.2026 00:00;21,5\n"))
    await screen.page.get_by_role("button", name="Check the whole file").wait_for()
    await screen.assert_no_horizontal_scroll()
    await screen.assert_accessible()
    await screen.assert_targets()
