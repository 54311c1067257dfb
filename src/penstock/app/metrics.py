"""The data side's metrics, as Prometheus text: the ledger, how far behind the store is, and what the bus still holds.

Everything is read when it is asked for, so a scrape costs nothing between scrapes and never shows two counts of one fact.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from penstock.bus import Bus, Lane, Pending
from penstock.model.ledger import Counts, LedgerRow
from penstock.model.time import Clock
from penstock.pipeline.lanestats import LaneStats
from penstock.pipeline.runner import Runner
from penstock.store.series import SeriesStore, State

__all__ = ["data_metrics"]

_MAX_SOURCES: Final = 1_000
_OTHERS: Final = "(others)"
"""The sum of a tenant's smaller sources; no client can name its own like this."""


class _Families(Collector):
    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


async def data_metrics(store: SeriesStore, bus: Bus, runner: Runner, clock: Clock, *, lost: int = 0) -> str:
    """Exposition text of the process that owns the store; `lost` messages were found damaged by the bundled broker. Raises Unavailable when store or bus are away."""
    pending = {lane: await bus.pending(lane) for lane in Lane}
    families = [
        *_ledger(await store.ledger(None)),
        *_store(await store.state()),
        _lag(runner, clock.now()),
        *_lanes(pending),
        *_commits(runner),
        _counter("penstock_broker_lost_messages", "Acknowledged messages that were damaged on the broker's disk", lost),
    ]
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Families(families))
    return generate_latest(registry).decode()


def _ledger(rows: Iterable[LedgerRow]) -> Iterable[Metric]:
    fates = CounterMetricFamily(
        "penstock_ledger_readings",
        "Readings and events since the store was created, by fate",
        labels=["tenant", "source", "fate"],
    )
    for row in _bounded(list(rows)):
        for fate in Counts._fields:
            fates.add_metric([row.tenant, row.source, fate], getattr(row.counts, fate))
    yield fates


def _bounded(rows: list[LedgerRow]) -> list[LedgerRow]:
    """At most `_MAX_SOURCES` rows and one more per tenant: clients name their sources, and might name very many."""
    by_size = sorted(rows, key=lambda row: row.counts.received, reverse=True)
    rest: dict[str, Counts] = {}
    for row in by_size[_MAX_SOURCES:]:
        rest[row.tenant] = rest.get(row.tenant, Counts()) + row.counts
    return by_size[:_MAX_SOURCES] + [LedgerRow(tenant, _OTHERS, counts) for tenant, counts in rest.items()]


def _store(state: State) -> Iterable[Metric]:
    yield _gauge("penstock_store_series", "Series known", state.series)
    yield _counter("penstock_store_readings", "Readings stored since this process started", state.readings)
    yield _counter(
        "penstock_store_late_readings", "Of these, how many were older than their series' newest", state.late
    )
    yield _counter("penstock_store_commits", "Transactions since this process started", state.revision)
    yield _gauge(
        "penstock_store_dirty_rollups", "Rollups, of an hour of a series each, that wait to be made anew", state.dirty
    )
    yield _gauge(
        "penstock_store_rolled_to_seconds", "Rollups are stored up to this epoch second", state.rolled_to / 1e3
    )


def _lag(runner: Runner, now: int) -> Metric:
    family = GaugeMetricFamily(
        "penstock_store_lag_seconds", "Everything acknowledged is stored up to so long ago", labels=["lane"]
    )
    for lane in Lane:
        as_of = runner.as_of((lane,))
        family.add_metric([lane], max(0, now - as_of) / 1e3 if as_of else float("nan"))
    return family


def _lanes(pending: dict[Lane, Pending]) -> Iterable[Metric]:
    messages = GaugeMetricFamily("penstock_lane_pending_messages", "Messages not yet stored", labels=["lane"])
    held = GaugeMetricFamily("penstock_lane_bytes", "Bytes of the lane on disk", labels=["lane"])
    bound = GaugeMetricFamily("penstock_lane_max_bytes", "Bytes from which the lane refuses more", labels=["lane"])
    rows = GaugeMetricFamily(
        "penstock_ledger_in_flight_readings", "Durable on the bus, not yet stored", labels=["lane", "tenant", "source"]
    )
    unreadable = GaugeMetricFamily(
        "penstock_lane_unreadable_messages", "Damaged on disk: held, and never delivered", labels=["lane"]
    )
    vanished = CounterMetricFamily(
        "penstock_lane_vanished_messages", "Left the lane unsettled since this process started", labels=["lane"]
    )
    for lane, state in pending.items():
        unreadable.add_metric([lane], state.unreadable)
        vanished.add_metric([lane], state.vanished)
        messages.add_metric([lane], state.messages)
        held.add_metric([lane], state.bytes)
        bound.add_metric([lane], state.max_bytes)
        for (tenant, source), count in sorted(state.rows.items()):
            rows.add_metric([lane, tenant, source], count)
    return messages, held, bound, rows, unreadable, vanished


def _commits(runner: Runner) -> Iterable[Metric]:
    told = {
        "frames": "Frames committed",
        "commits": "Groups of frames committed",
        "commit_seconds": "Seconds spent committing",
        "failures": "Commits that the store refused for the time being",
        "redelivered": "Messages that the bus delivered again",
        "dead_letters": "Messages that can never be stored",
    }
    for name, text in told.items():
        family = CounterMetricFamily(f"penstock_process_{name}", text, labels=["lane"])
        for lane, stats in runner.stats.items():
            family.add_metric([lane], _value(stats, name))
        yield family


def _value(stats: LaneStats, name: str) -> float:
    return float(getattr(stats, name))


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)


def _counter(name: str, text: str, value: float) -> Metric:
    return CounterMetricFamily(name, text, value=value)
