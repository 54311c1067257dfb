"""The web app's files: who gets what, in which form, for how long; and what is never served."""

import gzip
import os

import pytest

from penstock.api.web.bundle import Bundle

PAGE = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
INDEX = b"<!doctype html><title>Penstock</title><script type=module src=/ui/assets/main-0a1b2c3d.js></script>"
MAIN = b"export const answer = 42;\n" * 40


@pytest.fixture
def built(tmp_path):
    root = tmp_path / "app"
    (root / "assets").mkdir(parents=True)
    (root / "index.html").write_bytes(INDEX)
    (root / "sw.js").write_bytes(b"// nothing yet\n")
    (root / "manifest.webmanifest").write_bytes(b"{}")
    (root / "assets" / "main-0a1b2c3d.js").write_bytes(MAIN)
    (root / "assets" / "main-0a1b2c3d.js.gz").write_bytes(gzip.compress(MAIN, mtime=0))
    (root / "assets" / "main-0a1b2c3d.js.br").write_bytes(b"(brotli)")
    (root / "assets" / "data").mkdir()
    (tmp_path / "secret.json").write_text("{}")
    return root


@pytest.fixture
async def client(make_world, built):
    return (await make_world(app=built)).client("")


@pytest.mark.parametrize("path", ["/ui/", "/ui/fleet", "/ui/sites/north.plant", "/ui/batteries/a%2Fb?tz=UTC"])
async def test_a_browser_gets_the_page_for_every_screen(client, path):
    answer = await client.get(path, headers=PAGE)
    assert (answer.status_code, answer.content) == (200, INDEX)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"


async def test_the_page_may_load_from_here_only_and_run_nothing_inline(client):
    policy = (await client.get("/ui/", headers=PAGE)).headers["content-security-policy"]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'self'"
    assert rules["img-src"] == "'self' data: blob:"
    assert rules["style-src"] == "'self' 'unsafe-inline'"
    assert rules["frame-ancestors"] == "'none'"
    assert "script-src" not in rules


async def test_hashed_files_are_kept_for_ever_and_everything_else_is_asked_for_each_time(client):
    for path, kept in (
        ("assets/main-0a1b2c3d.js", "public, max-age=31536000, immutable"),
        ("index.html", "no-cache"),
        ("sw.js", "no-cache"),
        ("manifest.webmanifest", "no-cache"),
    ):
        assert (await client.get(f"/ui/{path}")).headers["cache-control"] == kept


@pytest.mark.parametrize(
    ("path", "media"),
    [
        ("assets/main-0a1b2c3d.js", "text/javascript; charset=utf-8"),
        ("manifest.webmanifest", "application/manifest+json"),
    ],
)
async def test_types_do_not_depend_on_the_machine(client, path, media):
    answer = await client.get(f"/ui/{path}")
    assert answer.headers["content-type"] == media
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, deflate, br", "br"),
        ("gzip", "gzip"),
        ("br;q=0, gzip;q=0.5", "gzip"),
        ("*", "br"),
        ("*;q=0", None),
        ("identity", None),
        ("", None),
        ("gzip;q=high", None),
    ],
)
async def test_the_smallest_form_that_the_client_takes(client, accepted, coding):
    async with client.stream("GET", "/ui/assets/main-0a1b2c3d.js", headers={"accept-encoding": accepted}) as answer:
        raw = b"".join([part async for part in answer.aiter_raw()])
    assert answer.headers.get("content-encoding") == coding
    assert "accept-encoding" in answer.headers["vary"]
    assert raw == {"br": b"(brotli)", "gzip": gzip.compress(MAIN, mtime=0), None: MAIN}[coding]


async def test_a_file_without_precompressed_forms_is_sent_as_it_is(client):
    answer = await client.get("/ui/sw.js", headers={"accept-encoding": "br, gzip"})
    assert "content-encoding" not in answer.headers


