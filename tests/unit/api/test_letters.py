"""Dead letters over HTTP: shown whole, mended and replayed exactly once, or given up; never against a later correction."""

from __future__ import annotations

import base64
import json

import numpy as np
import pytest

from penstock.bus import Lane, encode_frame
from penstock.model.batch import SEQ_BASE, Batch
from penstock.model.frame import Frame
from penstock.model.ledger import Counts, DeadLetter, Part
from penstock.model.series import SeriesKey
from penstock.model.time import format_time
from penstock.pipeline.check import MAX_STAMP, Fault
from penstock.pipeline.letters import NDJSON, split
from penstock.query.letters import PIECE, dead_letters
from penstock.query.port import Answer, DeadLetterQuestion, DeadLetters
from penstock.store.series import Filter
from penstock.store.series.memory import MemorySeriesStore
from tests.unit.api.conftest import NOW

STAMP = (NOW - 60_000) * 1_000
KEY = SeriesKey("plant", "m1", "power_w", "W")
ROWS = {"content-type": "application/x-ndjson"}


class LetterWorld:
    """An API before a real store that commits what reaches the bus when `settle` says so."""

    def __init__(self, world):
        self.world = world
        self.store = MemorySeriesStore(world.clock)
        world.reader.answers |= {DeadLetters: self._answer, DeadLetterQuestion: self._answer}
        self.operator = world.client(world.keys.create("acme", "operator", scopes=("admin",)))

    async def _answer(self, question):
        table, cursor = await dead_letters(self.store, question)
        return Answer(table, NOW, 0, True, cursor)

    async def has(self, letter: DeadLetter, rows=()):
        parts = (Part("first", letter.source, 0, dead_lettered=letter.rows),)
        frame = Frame(f"f-{letter.id}", "acme", STAMP, parts, Batch.empty("acme"), dead_letters=(letter,))
        await self.store.commit([frame])

    async def has_bad_readings(self, *values: float, seq: int = 0):
        n = len(values)
        version = np.full(n, SEQ_BASE + seq if seq else STAMP)
        ts = NOW - 1_000 - np.arange(n, dtype=np.int64)
        batch = Batch("acme", (KEY,), np.zeros(n, np.int32), ts, np.array(values), version)
        frame = Frame("f1", "acme", STAMP + 7, (Part("first", "http", n),), batch)
        fault = Fault("not_finite", "is nan", np.arange(n))
        await self.store.commit([split(frame, [fault], NOW)])
        (letter,) = await self.store.dead_letters("acme", 10)
        return letter

    async def settle(self, lane=Lane.READINGS) -> list[Frame]:
        frames = await self.world.frames(lane)
        await self.store.commit(frames)
        return frames

    async def values(self) -> dict[int, float]:
        found: dict[int, float] = {}
        for info in await self.store.find("acme", Filter()):
            readings = await self.store.scan("acme", np.array([info.id], np.int32), 0, 2**62)
            found |= dict(zip(readings.ts.tolist(), readings.value.tolist(), strict=True))
        return found

    async def counts(self, source: str) -> Counts:
        return {row.source: row.counts for row in await self.store.ledger("acme")}.get(source, Counts())


@pytest.fixture
def letters(world):
    return LetterWorld(world)


def mended(letter: DeadLetter, value: float = 7.5) -> bytes:
    rows = [json.loads(line) | {"value": value} for line in letter.payload.splitlines()]
    return b"\n".join(json.dumps(row).encode() for row in rows)


async def test_a_letter_is_shown_with_its_rows_and_why_each_is_still_refused(letters):
    letter = await letters.has_bad_readings(np.nan, np.inf)
    (listed,) = (await letters.operator.get("/v1/dead-letters?state=open&code=not_finite")).json()["data"]
    shown = (await letters.operator.get(f"/v1/dead-letters/{letter.id}")).json()
    assert (listed["id"], listed["rows"], listed["source"]) == (letter.id, 2, "http")
    assert (shown["payload"], shown["encoding"]) == (letter.payload.decode(), "text")
    assert [error["row"] for error in shown["errors"]] == [0, 1]
    assert "stamp" not in shown


