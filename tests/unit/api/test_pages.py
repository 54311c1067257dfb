"""What `/` answers, the start page and the documentation: self-contained, safe, and working without internet."""

import base64
import hashlib
import re

import pytest

PAGE = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.mark.parametrize("accept", ["*/*", "application/json", "text/html;q=0", ""])
async def test_a_program_hears_what_runs_here(make_world, accept):
    world = await make_world(writes=False)
    answer = await world.client("").get("/", headers={"accept": accept})
    said = answer.json()
    assert (said["name"], said["writes"], said["reads"], said["app"]) == ("penstock", False, True, None)
    assert answer.headers["vary"] == "accept"
    for path in ("docs", "openapi", "ready"):
        assert (await world.client("").get(said[path])).status_code == 200


async def test_a_start_page_without_the_app_says_how_to_build_it(make_world):
    world, ingest = await make_world(), await make_world(reads=False)
    assert "make ui" in (await world.client("").get("/", headers=PAGE)).text
    assert "make ui" not in (await ingest.client("").get("/", headers=PAGE)).text


async def test_the_start_page_needs_no_key_loads_nothing_and_allows_nothing(world):
    answer = await world.client("").get("/", headers=PAGE)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"(src|href)=['\"]?(https?:)?//", answer.text)
    assert "<script" not in answer.text
    assert "/docs" in answer.text
    assert "Not signed in" in answer.text


async def test_the_style_is_the_one_that_the_policy_allows(world):
    answer = await world.client("").get("/", headers=PAGE)
    style = re.search(r"<style>(.*?)</style>", answer.text, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in answer.headers["content-security-policy"]


async def test_the_page_shows_the_tenant_and_the_links_of_whoever_is_signed_in(world):
    answer = await world.client().get("/", headers=PAGE)
    assert "<b>acme</b>" in answer.text
    assert "/v1/latest" in answer.text


async def test_a_hostile_host_header_cannot_inject_markup(world):
    answer = await world.client("").get("/", headers={**PAGE, "host": 'x"><script>alert(1)</script>'})
    assert "<script" not in answer.text


async def test_the_sample_on_the_page_is_a_command_that_works(world):
    page = (await world.client("").get("/", headers=PAGE)).text
    assert "curl http://penstock.test/v1/readings" in page
    assert "$(date +%s000)'}'" in page.replace("&#x27;", "'")


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
async def test_the_documentation_works_without_internet(world, path):
    client = world.client("")
    answer = await client.get(path)
    assert answer.status_code == 200
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    loaded = re.findall(r"(?:src|href)=\"([^\"]+)\"", answer.text)
    assert loaded
    for url in loaded:
        if not url.startswith("data:"):
            assert url.startswith("/"), url
            assert (await client.get(url)).status_code == 200


async def test_no_file_outside_the_documentation_is_served(world):
    for path in (
        "/static-offline-docs/../core.py",
        "/static-offline-docs/%2e%2e/core.py",
        "/static-offline-docs/none.js",
    ):
        assert (await world.client("").get(path)).status_code == 404
