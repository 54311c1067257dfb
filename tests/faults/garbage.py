"""F13, F14: times, values and bytes that can never be right, in between good readings."""

from __future__ import annotations

import asyncio
import json
import os
import random
import time
import urllib.error
import urllib.request
from typing import Any

import nats
import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as hypothesis_seed
from hypothesis import strategies as st

from penstock.bus import HEADER_ID, Lane, encode_frame, tenant_subject
from penstock.model.batch import Batch
from penstock.model.frame import Frame
from penstock.model.ledger import Part
from penstock.model.series import SeriesKey
from tests.faults import readback
from tests.faults.drill import Drill, Report, recipe
from tests.faults.plan import Case, fault
from tests.faults.platform import Up

_Y2000_MS = 946_684_800_000
_MARGIN_MS = 60_000
_FUTURE_MS = 300_000


def _times() -> st.SearchStrategy[Any]:
    """Epoch times in every unit, around every edge, and things that are no times."""
    now = time.time_ns()
    around = st.integers(-(10**15), 10**15)
    return st.one_of(
        st.integers(_Y2000_MS + _MARGIN_MS, now // 1_000_000 - _MARGIN_MS),
        st.builds(lambda at, unit: (now + at) // unit, around, st.sampled_from([1, 1_000, 1_000_000, 1_000_000_000])),
        st.integers(-(2**70), 2**70),
        st.sampled_from([0, 1, -1, 2**63, -(2**63), 32_503_680_000_000, 1e300, "1970-01-01", "2999-12-31T00:00:00Z"]),
        st.sampled_from(["2026-02-30T00:00:00Z", "now", "", None, True, [], {}]),
    )


_VALUES = st.one_of(
    st.floats(-1e6, 1e6), st.sampled_from(["NaN", "1", None, 1e400, -1e400, True, [], {}, 2**80]), st.integers()
)


def _is_good(row: dict[str, Any], now: int) -> bool | None:
    """Whether a row must be kept; None where it is not this test's business to know (near an edge, RFC 3339)."""
    ts, value = row["ts"], row["value"]
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e300:
        return False if not isinstance(value, int) or isinstance(value, bool) else None
    if isinstance(ts, str):
        return False
    if isinstance(ts, bool) or not isinstance(ts, int):
        return False
    if _Y2000_MS + _MARGIN_MS <= ts <= now - _MARGIN_MS:
        return True
    if ts > now + _FUTURE_MS + _MARGIN_MS or ts < 4_102_444_800:  # beyond tolerance; seconds until 2100
        return False
    return None


@fault("F13", "times in s, µs, ns, 1970, 2999, NaN and worse (hypothesis, rows)", bounded=5_000, long=100_000)
def time_units(case: Case) -> Report:
    up = Up(case.home).start()
    report = Report(checked="I9 I11, verdicts per row")
    try:
        door = f"{up.url}/v1/readings"
        key = up.keys["default"]
        tally = {"rows": 0, "accepted": 0, "rejected": 0}
        rows = st.lists(st.fixed_dictionaries({"ts": _times(), "value": _VALUES}), min_size=30, max_size=80)

        @hypothesis_seed(case.seed)
        @settings(
            max_examples=max(10, case.count // 40), deadline=None, database=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(rows)
        def send(made: list[dict[str, Any]]) -> None:
            now = time.time_ns() // 1_000_000
            body = [{"sensor_id": f"t{n}", "metric": "garbage", **row} for n, row in enumerate(made)]
            status, answer = _post(door, key, json.dumps(body).encode())
            assert status in {200, 400}, (status, answer, body)
            assert answer["accepted"] + answer["rejected_total"] == len(body), answer
            refused = {verdict["row"] for verdict in answer["rejected"]}
            for n, row in enumerate(made):
                good = _is_good(row, now)
                assert good is None or good is (n not in refused), (row, answer)
            tally["rows"] += len(body)
            tally["accepted"] += answer["accepted"]
            tally["rejected"] += answer["rejected_total"]

        send()
        Drill(up, case.home).drained()
        http = readback.ledger(up.url, {"default": key}).filter(source="garbage").to_dicts()[0]
        told = {"rows": http["received"], "rejected": http["rejected"], "accepted": http["received"] - http["rejected"]}
        if told != tally or http["difference"]:
            report.violations.append(f"I9 the ledger says {http}, sent was {tally}")
        report.violations += _outside(up)
        report.numbers |= tally
    finally:
        up.stop()
    return report


def _outside(up: Up) -> list[str]:
    """I11, asked of the store's file."""
    import duckdb  # noqa: PLC0415 - only here

    up.stop()
    with duckdb.connect(str(up.data / "store" / "series.duckdb"), read_only=True) as db:
        latest = time.time_ns() // 1_000_000 + _FUTURE_MS
        (count,) = db.execute("SELECT count(*) FROM raw WHERE ts < ? OR ts > ?", [_Y2000_MS, latest]).fetchall()[0]
    return [f"I11 {count} readings are stored outside 2000 … now + 5 min"] if count else []


def _post(url: str, key: str, body: bytes, content_type: str = "application/json") -> tuple[int, dict[str, Any]]:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": content_type, "X-Penstock-Source": "garbage"}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=30) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


@fault("F14", "poison: frames and bodies that no code can read, among good ones", bounded=200, long=1_000)
def poison(case: Case) -> Report:
    """Each bad message becomes one dead letter; its neighbours are all stored; no body makes the door fail."""
    up = Up(case.home).start()
    try:
        drill = Drill(up, case.home)
        with drill.sampling(), drill.load(recipe(case.seed), seconds=5):
            asyncio.run(_publish(up, case))
            failed = _bodies(up, case.rng)
        report = drill.verify(stop=False)
        letters = readback.Door(up.url, up.keys["default"]).get(
            "/v1/dead-letters?limit=10000", accept="application/json"
        )
        count = len(letters["data"])
        if count != case.count:
            report.violations.append(f"{count} dead letters for {case.count} messages that nobody can read")
        report.violations += failed
        report.numbers |= {"dead_letters": count}
    finally:
        up.stop()
    return report


async def _publish(up: Up, case: Case) -> None:
    """Bad messages straight onto the lane, as a broken publisher with Penstock's own credential would."""
    assert up.platform is not None
    state = up.platform.state()
    client = await nats.connect(state["nats_url"], user=state["nats_user"], password=state["nats_password"])
    try:
        for number, payload in zip(range(case.count), _bad_frames(case.rng), strict=False):
            subject = tenant_subject(Lane.READINGS, "default")
            await client.request(subject, payload, timeout=10, headers={HEADER_ID: f"poison-{number}"})
    finally:
        await client.close()


def _bad_frames(rng: random.Random) -> Any:
    """Without end: noise, cut frames, frames with a broken head, and frames of a tenant they are not sent for."""
    one = np.ones(3, np.int64)
    keys = (SeriesKey("s", "d", "m", ""),)
    now = time.time_ns() // 1_000_000

    def frame(tenant: str, number: int) -> bytes:
        batch = Batch(tenant, keys, np.zeros(3, np.int32), one * now, one.astype(np.float64), one * now * 1_000)
        return encode_frame(Frame(f"poison-{number}", tenant, now * 1_000, (Part(f"p{number}", "poison", 3),), batch))

    number = 0
    while True:
        good = frame("default", number)
        yield rng.randbytes(rng.randrange(1, 2_000))
        yield good[: rng.randrange(8, len(good) // 2)]
        yield good.replace(b'"parts":[["p', b'"parts":[[["')
        yield frame("other", number)
        number += 1


def _bodies(up: Up, rng: random.Random) -> list[str]:
    """Bodies that no decoder takes; anything but a 4xx is a finding."""
    bodies = [
        b"", b"\0" * 100, b"[" * 100_000, b'{"a":' * 50_000, os.urandom(5_000), b'"\\ud800"', b"1e999999", b"[1,2,3]",
        b"x" * (10 << 20), json.dumps([{"sensor_id": "a\0b", "metric": "m", "ts": 1, "value": 1}]).encode(),
    ]  # fmt: skip
    bodies += [rng.randbytes(rng.randrange(1, 500)) for _ in range(20)]
    kinds = ("application/json", "application/x-ndjson", "text/csv", "application/vnd.apache.arrow.stream")
    found: list[str] = []
    for body in bodies:
        for kind in kinds:
            try:
                status, answer = _post(f"{up.url}/v1/readings", up.keys["other"], body, kind)
            except urllib.error.URLError:  # a body over the bound: the connection may end before it is read
                continue
            if not 400 <= status < 500:
                found.append(f"{kind} {body[:20]!r}… was answered {status} {answer}")
    return found
