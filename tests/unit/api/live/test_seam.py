"""Where a view was cut off and goes on: every reading is told once, alone or as one of those that a row stands for."""

import asyncio
from collections import Counter
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.api.live.catchup import BACKFILL_ROWS, catch_up
from penstock.api.live.hub import LiveHub
from penstock.api.live.log import Position
from penstock.api.live.messages import Backfill, Data, Failure, Gap, LiveEvents, NewSeries, Resume, Sub, Subscribed
from penstock.api.live.subscription import CHUNK, Room, Subscription
from penstock.api.services import ApiConfig
from penstock.bus import Lane, encode_frame
from penstock.bus.memory import MemoryBus
from penstock.model.batch import Batch
from penstock.model.frame import Frame
from penstock.model.ledger import Part
from penstock.model.series import SeriesKey
from penstock.query.port import Answer, Recent

NOW = 1_769_860_800_000
KEYS = tuple(SeriesKey("hq", f"m{n}", "power_w", "W") for n in range(3))


class Clock:
    def now(self):
        return NOW


class Store:
    """Answers `Recent` from what was committed; `before` runs while a question is on its way."""

    def __init__(self):
        self.rows = []
        self.before = None

    async def ask(self, question):
        assert isinstance(question, Recent)
        if self.before:
            await self.before()
        rows = sorted({row for row in self.rows if row[1] >= question.start}, key=lambda row: -row[1])
        names = {"site_id": 0, "sensor_id": 1, "metric": 2, "unit": 3}
        columns = {name: pa.array([KEYS[row[0]][at] for row in rows], pa.string()) for name, at in names.items()}
        columns["ts"] = pa.array([row[1] for row in rows], pa.int64())
        columns["value"] = pa.array([row[2] for row in rows], pa.float64())
        return Answer(pa.table(columns), NOW + 60_000, 0, True)


class World:
    """A hub over the memory bus, and a client that keeps its subscription's token."""

    def __init__(self):
        self.bus = MemoryBus()
        self.reader = Store()
        self.published = 0
        self.heard = Counter()
        self.rows = Counter()
        self.gaps = 0
        self.token = None
        self.names = {}

    async def __aenter__(self):
        await self.bus.open()
        self.restart()
        return self

    async def __aexit__(self, *_):
        self.hub.close()
        await self.bus.close()

    def restart(self):
        config = ApiConfig()
        self.hub = LiveHub(SimpleNamespace(bus=self.bus, clock=Clock(), config=config))

    async def publish(self, series, committed=True):
        """One frame with a reading of each of `series`, every reading of another instant."""
        ts = NOW - 1_000 + self.published + np.arange(len(series))
        self.published += len(series)
        rows = [(code, int(t), float(t % 97)) for code, t in zip(series, ts, strict=True)]
        value = np.array([row[2] for row in rows])
        batch = Batch("acme", KEYS, np.array(series, np.int32), ts, value, np.full(len(ts), NOW * 1_000))
        frame = Frame(f"f{self.published}", "acme", NOW * 1_000, (Part("r", "http", len(ts)),), batch)
        await self.bus.publish(Lane.READINGS, "penstock.v1.readings.acme", encode_frame(frame), {})
        if committed:
            self.reader.rows += rows
        return rows

    async def connect(self):
        common = {"id": "1", "patterns": ["*/*/*"]}
        asked = Sub(**common) if self.token is None else Resume(**common, token=self.token)
        self.view = Subscription(asked, "acme", self.hub, Room())
        member = Member(self.view)
        await self.hub.enter(member, (Lane.READINGS,))
        position = None if self.token is None else Position.parse(self.token)
        await catch_up(self.hub, self.reader, Clock(), self.view, position)
        self.names = {}
        self.member = member

    async def disconnect(self):
        await self.hub.leave(self.member)

    def take(self, most=1_000_000):
        """The next messages, as a client takes them; it may be cut off after `most`."""
        for _, message in zip(range(most), self.view.messages(), strict=False):
            self.token = getattr(message, "token", self.token)
            match message:
                case NewSeries(series=series):
                    assert not self.names.keys() & {s.number for s in series}
                    self.names |= {s.number: s.sensor_id for s in series}
                case Data(series=series, count=count):
                    for number, n in zip(series, count if isinstance(count, list) else [1] * len(series), strict=True):
                        self.heard[self.names[number]] += n
                case Backfill(series=series, ts=ts):
                    assert len(series) <= CHUNK
                    self.heard.update(self.names[number] for number in series)
                    self.rows.update(zip((self.names[n] for n in series), ts, strict=True))
                case Gap():
                    self.gaps += 1
                case _:
                    assert isinstance(message, Subscribed | LiveEvents)


