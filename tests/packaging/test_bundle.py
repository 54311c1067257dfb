"""What is shipped: the web app of the sources beside it, within its budget, loading nothing from elsewhere."""

from __future__ import annotations

import gzip
import json
import re
import runpy
import shutil
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
APP = ROOT / "src" / "penstock" / "api" / "static" / "app"
TOOL = runpy.run_path(str(ROOT / "ui" / "sources_hash.py"))

KB = 1_000
FIRST_JS, ROUTE_JS, ALL_JS, FIRST_CSS = 200 * KB, 40 * KB, 420 * KB, 12 * KB
CHUNK = 250 * KB
"""As it lies in the repository."""
WORTH_PACKING = 1_024

has_app = pytest.mark.skipif(not (ROOT / "ui" / "package.json").exists(), reason="this tree has no web app")

_ELSEWHERE = re.compile(r"(?:https?:|wss?:)?//[a-z0-9-]+(?:\.[a-z0-9-]+)+[^\s\"'`)<\\]*", re.IGNORECASE)
_NEVER_FETCHED = (
    "http://www.w3.org/",  # names of XML namespaces
    "https://react.dev/",  # where React's errors are explained
)


def gz(path: Path) -> int:
    return len(gzip.compress(path.read_bytes(), 9))


def loaded_first(kind: str) -> list[Path]:
    """Files that index.html itself names: its scripts and what they need at once (`js`), its style sheets (`css`)."""
    named = re.findall(r"(?:src|href)=\"?/ui/([^\s\">]+)", (APP / "index.html").read_text())
    return [APP / name for name in dict.fromkeys(named) if name.endswith(f".{kind}")]


def texts() -> list[Path]:
    return sorted(p for p in APP.rglob("*") if p.suffix in {".css", ".html", ".js", ".json", ".svg", ".webmanifest"})


@has_app
@pytest.mark.parametrize("folder", [TOOL["BUNDLE"], TOOL["BENCH"]])
def test_what_is_built_is_of_the_sources_beside_it(folder):
    assert TOOL["fault_of_bundle"](ROOT, folder) is None


@has_app
def test_what_is_loaded_first_is_small():
    assert loaded_first("js")
    assert sum(map(gz, loaded_first("js"))) <= FIRST_JS
    assert sum(map(gz, loaded_first("css"))) <= FIRST_CSS


@has_app
def test_what_is_loaded_later_is_small_and_so_is_the_whole():
    scripts = sorted(APP.rglob("*.js"))
    first = set(loaded_first("js"))
    assert {p.name: gz(p) for p in scripts if p not in first and gz(p) > ROUTE_JS} == {}
    assert sum(map(gz, scripts)) <= ALL_JS
    assert {p.name: p.stat().st_size for p in scripts if p.stat().st_size >= CHUNK} == {}


@has_app
def test_every_file_that_shrinks_lies_there_precompressed():
    for path in texts():
        if path.stat().st_size >= WORTH_PACKING:
            packed = path.with_name(path.name + ".gz")
            assert gzip.decompress(packed.read_bytes()) == path.read_bytes()
            assert path.with_name(path.name + ".br").stat().st_size < path.stat().st_size


@has_app
def test_nothing_is_loaded_from_elsewhere():
    found = {}
    for path in texts():
        text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
        urls = {url for url in _ELSEWHERE.findall(text) if not url.startswith(_NEVER_FETCHED)}
        if urls:
            found[path.name] = urls
    assert found == {}


# -- the tool that says so


@pytest.fixture
def tree(tmp_path):
    (tmp_path / "ui" / "src").mkdir(parents=True)
    (tmp_path / "ui" / "src" / "main.tsx").write_text("export {};")
    (tmp_path / "ui" / "package.json").write_text("{}")
    schema = tmp_path / "sdk" / "typescript" / "src" / "schema.ts"
    schema.parent.mkdir(parents=True)
    schema.write_text("export interface paths {}")
    bundle = tmp_path / TOOL["BUNDLE"]
    bundle.mkdir(parents=True)
    (bundle / "index.html").touch()
    build = {"sources": TOOL["sources_hash"](tmp_path)}
    (bundle / "BUILD.json").write_text(json.dumps(build))
    return tmp_path


def test_what_tools_fill_does_not_count(tree):
    before = TOOL["sources_hash"](tree)
    for name in ("node_modules", "dist", ".build", ".vite", "gallery-out"):
        (tree / "ui" / "src" / name).mkdir()
        (tree / "ui" / "src" / name / "x").write_text(name)
    assert TOOL["sources_hash"](tree) == before


@pytest.mark.parametrize("path", ["ui/src/main.tsx", "ui/package.json", "sdk/typescript/src/schema.ts"])
def test_any_change_of_a_source_makes_the_bundle_stale(tree, path):
    assert TOOL["fault_of_bundle"](tree) is None
    (tree / path).write_text((tree / path).read_text() + " ")
    assert "other sources" in TOOL["fault_of_bundle"](tree)


def test_moving_bytes_between_name_and_content_is_a_change(tree):
    before = TOOL["sources_hash"](tree)
    (tree / "ui" / "src" / "main.tsx").rename(tree / "ui" / "src" / "main.ts")
    assert TOOL["sources_hash"](tree) != before


@pytest.mark.parametrize("build", [None, "", "[]", "{}"])
def test_a_bundle_that_does_not_say_what_it_is_of_is_refused(tree, build):
    said = tree / TOOL["BUNDLE"] / "BUILD.json"
    said.unlink() if build is None else said.write_text(build)
    assert "does not say" in TOOL["fault_of_bundle"](tree)


def test_no_bundle_is_refused_with_how_to_make_one(tree):
    (tree / TOOL["BUNDLE"] / "index.html").unlink()
    assert "make ui" in TOOL["fault_of_bundle"](tree)


# -- the build


class HookInterface:
    """What hatchling gives its hooks: the root of what is built."""

    def __init__(self, root):
        self.root = str(root)


@pytest.fixture
def hook(tree, monkeypatch):
    shutil.copy(ROOT / "ui" / "sources_hash.py", tree / "ui")
    (tree / TOOL["BUNDLE"] / "BUILD.json").write_text(json.dumps({"sources": TOOL["sources_hash"](tree)}))
    interface = ModuleType("interface")
    interface.BuildHookInterface = HookInterface
    name = "hatchling.builders.hooks.plugin.interface"
    for depth in range(1, 5):
        package = ".".join(name.split(".")[:depth])
        monkeypatch.setitem(sys.modules, package, ModuleType(package))
    monkeypatch.setitem(sys.modules, name, interface)
    return runpy.run_path(str(ROOT / "hatch_build.py"))["BundleHook"](tree)


def test_a_wheel_holds_the_app_of_its_sources_or_is_not_made(hook, tree):
    hook.initialize("standard", {})
    (tree / "ui" / "package.json").write_text("{ }")
    with pytest.raises(RuntimeError, match="other sources"):
        hook.initialize("standard", {})


def test_an_editable_install_needs_no_app(hook, tree):
    (tree / TOOL["BUNDLE"] / "index.html").unlink()
    hook.initialize("editable", {})
