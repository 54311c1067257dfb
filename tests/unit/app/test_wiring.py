"""Every row of the registries loads, and a wrong scheme is answered with the right ones."""

from __future__ import annotations

import pytest

from penstock.app.config import Settings
from penstock.app.wiring import BUSES, EMBEDDED_STORES, STORES, broker_address, open_bus, open_store
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


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("nats://127.0.0.1:4229", "nats://127.0.0.1:4229"),
        ("tls://penstock:s3cret@[::1]:4222", "tls://[::1]:4222"),
        ("nats://u:p@one:4222, nats://token@two:4222", "nats://one:4222,nats://two:4222"),
        ("memory:", None),
    ],
)
def test_a_broker_is_named_to_others_without_its_credentials(url, told):
    assert broker_address(Settings(nats_url=url)) == told


def test_no_server_named_says_what_to_do():
    with pytest.raises(Misconfigured, match="no NATS server"):
        open_bus(Settings(), WallClock())
