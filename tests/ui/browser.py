"""Debian's Chromium driven by Playwright: found, started, or the reason why not.

No browser is downloaded: what `apt-get install chromium` gives is used, and nothing that it loads may come from anywhere but
this machine.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import Browser, async_playwright

__all__ = ["APP", "launched", "need", "require_app", "require_browser"]

APP: Final = Path(__file__).parents[2] / "src" / "penstock" / "api" / "static" / "app"
"""The committed bundle of the web app."""

_NAMES: Final = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_FLAGS: Final = (
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
    "--disable-dev-shm-usage",
    "--force-color-profile=srgb",
    "--font-render-hinting=none",
)


def need(what: object, reason: str) -> None:
    """Skip the test for `reason` unless `what` is there; with CI=true it fails instead, so that nothing is left out unseen."""
    if what:
        return
    if os.environ.get("CI", "").lower() in {"1", "true"}:
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def require_browser() -> str:
    """Path of the browser; skips without one."""
    path = next(filter(None, map(shutil.which, _NAMES)), None)
    need(path, "needs Chromium: apt-get install -y --no-install-recommends chromium fonts-dejavu-core")
    assert path is not None
    return path


def require_app() -> None:
    """Skips when the checkout holds no built web app."""
    need((APP / "index.html").exists(), "the web app is not built: make ui")


@asynccontextmanager
async def launched(path: str) -> AsyncGenerator[Browser]:
    """A running browser, ended when left."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=list(_FLAGS))
        yield browser
        await browser.close()