async def test_bytes_that_are_no_text_are_shown_as_base64_however_many_they_are(letters):
    payload = bytes(range(256)) * (PIECE // 100)
    await letters.has(DeadLetter("d1", "nats", NOW, "frame_malformed", "no frame", payload))
    shown = (await letters.operator.get("/v1/dead-letters/d1")).json()
    assert (shown["encoding"], base64.b64decode(shown["payload"])) == ("base64", payload)
    assert len((await letters.operator.get("/v1/dead-letters")).json()["data"][0]["payload"]) < 10_000


async def test_a_mended_replay_is_stored_once_and_closes_the_letter_however_often_it_is_sent(letters):
    letter = await letters.has_bad_readings(np.nan, np.nan)
    path = f"/v1/dead-letters/{letter.id}/replay"
    first = await letters.operator.post(path, content=mended(letter), headers=ROWS)
    again = await letters.operator.post(path, content=mended(letter), headers=ROWS)
    assert (first.status_code, first.json()) == (200, again.json())
    await letters.settle()
    later = await letters.operator.post(path, content=mended(letter), headers=ROWS)
    assert later.json() == first.json()
    assert await letters.settle() == []
    assert set((await letters.values()).values()) == {7.5}
    assert await letters.counts("replay") == Counts(received=2, stored=2)
    assert await letters.counts("http") == Counts(received=2, dead_lettered=2)
    closed = await letters.store.dead_letter("acme", letter.id)
    assert (closed.state, closed.settled_by) == ("replayed", first.json()["receipt"])


async def test_a_replay_of_other_content_after_the_letter_was_settled_is_refused(letters):
    letter = await letters.has_bad_readings(np.nan)
    path = f"/v1/dead-letters/{letter.id}/replay"
    await letters.operator.post(path, content=mended(letter), headers=ROWS)
    await letters.settle()
    other = await letters.operator.post(path, content=mended(letter, 9.0), headers=ROWS)
    given_up = await letters.operator.post(f"/v1/dead-letters/{letter.id}/discard", json={"reason": "no"})
    assert (other.status_code, other.json()["code"]) == (409, "dead_letter_settled")
    assert given_up.status_code == 409
    assert await letters.settle() == []


async def test_a_replay_never_beats_a_correction_made_meanwhile(letters):
    letter = await letters.has_bad_readings(np.nan)
    row = json.loads(letter.payload)
    correction = {**row, "value": 3.0}
    assert (await letters.operator.post("/v1/readings", json=correction)).status_code == 200
    await letters.settle()
    await letters.operator.post(f"/v1/dead-letters/{letter.id}/replay", content=mended(letter, 99.0), headers=ROWS)
    (frame,) = await letters.settle()
    assert frame.batch.version.tolist() == [STAMP]
    assert list((await letters.values()).values()) == [3.0]
    assert await letters.counts("replay") == Counts(received=1, superseded=1)


async def test_a_replayed_row_keeps_the_seq_of_its_sender(letters):
    letter = await letters.has_bad_readings(np.nan, seq=4)
    await letters.operator.post(f"/v1/dead-letters/{letter.id}/replay", content=mended(letter), headers=ROWS)
    (frame,) = await letters.settle()
    assert frame.batch.version.tolist() == [SEQ_BASE + 4]


async def test_nothing_is_sent_while_any_row_is_still_refused(letters):
    letter = await letters.has_bad_readings(np.nan, np.nan)
    half = mended(letter).splitlines()[0] + b"\n" + letter.payload.splitlines()[1]
    for body in (b"", half):
        answer = await letters.operator.post(f"/v1/dead-letters/{letter.id}/replay", content=body, headers=ROWS)
        assert (answer.status_code, answer.json()["code"]) == (400, "still_refused")
        assert answer.json()["errors"][-1]["row"] == 1
    assert await letters.settle() == []
    assert (await letters.store.dead_letter("acme", letter.id)).state == "open"


async def test_a_raw_event_is_mended_and_replayed_likewise(letters):
    bad = {"criticality": "high", "timestamp": format_time(NOW - 5_000), "eventMessage": "door"}
    letter = DeadLetter(
        "e1", "nats", NOW, "invalid_criticality", "not int", json.dumps(bad).encode(), "application/json", "events",
        stamp=STAMP,
    )  # fmt: skip
    await letters.has(letter)
    path = "/v1/dead-letters/e1/replay"
    assert (await letters.operator.post(path)).json()["code"] == "still_refused"
    for _ in range(2):
        assert (await letters.operator.post(path, json=bad | {"criticality": 9})).status_code == 200
        await letters.settle(Lane.EVENTS)
    assert [row.event.criticality for row in await letters.store.events("acme", limit=9)] == [9]
    assert (await letters.store.dead_letter("acme", "e1")).state == "replayed"


def whole_frame(version: int = STAMP, tenant: str = "acme") -> bytes:
    batch = Batch(tenant, (KEY,), np.zeros(1, np.int32), np.array([NOW]), np.array([5.0]), np.array([version]))
    return encode_frame(Frame("lost", tenant, STAMP, (Part("r", "http", 1),), batch))


async def test_a_frame_that_can_be_read_by_now_is_replayed_as_it_is(letters):
    await letters.has(
        DeadLetter("d1", "nats", NOW, "frame_format", "format 2", whole_frame(), _FRAME, stamp=NOW * 1000)
    )
    assert (await letters.operator.get("/v1/dead-letters/d1")).json()["errors"] == []
    assert (await letters.operator.post("/v1/dead-letters/d1/replay")).status_code == 200
    (frame,) = await letters.settle()
    assert (frame.batch.version.tolist(), list((await letters.values()).values())) == ([STAMP], [5.0])


_FRAME = "application/vnd.penstock.frame+arrow"


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b"garbage", "frame_malformed"),
        (whole_frame(tenant="other"), "tenant_mismatch"),
        (whole_frame(version=MAX_STAMP + 1), "still_refused"),
    ],
    ids=["no frame", "other tenant", "bad row"],
)
async def test_a_message_that_still_cannot_be_stored_is_refused_and_can_be_replaced(letters, payload, code):
    await letters.has(DeadLetter("d1", "nats", NOW, "frame_malformed", "no", payload, _FRAME, stamp=STAMP))
    refused = await letters.operator.post("/v1/dead-letters/d1/replay")
    assert (refused.status_code, refused.json()["code"]) == (400, code)
    assert (await letters.operator.get("/v1/dead-letters/d1")).json()["errors"]
    row = {"sensor_id": "m1", "metric": "power_w", "value": 1, "ts": NOW - 5}
    assert (await letters.operator.post("/v1/dead-letters/d1/replay", json=[row])).status_code == 200
    await letters.settle()
    assert list((await letters.values()).values()) == [1.0]