async def test_the_etag_is_of_the_content_and_a_known_one_is_not_sent_again(client, built):
    first = await client.get("/ui/", headers=PAGE)
    stat = (built / "index.html").stat()
    again = await client.get("/ui/", headers={**PAGE, "if-none-match": f'"x", W/{first.headers["etag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    changed = INDEX.replace(b"0a1b2c3d", b"9z8y7x6w")
    (built / "index.html").write_bytes(changed)
    os.utime(built / "index.html", ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    newer = await client.get("/ui/", headers={**PAGE, "if-none-match": first.headers["etag"]})
    assert (newer.status_code, newer.content) == (200, changed)


async def test_forms_of_a_file_have_etags_of_their_own(client):
    tags = {
        (await client.get("/ui/assets/main-0a1b2c3d.js", headers={"accept-encoding": coding})).headers["etag"]
        for coding in ("identity", "gzip")
    }
    assert len(tags) == 2


@pytest.mark.parametrize("path", ["assets/gone-11111111.js", "assets/data", "assets/"])
@pytest.mark.parametrize("headers", [{}, PAGE])
async def test_a_missing_asset_is_never_answered_with_the_page(client, path, headers):
    answer = await client.get(f"/ui/{path}", headers=headers)
    assert answer.status_code == 404
    assert "load it again" in answer.json()["hint"]


@pytest.mark.parametrize("path", ["fleet", "favicon.ico", "assets/main-0a1b2c3d.js.br", "BUILD.txt"])
async def test_a_program_hears_that_there_is_no_such_file(client, path):
    assert (await client.get(f"/ui/{path}")).status_code == 404


@pytest.mark.parametrize(
    "path",
    ["../secret.json", "%2e%2e/secret.json", "..%2fsecret.json", "assets/../../secret.json", "%2fetc%2fpasswd.txt"],
)
async def test_nothing_outside_the_bundle_is_served(client, path):
    answer = await client.get(f"/ui/{path}")
    assert answer.status_code == 404, answer.text


@pytest.mark.parametrize("name", ["a\0.js", "x" * 5_000 + ".js", "index.html/x.js", "link.json"])
def test_names_that_no_file_of_the_bundle_has_are_not_found(built, name):
    (built / "link.json").symlink_to(built.parent / "secret.json")
    assert Bundle(built).find(name) is None


async def test_only_reading_is_possible(client):
    answer = await client.post("/ui/index.html")
    assert answer.status_code in {401, 405}


async def test_the_folder_without_its_slash_leads_to_the_app(client):
    answer = await client.get("/ui")
    assert (answer.status_code, answer.headers["location"]) == (308, "/ui/")


async def test_a_browser_is_led_from_the_root_to_the_app_and_so_is_who_signs_in(make_world, built):
    world = await make_world(app=built)
    answer = await world.client("").get("/", headers=PAGE)
    assert (answer.status_code, answer.headers["location"]) == (307, "/ui/")
    assert (await world.client("").get("/")).json()["app"] == "/ui/"
    login = await world.client("").get("/login", params={"k": world.keys.one_time_code("acme")})
    assert login.headers["location"] == "/ui/"


async def test_a_process_that_only_takes_readings_has_no_app(make_world, built):
    world = await make_world(app=built, reads=False)
    assert (await world.client("").get("/ui/", headers=PAGE)).status_code == 404
    assert (await world.client("").get("/", headers=PAGE)).status_code == 200
    login = await world.client("").get("/login", params={"k": world.keys.one_time_code("acme")})
    assert login.headers["location"] == "/"


async def test_a_checkout_without_the_app_leads_back_to_the_page_that_says_how_to_build_it(world):
    browser = await world.client("").get("/ui/fleet", headers=PAGE)
    assert (browser.status_code, browser.headers["location"]) == (307, "/")
    program = await world.client("").get("/ui/")
    assert (program.status_code, program.json()["code"]) == (404, "app_not_built")