class Member:
    tenant = "acme"

    def __init__(self, view):
        self.view = view

    def offer(self, passing):
        self.view.offer(passing)

    def close(self):
        pass


FRAME = st.lists(st.integers(0, 2), min_size=1, max_size=5)
STEP = st.one_of(
    st.tuples(st.just("publish"), FRAME),
    st.tuples(st.just("take"), st.integers(0, 3)),
    st.tuples(st.just("cut"), st.lists(FRAME, max_size=3)),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(STEP, max_size=25))
def test_cut_off_at_any_message_and_resumed_every_reading_is_told_exactly_once(steps):
    async def run():
        async with World() as world:
            await world.connect()
            world.take()
            for kind, what in steps:
                if kind == "publish":
                    await world.publish(what)
                elif kind == "take":
                    world.take(what)
                    if what < 3:  # a client that was cut off within a round is gone
                        await world.disconnect()
                        await world.connect()
                else:
                    await world.disconnect()
                    for frame in what:
                        await world.publish(frame)
                    await world.connect()
            world.take()
            assert sum(world.heard.values()) == world.published
            assert world.gaps == 0

    asyncio.run(run())


@settings(max_examples=60, deadline=None)
@given(
    before=st.lists(FRAME, max_size=4),
    away=st.lists(FRAME, max_size=4),
    during=st.lists(st.tuples(FRAME, st.booleans()), max_size=4),
    after=st.lists(FRAME, max_size=4),
)
def test_out_of_the_store_nothing_is_missing_and_nothing_comes_twice_at_the_seam(before, away, during, after):
    """`during` passes while the store is asked: whether it has it already or not, it is told once."""

    async def run():
        async with World() as world:
            await world.connect()
            world.take()
            for frame in before:
                await world.publish(frame)
            world.take()
            world.restart()
            for frame in away:
                await world.publish(frame)
            pending = list(during)

            async def meanwhile():
                while pending:
                    frame, committed = pending.pop()
                    await world.publish(frame, committed)

            world.reader.before = meanwhile
            world.heard.clear()
            world.rows.clear()
            await world.connect()
            for frame in after:
                await world.publish(frame)
            world.take()
            # The store's last seconds come again, so what was told before the cut is counted too.
            assert sum(world.heard.values()) == world.published
            assert max(world.rows.values(), default=1) == 1

    asyncio.run(run())


async def test_more_than_the_bound_leaves_out_the_oldest_and_says_so():
    async with World() as world:
        await world.connect()
        world.take()
        await world.disconnect()
        frames = BACKFILL_ROWS // 10_000 + 1
        for _ in range(frames):
            await world.publish([0] * 10_000)
        await world.connect()
        world.take()
        assert world.gaps == 1
        assert world.heard["m0"] == (frames - 1) * 10_000
        assert min(ts for _, ts in world.rows) == NOW - 1_000 + 10_000


@pytest.mark.parametrize("token", ["", "x", "0.0.0.0", "00000000.1.1", "00000000.1.1.-5", f"00000000.1.1.{10**14}"])
def test_what_is_no_token_is_refused(token):
    with pytest.raises(Exception, match="is no token"):
        Position.parse(token)


def test_a_token_is_read_back():
    position = Position("0123abcd", 17, 3, NOW)
    assert Position.parse(position.token) == position


async def test_series_over_the_bound_are_not_sent_it_is_said_once_and_an_end_makes_room():
    async with World() as world:
        room = Room(left=2)
        view = Subscription(Sub(id="1", patterns=["*/*/*"]), "acme", world.hub, room)
        await world.hub.enter(Member(view), (Lane.READINGS,))
        await catch_up(world.hub, world.reader, Clock(), view, None)
        for failures in (1, 0):
            await world.publish([0, 1, 2])
            said = list(view.messages())
            assert [message.series for message in said if isinstance(message, Data)] == [[0, 1]]
            assert len([message for message in said if isinstance(message, Failure)]) == failures
        view.end()
        assert room.left == 2
