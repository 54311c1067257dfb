"""Deliveries as comparable rows, and small fleets: shared by the simulator's tests."""

from collections.abc import Iterable

import numpy as np

from penstock.sources.simulate import Batteries, Buildings, Delivery, Ems, Fleet, SecurityEvents, Site

MONDAY = 1_773_619_200_000
"""2026-03-16T00:00:00Z."""

SITES = (Site("hq", "Europe/Berlin", 52.5), Site("depot", "America/New_York", 40.7))


def small_fleets() -> tuple[Fleet, ...]:
    return (
        Buildings(SITES, rooms_per_building=3, step=30_000, meter_step=30_000),
        Ems(SITES, meters=4, step=10_000),
        Batteries(SITES, count=20, step=60_000, health_step=120_000, faulty=0.2),
        SecurityEvents(SITES, per_hour=1200),
    )


def rows_of(deliveries: Iterable[Delivery]) -> list[tuple]:
    """(tenant, site, sensor, metric, unit, ts, value, seq) per reading, in order of arrival."""
    rows = []
    for delivery in deliveries:
        draft = delivery.draft
        if draft is None:
            continue
        seq = [0] * len(draft.ts) if draft.seq is None else draft.seq.tolist()
        rows.extend(
            (delivery.tenant, *draft.keys[k][:4], t, v, s)
            for k, t, v, s in zip(draft.key.tolist(), draft.ts.tolist(), draft.value.tolist(), seq, strict=True)
        )
    return rows


def by_process(deliveries: Iterable[Delivery]) -> dict[tuple, list]:
    """Per process, in order of arrival: series names, times, values' bits and seqs."""
    apart: dict[tuple, list] = {}
    for delivery in deliveries:
        draft = delivery.draft
        if draft is None:
            continue
        first = draft.keys[0]
        # Batteries of all sites are one process; every other process is of one site.
        kind = (first.sensor.rstrip("0123456789"), "" if first.sensor.startswith("bat") else first.site, first.metric)
        names = np.array(["/".join(map(str, key)) for key in draft.keys])[draft.key]
        seq = np.zeros(len(draft.ts), np.int64) if draft.seq is None else draft.seq
        apart.setdefault(kind, []).append((names, draft.ts, draft.value.view(np.int64), seq))
    return {
        kind: [np.concatenate(columns).tolist() for columns in zip(*parts, strict=True)]
        for kind, parts in apart.items()
    }


def events_of(deliveries: Iterable[Delivery]) -> list:
    return [event for delivery in deliveries for event in delivery.events]
