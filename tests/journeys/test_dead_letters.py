"""What should never have been on the bus: every good row is stored, every bad one is a letter that can be mended."""

from __future__ import annotations

import json
import time

import nats
import numpy as np
import pytest

from penstock.bus import encode_frame
from penstock.model.batch import Batch
from penstock.model.frame import Frame
from penstock.model.ledger import Part
from penstock.model.series import SeriesKey
from tests.journeys.conftest import until

ROWS, BAD = 1000, (3, 500, 999)


def a_frame(now: int) -> bytes:
    """A well-formed frame of 1,000 rows; three of them are impossible."""
    value = np.arange(ROWS) / 2.0
    value[list(BAD)] = np.nan
    key = SeriesKey("plant", "m1", "power_w", "W")
    ts = now - 60_000 + np.arange(ROWS, dtype=np.int64)
    batch = Batch("default", (key,), np.zeros(ROWS, np.int32), ts, value, np.full(ROWS, now * 1000))
    return encode_frame(Frame("raw-1", "default", now * 1000, (Part("raw-1", "plc", ROWS),), batch))


@pytest.fixture
async def client(fresh_platform):
    state = fresh_platform.state()
    connection = await nats.connect(state["nats_url"], user=state["nats_user"], password=state["nats_password"])
    yield connection
    await connection.close()


def stored(platform) -> dict[str, float]:
    rows = platform.get("/v1/sensors/m1/recent?limit=2000")["data"]
    return {row["ts"]: row["value"] for row in rows}


def letters(platform, state: str = "open") -> dict[str, dict]:
    return {row["code"]: row for row in platform.get(f"/v1/dead-letters?state={state}")["data"]}


def mended(payload: str) -> bytes:
    rows = [json.loads(line) | {"value": -1.0} for line in payload.splitlines()]
    return "\n".join(json.dumps(row) for row in rows).encode()


async def test_good_rows_are_stored_and_bad_ones_are_mended_and_replayed_exactly_once(client, fresh_platform, tmp_path):
    platform, now = fresh_platform, int(time.time() * 1000)
    event = {
        "criticality": "high",
        "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "eventMessage": "x",
    }
    await client.publish("penstock.v1.readings.default", b"garbage")
    await client.publish("penstock.v1.readings.default", a_frame(now))
    await client.publish("events", json.dumps(event).encode())
    await client.flush()

    found = until(lambda: len(at := letters(platform)) == 3 and at, 30.0, what="three letters")
    assert {code: row["rows"] for code, row in found.items()} == {
        "frame_malformed": 1,
        "not_finite": len(BAD),
        "invalid_criticality": 1,
    }
    assert len(stored(platform)) == ROWS - len(BAD)

    # By REST, twice: as it is it is refused, mended it is stored once.
    letter = platform.get(f"/v1/dead-letters/{found['not_finite']['id']}")
    assert [error["row"] for error in letter["errors"]] == [0, 1, 2]
    path = f"/v1/dead-letters/{letter['id']}/replay"
    with pytest.raises(AssertionError, match="still_refused"):
        platform.post(path, b"")
    kind = "application/x-ndjson"
    answers = [platform.post(path, mended(letter["payload"]), content_type=kind) for _ in range(2)]
    assert answers[0] == answers[1]
    until(lambda: len(stored(platform)) == ROWS, 30.0, what="all rows stored")
    assert list(stored(platform).values()).count(-1.0) == len(BAD)

    # By the command line, twice: exit 2 while it is refused, 0 once it is mended.
    name = found["invalid_criticality"]["id"]
    assert platform.cli("dead-letters", "replay", name).code == 2
    file = tmp_path / "event.json"
    file.write_text(json.dumps(event | {"criticality": 9}))
    for _ in range(2):
        done = platform.cli("dead-letters", "replay", name, "--with", str(file), "--json")
        assert (done.code, done.json()["accepted"]) == (0, 1), done.err
    given_up = platform.cli("dead-letters", "discard", found["frame_malformed"]["id"], "--reason", "noise")
    assert given_up.code == 0, given_up.err
    until(lambda: not letters(platform), 30.0, what="every letter settled")
    assert [row["criticality"] for row in platform.get("/v1/events")["data"]] == [9]
    assert "noise" in platform.cli("dead-letters", "show", found["frame_malformed"]["id"]).out

    ledger = {row["source"]: row for row in platform.balanced()}
    fates = {source: (row["received"], row["stored"], row["dead_lettered"]) for source, row in ledger.items()}
    assert fates["plc"] == (ROWS, ROWS - len(BAD), len(BAD))
    assert fates["nats"] == (2, 0, 2)
    assert fates["replay"] == (len(BAD) + 1, len(BAD) + 1, 0)
