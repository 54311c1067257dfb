"""Answers while a client pours old readings in: judged by what can still reach them."""

from __future__ import annotations

import asyncio

import pytest

from penstock.model.event import Event
from penstock.model.series import SeriesKey
from penstock.model.time import HOUR, MINUTE
from penstock.query.port import Aggregate, Batteries, Events, Latest, LedgerQuestion, Recent, Select, Series
from tests.unit.query.query_world import World

POWER = SeriesKey("hq", "m1", "power_w", "W")
CHARGE = SeriesKey("hq", "bat1", "soc", "1")


@pytest.fixture
async def world():
    """Two live readings and two old ones are stored, and a thousand messages of old ones are not."""
    world = World()
    now = world.time
    rows = [(key, now - age, 0.5) for key in (POWER, CHARGE) for age in (0, MINUTE, 5 * HOUR, 6 * HOUR)]
    await world.put(rows, events=[])
    await world.put(events=[Event("e", now - 9 * HOUR, "then", 7, "old event", "gate")])
    world.backlog, world.backlog_to = 1_000, now - 300_000
    return world


def _questions(world, *, recent):
    start = world.time - (HOUR if recent else HOUR + 1)
    span = {"start": start, "end": world.time}
    return [
        Recent(tenant="acme", where=Select(), **span),
        Batteries(tenant="acme", **span),
        Aggregate(tenant="acme", where=Select(), **span),
    ]


async def test_an_answer_whose_range_begins_where_no_reading_waits_any_more_is_complete(world):
    for question in [*_questions(world, recent=True), Events(tenant="acme"), Events(tenant="acme", start=0)]:
        answer = await world.ask(question)
        assert (answer.complete, answer.staleness_ms) == (True, 0), question
        assert answer.table.num_rows


async def test_an_answer_that_waiting_readings_may_be_part_of_is_not_complete(world):
    others = [Latest(tenant="acme"), Series(tenant="acme"), LedgerQuestion(tenant="acme")]
    for question in [*_questions(world, recent=False), *others]:
        answer = await world.ask(question)
        assert (answer.complete, answer.staleness_ms) == (False, 300_000), question


@pytest.mark.parametrize(("limit", "complete"), [(2, True), (3, False), (4, False), (9, False)])
async def test_the_newest_rows_are_complete_when_they_are_all_newer_than_what_waits(world, limit, complete):
    for question in (
        Recent(tenant="acme", where=Select(sensor="m1"), limit=limit),
        Batteries(tenant="acme", limit=limit),
    ):
        answer = await world.ask(question)
        assert (answer.table.num_rows, answer.complete) == (min(limit, 4), complete), question


async def test_one_battery_reading_is_judged_by_its_own_instant(world):
    assert (await world.ask(Batteries(tenant="acme", ts=world.time - MINUTE))).complete
    assert not (await world.ask(Batteries(tenant="acme", ts=world.time - 5 * HOUR))).complete


async def test_live_messages_in_flight_still_count(world):
    world.flying, world.fresh_to = {"acme": {"http": 50}}, world.time - 700
    answer = await world.ask(_questions(world, recent=True)[0])
    assert (answer.complete, answer.staleness_ms) == (False, 700)


async def test_while_it_is_not_known_what_waits_every_answer_is_judged_by_all(world):
    world.horizon_known = False
    assert not (await world.ask(_questions(world, recent=True)[0])).complete


async def test_a_writer_reads_its_own_old_reading_on_a_quiet_system(world):
    world.backlog = 1

    async def land():
        await asyncio.sleep(0.01)
        await world.put([(POWER, world.time - 3 * HOUR, 9.0)])
        world.backlog = 0

    landing = asyncio.create_task(land())
    answer = await world.ask(Recent(tenant="acme", where=Select(sensor="m1"), limit=50))
    assert (9.0 in answer.table["value"].to_pylist(), answer.complete) == (True, True)
    await landing
