"""What must hold for every screen in every state: WCAG 2.2 AA, no overflow, reflow, zoom, targets, reduced motion.

One load serves all of it: window, colours and pointer are changed under the page. Structure is judged once per width
and contrast in every pair of width and scheme, because a scheme changes colours only.
"""

from __future__ import annotations

from typing import Final

from tests.ui.screen import Mode, Screen

__all__ = ["glance", "inspect", "inspect_language"]

_WHOLE: Final = (Mode(1280, "light"), Mode(360, "dark"))
_COLOURS: Final = (Mode(1280, "dark"), Mode(360, "light"))
_CONTRAST: Final = ("color-contrast", "link-in-text-block")
_REFLOW: Final = 320
"""CSS px in which a page must do without sideways scrolling (WCAG 1.4.10)."""
_ZOOMED: Final = (640, 400)
"""A window of 1280 × 800 px at 200 %."""


async def inspect(screen: Screen) -> list[str]:
    """What is wrong with the page as it stands, with the mode in which it is; empty when nothing is."""
    found: list[str] = []
    for mode in _WHOLE:
        await screen.look(mode)
        lines = await screen.violations() + await screen.overflow() + await screen.moving()
        lines += await screen.small_targets() if mode.touch else []
        found += [f"{mode.name}: {line}" for line in lines]
    for mode in _COLOURS:
        await screen.look(mode)
        found += [f"{mode.name}: {line}" for line in await screen.violations(_CONTRAST)]
    await screen.resize(_REFLOW)
    found += [f"{_REFLOW}: {line}" for line in await screen.overflow()]
    await screen.look(Mode(1280))
    await screen.resize(*_ZOOMED)
    found += [f"200 %: {line}" for line in await screen.overflow()]
    return found


async def glance(screen: Screen) -> list[str]:
    """The same where only a message was added to a screen that was inspected: on a phone, in the scheme not looked at there."""
    mode = Mode(360, "light")
    await screen.look(mode)
    return [f"{mode.name}: {line}" for line in await screen.violations() + await screen.overflow()]


async def inspect_language(screen: Screen) -> list[str]:
    """What does not hold the longer words of another language, at both widths."""
    found: list[str] = []
    for mode in (Mode(1280), Mode(360)):
        await screen.look(mode)
        found += [f"{mode.name}: {line}" for line in await screen.overflow() + await screen.cut_texts()]
    return found
