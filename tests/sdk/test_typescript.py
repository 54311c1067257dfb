"""The TypeScript client: its types follow from the committed document, it compiles, and it works against a running platform."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.journeys.conftest import clean_environment
from tests.sdk.typescript import FOLDER, installed_package

pytestmark = [
    pytest.mark.skipif(not shutil.which("node") or not shutil.which("npm"), reason="needs node and npm"),
    pytest.mark.timeout(240),
]


def run(*command: str, cwd: Path, **environment: str) -> str:
    done = subprocess.run(
        command, cwd=cwd, env=clean_environment(**environment), capture_output=True, text=True, timeout=200, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def package(tmp_path_factory) -> Path:
    return installed_package(tmp_path_factory.mktemp("typescript"))


def test_the_types_are_those_of_the_committed_document(package):
    run("npm", "run", "types", cwd=package)
    made, committed = (folder / "src" / "schema.ts" for folder in (package, FOLDER))
    assert made.read_text() == committed.read_text(), "run: make openapi"


def test_it_compiles_without_an_error(package):
    run("npm", "run", "check", cwd=package)


def test_it_is_built_and_used_by_another_project_as_its_page_says(package, tmp_path):
    run("npm", "run", "build", cwd=package)
    modules = tmp_path / "node_modules" / "@penstock"
    modules.mkdir(parents=True)
    (modules / "client").symlink_to(package)  # what `npm install` of a folder does
    told = run(
        "node",
        "--input-type=module",
        "--eval",
        "delete process.env.PENSTOCK_KEY;"
        'const { Client, PenstockError } = await import("@penstock/client");'
        "try { new Client() } catch (error) { console.log(error instanceof PenstockError, error.hint) }"
        'process.env.PENSTOCK_KEY = "key"; console.log(new Client({ url: "http://hq.example/" }).url)',
        cwd=tmp_path,
    )
    assert told.splitlines() == ["true pass key, or set PENSTOCK_KEY", "http://hq.example"]


def test_it_works_against_a_running_platform(package, platform):
    told = run("npm", "test", cwd=package, PENSTOCK_URL=platform.url, PENSTOCK_KEY=platform.key)
    assert "# fail 0" in told
    assert "# skipped 0" in told
    assert "# pass 0" not in told


def test_the_lock_names_no_registry():
    assert "resolved" not in (FOLDER / "package-lock.json").read_text()


def test_what_it_depends_on_is_pinned():
    assert not any(mark in (FOLDER / "package.json").read_text() for mark in ('"^', '"~', '"latest'))
