"""The explorer: public, from this server only, and under a policy that would stop anything else."""

import hashlib
import re
from pathlib import Path

import pytest

from penstock.api.graphql.explorer import EXPLORER_POLICY

FILES = Path(__file__).parents[4] / "src/penstock/api/static/graphiql"


async def test_the_page_needs_no_key_and_everything_it_loads_is_here(world):
    client = world.client("")
    page = await client.get("/graphiql")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert not re.search(r"https?://|['\"]//", page.text)
    loaded = re.findall(r"(?:src|href)=\"([^\"]+)\"", page.text)
    scripts = [url for url in loaded if url.startswith("/graphiql/")]
    assert len(scripts) == 6
    for url in scripts:
        answer = await client.get(url)
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/javascript" if url.endswith(".js") else "text/css")
        assert len(answer.content) > 40


async def test_the_policy_allows_no_other_server_and_no_inline_script(world):
    policy = (await world.client("").get("/graphiql")).headers["content-security-policy"]
    assert policy == EXPLORER_POLICY
    assert policy.startswith("default-src 'none'")
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert "http" not in policy
    assert "unsafe-eval" not in policy
    assert not re.search(r"<script(?![^>]*src)", (FILES / "index.html").read_text())


async def test_own_scripts_name_no_other_server(world):
    for name in ("explorer.js", "explorer.css", "index.html"):
        assert not re.search(r"https?://", (FILES / name).read_text()), name


async def test_a_client_without_gzip_gets_the_same_files(world):
    client = world.client("")
    packed = await client.get("/graphiql/react.production.min.js", headers={"accept-encoding": "gzip"})
    plain = await client.get("/graphiql/react.production.min.js", headers={"accept-encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.headers["vary"] == plain.headers["vary"] == "accept-encoding"
    assert packed.content == plain.content


async def test_the_files_are_those_that_their_notes_say(world):
    notes = (FILES / "README.md").read_text()
    said = dict(re.findall(r"\| (\S+\.min\.\w+) \|.*\| ([0-9a-f]{64}) \|", notes))
    assert len(said) == 4
    for name, digest in said.items():
        assert hashlib.sha256((await world.client("").get(f"/graphiql/{name}")).content).hexdigest() == digest
    assert sum(path.stat().st_size for path in FILES.iterdir()) < 1_500_000


@pytest.mark.parametrize(
    "name", ["README.md", "index.html", "LICENSE.react", "x.js", "..%2Fdoor.py", "graphiql.min.js.gz"]
)
async def test_nothing_else_is_served(world, name):
    assert (await world.client("").get(f"/graphiql/{name}")).status_code == 404


async def test_a_browser_that_opens_the_endpoint_is_led_to_the_explorer(world):
    answer = await world.client().get("/graphql", headers={"accept": "text/html,*/*"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/graphiql")
