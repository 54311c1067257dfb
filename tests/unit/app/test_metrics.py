"""What a scrape of the data side says."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from penstock.app.metrics import data_metrics
from penstock.bus.memory import MemoryBus
from penstock.model.ledger import Part
from penstock.pipeline.runner import Runner
from penstock.store.series.memory import MemorySeriesStore
from tests.contracts.stores import POWER, T0, FixedClock, frame

FATES = {"received", "stored", "duplicate", "superseded", "rejected", "dead_lettered"}


async def scraped(store: MemorySeriesStore) -> dict[tuple[str, str, str], float]:
    """(tenant, source, fate) → the ledger's count."""
    bus = MemoryBus()
    await bus.open()
    text = await data_metrics(store, bus, Runner(bus, store, FixedClock()), FixedClock())
    await bus.close()
    (family,) = [f for f in text_string_to_metric_families(text) if f.name == "penstock_ledger_readings"]
    return {tuple(s.labels[name] for name in ("tenant", "source", "fate")): s.value for s in family.samples}


async def test_the_ledger_is_told_by_tenant_source_and_fate():
    store = MemorySeriesStore(FixedClock())
    await store.commit([frame([(POWER, T0, 1.0, 1), (POWER, T0, 1.0, 1)], parts=[Part("r", "line", 2, 3)])])
    said = await scraped(store)
    assert {fate for _, _, fate in said} == FATES
    assert said["acme", "line", "received"] == 5
    assert (said["acme", "line", "stored"], said["acme", "line", "duplicate"]) == (1, 1)
    assert said["acme", "line", "rejected"] == 3


@pytest.mark.parametrize("sources", [1_000, 1_500])
async def test_very_many_names_of_sources_do_not_flood_the_scrape(sources):
    store = MemorySeriesStore(FixedClock())
    await store.commit([frame(parts=[Part(f"r{i}", f"s{i}", 0, 1 + i) for i in range(sources)])])
    said = await scraped(store)
    received = {source: value for (_, source, fate), value in said.items() if fate == "received"}
    assert len(received) == min(sources, 1_001)
    assert sum(received.values()) == sum(1 + i for i in range(sources))
    assert received["s999"] == 1_000
