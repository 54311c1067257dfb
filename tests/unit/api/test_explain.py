"""The door that explains: what it asks, and times as people write them however deep they are."""

import pyarrow as pa
import pytest

from penstock.query.port import Explain, ReceiptQuestion

NOW = 1_769_860_800_000


@pytest.mark.parametrize("ts", [str(NOW), "2026-01-31T12:00:00Z", "2026-01-31T13:00:00+01:00"], ids=str)
async def test_a_reading_is_named_by_sensor_metric_and_instant(world, client, ts):
    world.reader.says(Explain, {})
    answer = await client.get("/v1/explain", params={"sensor_id": "a/b", "metric": "power_w", "ts": ts})
    assert answer.status_code == 200, answer.text
    assert world.reader.asked[-1] == Explain(tenant="acme", sensor="a/b", metric="power_w", ts=NOW)


async def test_the_site_is_passed_on(world, client):
    await client.get(f"/v1/explain?sensor_id=a&metric=b&ts={NOW}&site_id=hq")
    assert world.reader.asked[-1].site == "hq"


@pytest.mark.parametrize("query", ["metric=b&ts=1", "sensor_id=a&metric=b", "sensor_id=a&metric=b&ts=1&x=1"])
async def test_what_is_missing_or_unknown_in_the_question_is_refused(client, query):
    assert (await client.get(f"/v1/explain?{query}")).status_code == 422


async def test_times_and_stamps_are_written_for_people(world, client):
    meta = {
        "found": False, "ts": NOW, "seq": None, "stamp": NOW * 1000 + 7,
        "nearest": {"before": {"ts": NOW - 1, "value": 1.0}, "after": None},
        "refused": [{"code": "x", "admitted_ts": NOW}],
    }  # fmt: skip
    columns = {
        "value": [1.0, 2.0],
        "seq": [None, 4],
        "stamp": pa.array([NOW * 1000, None], pa.int64()),
        "frames": [["f.0"], None],
        "committed_ts": pa.array([NOW, None], pa.int64()),
    }
    world.reader.says(Explain, columns, meta=meta)
    said = (await client.get(f"/v1/explain?sensor_id=a&metric=b&ts={NOW}")).json()
    assert (said["ts"], said["stamp"]) == ("2026-01-31T12:00:00Z", "2026-01-31T12:00:00.000007Z")
    assert said["nearest"] == {"before": {"ts": "2026-01-31T11:59:59.999Z", "value": 1.0}, "after": None}
    assert said["refused"] == [{"code": "x", "admitted_ts": "2026-01-31T12:00:00Z"}]
    first, second = said["versions"]
    assert (first["stamp"], first["seq"], first["frames"]) == ("2026-01-31T12:00:00.000000Z", None, ["f.0"])
    assert first["committed_ts"] == "2026-01-31T12:00:00Z"
    assert (second["stamp"], second["seq"], second["committed_ts"]) == (None, 4, None)
    assert said["complete"]


async def test_a_receipt_tells_frames_reasons_and_conversions(world, client):
    meta = {"frames": ["r.0"], "reasons": {"not_finite": 2}, "conversions": []}
    world.reader.says(ReceiptQuestion, {"receipt": ["r"], "admitted_ts": pa.array([NOW], pa.int64())}, meta=meta)
    said = (await client.get("/v1/receipts/r")).json()
    assert said["admitted_ts"] == "2026-01-31T12:00:00Z"
    assert {name: said[name] for name in meta} == meta
