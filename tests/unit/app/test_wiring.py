"""Every row of the registries loads, and a wrong scheme is answered with the right ones."""

from __future__ import annotations

import pytest

from penstock.app.config import Settings
from penstock.app.wiring import BUSES, EMBEDDED_STORES, STORES, open_bus, open_store
from penstock.model.errors import Misconfigured
from penstock.model.time import WallClock


@pytest.mark.parametrize("scheme", BUSES)
def test_every_bus_of_the_registry_can_be_made(scheme, tmp_path):
    settings = Settings(data=tmp_path, nats_url=f"{scheme}://127.0.0.1:1")
    assert open_bus(settings, WallClock()).max_payload > 0


@pytest.mark.parametrize("scheme", STORES)
async def test_every_store_of_the_registry_opens_and_closes(scheme, tmp_path):
    store = open_store(Settings(data=tmp_path, store_url=f"{scheme}:"), WallClock())
    await store.open()
    try:
        assert (await store.state()).series == 0
    finally:
        await store.close()


def test_embedded_stores_are_stores():
    assert set(STORES) >= EMBEDDED_STORES


def test_a_mistyped_scheme_is_refused_with_a_suggestion():
    with pytest.raises(Misconfigured) as refused:
        open_bus(Settings(nats_url="natz://x"), WallClock())
    assert refused.value.hint == "did you mean nats:?"


def test_no_server_named_says_what_to_do():
    with pytest.raises(Misconfigured, match="no NATS server"):
        open_bus(Settings(), WallClock())
