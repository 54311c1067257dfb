"""Every example of docs/api is run as it stands: shell, GraphQL, Python and TypeScript, and answers that are shown are compared."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.conftest import clean_environment
from tests.sdk.typescript import installed_package

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs" / "api").glob("*.md"))
IDS = [page.name for page in PAGES]
LANGUAGES = {"", "sh", "graphql", "python", "typescript", "json"}
HERE = "http://127.0.0.1:8080"

# A read after a write finds it once nothing is on its way; people who type are slower than that.
SETTLE = """
settle() {
  for _ in $(seq 200); do
    command curl -s -H "Authorization: Bearer $PENSTOCK_KEY" "$HERE/v1/system/ledger" | grep -q '"in_flight":[1-9]' || return 0
    sleep 0.05
  done
  echo "rows stay in flight" >&2; return 1
}
"""
PRELUDE = """
set -euo pipefail
curl() { command curl -sS --fail-with-body "$@"; echo; }
"""
# The `nats` command is in no package index: where it is not installed, nats-py sends the subject and payload of the example.
NATS = """
nats() { python -c "$REQUEST" "$@"; }
"""
REQUEST = """
import argparse, asyncio, os
import nats

parser = argparse.ArgumentParser()
parser.add_argument("command", choices=["req"])
parser.add_argument("subject")
parser.add_argument("body")
parser.add_argument("--raw", action="store_true")
asked = parser.parse_args()

async def main():
    client = await nats.connect(os.environ["NATS_URL"])
    print((await client.request(asked.subject, asked.body.encode(), timeout=10)).data.decode())
    await client.close()

asyncio.run(main())
"""
DRIVER = """
import json, sys, time, urllib.request

def settle():
    for _ in range(200):
        ask = urllib.request.Request(sys.argv[2] + "/v1/system/ledger", headers={"Authorization": "Bearer " + sys.argv[3]})
        with urllib.request.urlopen(ask, timeout=10) as answer:
            if not any(row["in_flight"] for row in json.load(answer)["data"]):
                return
        time.sleep(0.05)
    raise SystemExit("rows stay in flight")

names = {"__name__": "__main__"}
for number, block in enumerate(json.loads(sys.argv[1])):
    exec(compile(block, f"block {number}", "exec"), names)
    settle()
"""


def blocks(page: Path) -> list[tuple[str, str]]:
    """(language, text) of each fenced block."""
    return re.findall(r"^```(\w*)\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)


def posted(document: str) -> str:
    """The shell command that asks a GraphQL document."""
    body = shlex.quote(json.dumps({"query": document}))
    return f"""curl "$PENSTOCK_URL/graphql" -H "Authorization: Bearer $PENSTOCK_KEY" --json {body}"""


def environment(platform, **more: str) -> dict[str, str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return clean_environment(PATH=path, PENSTOCK_URL=platform.url, PENSTOCK_KEY=platform.key, HERE=platform.url, **more)


def run(command: list[str], home: Path, env: dict[str, str]) -> str:
    done = subprocess.run(command, cwd=home, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def assert_like(shown: Any, answered: Any, where: str = "the answer") -> None:
    """Members that are shown are there with that value; `…` stands for any. Members that are not shown may be there too."""
    if shown == "…":
        return
    if isinstance(shown, dict):
        assert isinstance(answered, dict), where
        for name, value in shown.items():
            assert name in answered, f"{where} has no {name}: {answered}"
            assert_like(value, answered[name], f"{where}.{name}")
    elif isinstance(shown, list):
        assert isinstance(answered, list), where
        assert len(shown) == len(answered), f"{where}: {answered}"
        for index, value in enumerate(shown):
            assert_like(value, answered[index], f"{where}[{index}]")
    elif isinstance(shown, float):
        assert answered == pytest.approx(shown), where
    else:
        assert answered == shown, where


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_every_block_is_of_a_language_that_is_run(page):
    assert {language for language, _ in blocks(page)} <= LANGUAGES


@pytest.mark.skipif(not shutil.which("curl") or not shutil.which("bash"), reason="needs curl and bash")
@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_shell_and_graphql_examples_answer_as_they_show_and_nats_req_by_nats_py_where_it_is_not_installed(
    page, platform, tmp_path
):
    script, shown = [], []
    for language, text in blocks(page):
        if language in {"sh", "graphql"}:
            script.append(text.replace(HERE, platform.url) if language == "sh" else posted(text))
            shown.append(None)
        elif language == "json" and shown:
            shown[-1] = json.loads(text)
    if not script:
        return
    body = "\nsettle; printf '\\036'\n".join(script)
    tools = PRELUDE if shutil.which("nats") else PRELUDE + NATS
    env = environment(platform, NATS_URL=platform.state()["nats_url"], REQUEST=REQUEST)
    said = run(["bash", "-c", SETTLE + tools + body], tmp_path, env).split("\x1e")
    for expected, answered in zip(shown, said, strict=True):
        if expected is not None:
            assert_like(expected, json.loads(answered[answered.index("{") :]))


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_python_examples_run(page, platform, tmp_path):
    texts = [text for language, text in blocks(page) if language == "python"]
    if texts:
        env = environment(platform, PYTHONPATH=str(ROOT / "sdk" / "python" / "src"))
        run([sys.executable, "-W", "error", "-c", DRIVER, json.dumps(texts), platform.url, platform.key], tmp_path, env)


@pytest.mark.skipif(not shutil.which("node") or not shutil.which("npm"), reason="needs node and npm")
@pytest.mark.timeout(240)
@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_typescript_examples_compile_and_run(page, platform, tmp_path):
    text = "".join(text for language, text in blocks(page) if language == "typescript")
    if not text:
        return
    package = installed_package(tmp_path)
    example = package / "test" / "example.ts"
    example.write_text(text.replace("@penstock/client", "../src/index.js"))
    run(["npx", "tsc", "-p", "tsconfig.test.json"], package, environment(platform))
    run(["node", "build/test/example.js"], package, environment(platform))


@pytest.mark.parametrize(
    ("shown", "answered"),
    [({"a": 1}, {"a": 2}), ({"a": 1}, {}), ([1], []), ({"a": [1]}, {"a": [2]}), ("x", "y"), (1.5, 1.6)],
    ids=["value", "missing", "length", "nested", "text", "number"],
)
def test_an_answer_that_differs_is_noticed(shown, answered):
    assert_like(shown, shown)
    with pytest.raises(AssertionError):
        assert_like(shown, answered)
