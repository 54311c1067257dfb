"""All metrics of the platform keep Prometheus's rules of naming, as `promtool check metrics` judges them."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

import penstock.api.app
import penstock.api.tcp.server  # noqa: F401 - its metrics are registered when it is imported
from penstock.app.metrics import data_metrics
from penstock.bus.memory import MemoryBus
from penstock.model.ledger import Part
from penstock.pipeline.runner import Runner
from penstock.store.series.memory import MemorySeriesStore
from tests.contracts.stores import POWER, T0, FixedClock, frame

PROGRAMS = os.environ.get("PENSTOCK_TEST_PROMETHEUS")
NOT_BASE = re.compile(
    r"_(milli|micro|nano|kilo|mega|giga)?(minutes|hours|days|weeks|milliseconds|ms|kilobytes|mb|kb|percent)(_|$)"
)


@pytest.fixture
async def text():
    """What a scrape shows: this process's metrics, then those of the data side."""
    store, bus = MemorySeriesStore(FixedClock()), MemoryBus()
    await store.commit([frame([(POWER, T0, 1.0, 1)], parts=[Part("r", "line", 1, 0)])])
    await bus.open()
    told = await data_metrics(store, bus, Runner(bus, store, FixedClock()), FixedClock())
    await bus.close()
    return generate_latest().decode() + told


async def test_every_family_says_what_it_is_and_is_named_by_the_rules(text):
    families = [f for f in text_string_to_metric_families(text) if re.match("penstock_.*(?<!_created)$", f.name)]
    assert len(families) > 30
    for family in families:
        assert family.documentation, family.name
        assert re.fullmatch(r"[a-z][a-z0-9_]*", family.name)
        assert not NOT_BASE.search(family.name), f"{family.name}: seconds and bytes are the base units"
        assert not re.search(r"_(total|count|sum|bucket|info)$", family.name), family.name
        if family.type == "counter":
            assert {s.name for s in family.samples} <= {f"{family.name}_total", f"{family.name}_created"}
        for unit in ("seconds", "bytes"):
            assert f"_{unit}_" not in family.name, f"{family.name}: the unit comes last"


async def test_no_family_is_told_twice(text):
    names = re.findall(r"^# TYPE (\S+)", text, re.MULTILINE)
    assert len(names) == len(set(names))


@pytest.mark.live
@pytest.mark.skipif(not PROGRAMS, reason="PENSTOCK_TEST_PROMETHEUS names no folder with promtool")
def test_promtool_finds_nothing_to_complain_about(text):
    checked = subprocess.run(
        [Path(PROGRAMS) / "promtool", "check", "metrics"], input=text, text=True, capture_output=True, check=False
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")
