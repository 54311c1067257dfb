"""The gates notice what they are there for: a page without a fault passes, and each fault alone is found."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
import pytest_asyncio

from tests.ui.gates import inspect, inspect_language
from tests.ui.screen import DESKTOP, PHONE, Screen
from tests.ui.serve import POLICY, serving
from tests.ui.states import DETAIL, answering, go_offline

PAGE = "/good.html"


@pytest_asyncio.fixture(loop_scope="session")
async def show(browser):
    """Opens the page without a fault, with the web app's policy or without one."""
    with ExitStack() as stack:
        contexts = []

        async def shown(policy: str | None = POLICY) -> Screen:
            headers = {"content-security-policy": policy} if policy else {}
            origin = stack.enter_context(serving(Path(__file__).with_name("fixtures"), headers))
            contexts.append(context := await browser.new_context())
            screen = await Screen.of(context, origin)
            await screen.open(PAGE)
            return screen

        yield shown
        for context in contexts:
            await context.close()


async def test_a_page_without_a_fault_passes_every_gate(show):
    screen = await show()
    assert await inspect(screen) == []
    assert await inspect_language(screen) == []
    assert screen.watch.findings == []


FAULTS = {
    "a button without a name": ("more.textContent = ''", "axe button-name"),
    "grey on grey": ("more.style.color = 'light-dark(#aaa, #555)'", "axe color-contrast"),
    "contrast that is lost in the dark only": ("more.style.color = '#111'", "1280-dark: axe color-contrast"),
    "a field without a label": ("main.append(document.createElement('input'))", "axe label"),
    "a link too small for a finger": ("document.querySelector('.brand').style.padding = 0", "target: <a.brand>"),
    "a block wider than a phone": ("more.style.width = '350px'", "360-dark: overflow: <button#more>"),
    "a block wider than 320 px": ("more.style.width = '310px'", "320: overflow: <button#more>"),
    "a block wider than the window at 200 %": ("more.style.width = '700px'", "200 %: overflow: <button#more>"),
    "an animation in spite of reduced motion": (
        "more.animate([{opacity: 1}, {opacity: 0.9}], {duration: 900, iterations: Infinity})",
        "moves: <button#more>",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_gate_notices(show, fault):
    script, expected = FAULTS[fault]
    screen = await show()
    await screen.page.evaluate(f"() => {{ {script} }}")
    found = await inspect(screen)
    assert any(expected in line for line in found), found


async def test_a_word_that_its_button_cuts_off_is_noticed(show):
    screen = await show()
    await screen.page.evaluate(
        "() => { Object.assign(more.style, {width: '60px', overflow: 'hidden', whiteSpace: 'nowrap'}); more.textContent = '[Möré réådîñgs~~~~~]' }"
    )
    assert any("cut: <button#more>" in line for line in await inspect_language(screen))


@pytest.mark.parametrize(("style", "is_cut"), [("justify-content: end", True), ("text-align: end", False)])
async def test_a_number_whose_first_digits_are_cut_off_is_noticed(show, style, is_cut):
    screen = await show()
    await screen.page.evaluate(
        """(style) => {
          const sheet = new CSSStyleSheet();
          sheet.replaceSync(`.cell { width: 60px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; ${style} }
            .cell { display: ${style.startsWith("text") ? "block" : "flex"} }`);
          document.adoptedStyleSheets.push(sheet);
          const cell = Object.assign(document.createElement("div"), {className: "cell", textContent: "123,456,789 kWh"});
          main.append(cell);
        }""",
        style,
    )
    found = [
        line for line in await inspect_language(screen) if "<div.cell> " in line and "begins before its box" in line
    ]
    assert bool(found) is is_cut


async def test_a_target_that_is_larger_than_it_looks_is_accepted(show):
    screen = await show()
    await screen.look(PHONE)
    await screen.page.evaluate(
        """() => {
          const sheet = new CSSStyleSheet();
          sheet.replaceSync(".small { min-width: 24px; min-height: 24px; width: 24px; height: 24px; padding: 0; position: relative }"
            + ".small::after { content: ''; position: absolute; inset: -12px }");
          document.adoptedStyleSheets.push(sheet);
          more.textContent = "+"; more.className = "small"; more.parentElement.style.padding = "20px";
        }"""
    )
    assert await screen.small_targets() == []
    await screen.page.evaluate(
        "() => { more.className = 'small'; document.adoptedStyleSheets = [] ; more.style.minWidth = more.style.minHeight = '20px' }"
    )
    assert await screen.small_targets() != []


async def test_a_finger_is_coarse_and_a_mouse_is_fine(show):
    screen = await show()
    coarse = "() => matchMedia('(pointer: coarse)').matches"
    assert not await screen.page.evaluate(coarse)
    await screen.look(PHONE)
    assert await screen.page.evaluate(coarse)
    await screen.look(DESKTOP)
    assert not await screen.page.evaluate(coarse)


NOISE = {
    "an error on the console": ("console.error('lost')", "console: lost"),
    "an error that nobody catches": ("setTimeout(() => { throw new Error('thrown') })", "thrown"),
    "an answer that is an error": ("fetch('/nothing').catch(() => 0)", "answer 404"),
    "a request to elsewhere": ("fetch('https://example.org/').catch(() => 0)", "foreign origin: https://example.org/"),
    "a socket to elsewhere": ("new WebSocket('ws://example.org/')", "foreign origin: ws://example.org/"),
}


@pytest.mark.parametrize("noise", NOISE)
async def test_the_watch_notices(show, noise):
    script, expected = NOISE[noise]
    screen = await show(policy=None)
    await screen.page.evaluate(f"() => {{ {script} }}")
    await _until(screen, lambda: any(expected in line for line in screen.watch.findings))


async def test_the_watch_notices_what_the_policy_refuses(show):
    screen = await show()
    await screen.page.evaluate(
        "() => { const inline = document.createElement('script'); inline.textContent = '1'; document.body.append(inline) }"
    )
    await _until(screen, lambda: any("Content Security Policy" in line for line in screen.watch.findings))


async def test_a_page_that_never_settles_is_reported_with_its_errors(show):
    screen = await show()
    await screen.page.evaluate("() => { document.documentElement.dataset.settled = 'false'; console.error('stuck') }")
    with pytest.raises(AssertionError, match=r"data-settled.*stuck"):
        await screen.settle(0.5)


async def test_a_problem_is_answered_in_the_place_of_the_platform(show):
    screen = await show()
    await answering(screen, 429)
    told = await screen.page.evaluate(
        "async () => { const r = await fetch('/v1/latest'); return [r.status, r.headers.get('retry-after'), await r.json()] }"
    )
    assert told[:2] == [429, "30"]
    assert told[2]["detail"] == DETAIL
    assert screen.watch.findings == []


async def test_offline_nothing_arrives_and_nothing_is_held_against_the_page(show):
    screen = await show()
    await go_offline(screen)
    assert not await screen.page.evaluate("() => fetch('/good.css?again').then(() => true, () => false)")
    assert not await screen.page.evaluate("() => navigator.onLine")
    assert screen.watch.findings == []


async def test_the_instant_at_which_a_number_is_painted_is_told(show):
    screen = await show()
    await screen.probe("expectNumbers", [100_001])
    before = await screen.page.evaluate("() => { more.textContent = '100,001 W'; return Date.now() }")
    await screen.until("() => '100001' in window.__probes.arrivals()")
    assert 0 <= (await screen.probe("arrivals"))["100001"] - before + 1 < 5_000


async def test_a_layout_that_jumps_is_measured(show):
    screen = await show()
    await screen.page.evaluate("() => { document.querySelector('header').style.marginTop = '300px' }")
    await screen.until("() => window.__probes.shift().sum > 0.05")


async def _until(screen: Screen, condition: Callable[[], bool]) -> None:
    for _ in range(100):
        if condition():
            return
        await screen.probe("afterPaint", wait=True)
    raise AssertionError(screen.watch.findings)