async def test_a_letter_is_given_up_with_a_reason_and_stays_counted(letters):
    letter = await letters.has_bad_readings(np.nan)
    path = f"/v1/dead-letters/{letter.id}/discard"
    for body in (b"", b"[]", b"{}", b'{"reason": " "}', b'{"reason": 5}'):
        assert (await letters.operator.post(path, content=body)).status_code == 400
    for _ in range(2):
        assert (await letters.operator.post(path, json={"reason": "test device"})).status_code == 200
        await letters.settle()
    shown = (await letters.operator.get(f"/v1/dead-letters/{letter.id}")).json()
    assert (shown["state"], shown["reason"], shown["errors"]) == ("discarded", "test device", [])
    assert shown["settled_ts"] == format_time(NOW)
    assert (await letters.counts("http")).dead_lettered == 1
    assert await letters.counts("replay") == Counts()
    assert (await letters.operator.post(f"/v1/dead-letters/{letter.id}/replay")).status_code == 400


async def test_only_an_operator_of_the_tenant_may_settle(letters):
    letter = await letters.has_bad_readings(np.nan)
    world = letters.world
    device = world.client(world.keys.create("acme", "device", scopes=("read", "write")))
    stranger = world.client(world.keys.create("other", "operator", scopes=("admin",)))
    for action, body in (("replay", None), ("discard", {"reason": "x"})):
        path = f"/v1/dead-letters/{letter.id}/{action}"
        assert (await device.post(path, json=body)).status_code == 403
        assert (await stranger.post(path, json=body)).status_code == 404
    assert (await stranger.get(f"/v1/dead-letters/{letter.id}")).status_code == 404
    assert (await device.get(f"/v1/dead-letters/{letter.id}")).status_code == 200


async def test_the_listing_is_paged_and_filtered(letters):
    for i in range(5):
        code = "odd" if i % 2 else "even"
        await letters.has(DeadLetter(f"d{i}", "nats", NOW + i // 2, code, "why", b"x", media_type=NDJSON))
    seen, cursor = [], ""
    while True:
        page = (await letters.operator.get(f"/v1/dead-letters?limit=2{cursor}")).json()
        seen += [row["id"] for row in page["data"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == ["d4", "d3", "d2", "d1", "d0"]
    odd = (await letters.operator.get("/v1/dead-letters?code=odd&source=nats&state=open")).json()["data"]
    assert [row["id"] for row in odd] == ["d3", "d1"]
    assert (await letters.operator.get("/v1/dead-letters?state=closed")).status_code == 422
