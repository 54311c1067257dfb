"""Where screens are shown: one browser, one demonstration platform, and a signed-in context for each test."""

from __future__ import annotations

import json
from typing import Final, Literal

from playwright.async_api import Browser, BrowserContext

from penstock.accounts.keys import KeyRing
from penstock.api.auth import COOKIE
from tests.journeys.conftest import Platform
from tests.ui.screen import Screen

__all__ = ["DEMO", "NEWCOMER", "Stage", "signed_in"]

DEMO: Final = "default"
"""The tenant that `penstock up --demo` fills."""
NEWCOMER: Final = "newcomer"
"""A tenant in which nothing was ever stored."""
_ZONE: Final = "Europe/Berlin"
_LANGUAGE_KEPT: Final = "penstock.locale"
"""Where the web app keeps the language that a person chose (localStorage)."""


def signed_in(platform: Platform, tenant: str) -> str:
    """The secret of a new browser session of `tenant`, as a sign-in link gives it."""
    ring = KeyRing(platform.data / "keys.json")
    return ring.redeem(ring.one_time_code(tenant))


class Stage:
    """Opens screens of `platform`; `close` ends them and tells what went wrong in any of them without being looked at."""

    def __init__(self, browser: Browser, platform: Platform) -> None:
        self.platform = platform
        self._browser = browser
        self._shown: list[tuple[BrowserContext, Screen]] = []

    async def screen(
        self,
        tenant: str | None = DEMO,
        *,
        language: str | None = None,
        service_workers: Literal["allow", "block"] = "block",
    ) -> Screen:
        """An empty page, signed in to `tenant` (None: signed out), in `language` (`de`, `fr`, `pseudo`; None: English).

        Service workers are blocked, so that every request can be seen and answered by the test, unless it allows them.
        """
        context = await self._browser.new_context(
            locale="en-GB", timezone_id=_ZONE, service_workers=service_workers, accept_downloads=True
        )
        await context.grant_permissions(["clipboard-read", "clipboard-write"], origin=self.platform.url)
        if tenant is not None:
            cookie = {"name": COOKIE, "value": signed_in(self.platform, tenant), "url": self.platform.url}
            await context.add_cookies([{**cookie, "httpOnly": True, "sameSite": "Strict"}])
        if language is not None:
            key, value = json.dumps(_LANGUAGE_KEPT), json.dumps(language)
            # The blank page before the first address has no storage.
            await context.add_init_script(f"if (location.host) localStorage.setItem({key}, {value})")
        screen = await Screen.of(context, self.platform.url)
        self._shown.append((context, screen))
        return screen

    async def close(self) -> list[str]:
        """End all pages; what their watches found."""
        found: list[str] = []
        for context, screen in self._shown:
            await context.close()
            found += screen.watch.findings
        self._shown.clear()
        return found
