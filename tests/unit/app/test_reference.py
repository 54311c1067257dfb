"""The reference pages are what the code says."""

from __future__ import annotations

from pathlib import Path

import pytest

from penstock.app.reference import PAGES

DOCS = Path(__file__).parents[3] / "docs"


@pytest.mark.parametrize("name", PAGES)
def test_a_generated_page_is_current(name):
    fix = "run: make openapi (or, without npm: python -m penstock.app.reference docs)"
    assert (DOCS / name).read_text(encoding="utf-8") == PAGES[name](), fix
