"""The batching writer against a real platform: every row once in effect, whatever is refused, cut or killed. The ledger is the proof."""

from __future__ import annotations

import itertools
import os
import random
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from penstock_client import (
    Client,
    Rejected,
    SpoolFull,
    TooLarge,
    Unavailable,
    Unreachable,
    Verdicts,
    Writer,
    WriterClosed,
    WriterOptions,
)
from penstock_client.asks import Ask
from penstock_client.batch import Batch, Buffer, Row
from penstock_client.delivery import Delivery
from penstock_client.exchange import Retry
from penstock_client.query import epoch_ms
from tests.journeys.conftest import clean_environment, until
from tests.sdk.gate import opened

ROOT = Path(__file__).parents[2]
T0 = 1_769_860_800_000
QUICK = Retry(first=0.01, longest=0.05)
_names = itertools.count()


@pytest.fixture
def source() -> str:
    """A name of this test alone in the ledger and for its sensors."""
    return f"sdk-{next(_names)}-{os.getpid()}"


def ledger(platform, source: str) -> dict:
    (row,) = [row for row in platform.balanced() if row["source"] == source]
    return row


def stored(platform, sensor: str) -> list[tuple[int, float]]:
    """What is stored of `sensor` once nothing is in flight: a flush promises that rows are durable, not that they are stored."""
    platform.balanced()
    with client_of(platform) as client:
        return sorted((epoch_ms(r.ts), r.value) for r in client.iter_readings(sensor, limit=1_000))


def client_of(platform, url: str | None = None) -> Client:
    return Client(url or platform.url, key=platform.key, timeout=10.0)


def test_rows_are_durable_when_flush_returns(platform, source):
    with client_of(platform) as client, client.writer(source=source, max_age=60.0) as writer:
        for i in range(2_500):
            writer.add(source, "power_w", float(i), ts=T0 + i, site="lab")
        writer.flush(20.0)
        assert writer.pending == 0
        assert writer.stats.accepted == 2_500
        told = ledger(platform, source)
        assert (told["received"], told["stored"]) == (2_500, 2_500)
        assert [v for _, v in stored(platform, source)] == [float(i) for i in range(2_500)]


def test_rows_leave_by_age_without_a_flush(platform, source):
    with client_of(platform) as client, client.writer(source=source, max_age=0.05) as writer:
        writer.add(source, "power_w", 1.0, ts=T0)
        until(lambda: writer.stats.accepted == 1, what="the row's way by age")


def test_a_batch_is_as_large_as_was_asked(platform, source):
    with client_of(platform) as client, client.writer(source=source, max_rows=100, max_age=60.0) as writer:
        for i in range(1_000):
            writer.add(source, "power_w", float(i), ts=T0 + i)
        writer.flush(20.0)
        assert writer.stats.batches == 10


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("spooled", [False, True], ids=["memory", "spool"])
def test_refusals_and_cut_connections_double_nothing_and_lose_nothing(platform, source, tmp_path, seed, spooled):
    rng = random.Random(seed)
    kinds = ["none", "429", "503", "500", "proxy", "cut_before", "cut_after", "cut_after"]
    choices = [rng.choice(kinds) for _ in range(60)]
    with opened(platform.url, lambda n: choices[n] if n < len(choices) else "none") as gate:
        options = {"spool": tmp_path / "spool"} if spooled else {}
        with (
            client_of(platform, gate.url) as client,
            client.writer(source=source, max_rows=50, max_age=0.02, retry=QUICK, **options) as writer,
        ):
            for i in range(1_000):
                writer.add(source, "power_w", float(i), ts=T0 + i)
            writer.flush(40.0)
            assert writer.stats.retries > 5
        # Batches arrive in order: a key never comes back after another was begun.
        assert [k for k, _ in itertools.groupby(gate.keys)] == list(dict.fromkeys(gate.keys))
    told = ledger(platform, source)
    assert (told["received"], told["stored"], told["duplicate"]) == (1_000, 1_000, 0)
    assert stored(platform, source) == [(T0 + i, float(i)) for i in range(1_000)]


def test_refused_rows_are_told_and_their_neighbours_are_kept(platform, source):
    told: list[Rejected] = []
    with client_of(platform) as client, client.writer(source=source, on_reject=told.append) as writer:
        for i in range(20):
            writer.add(source, "temperature", -1.0 if i % 5 == 0 else 290.0 + i, unit="K", ts=T0 + i)
        writer.flush(20.0)
        writer.add(source, "temperature", -5.0, unit="K", ts=T0 + 100)
        writer.flush(20.0)
        assert (writer.stats.accepted, writer.stats.rejected) == (16, 5)
    assert [r.row["ts"] - T0 for r in told] == [0, 5, 10, 15, 100]
    assert all(r.code and r.detail and r.row["sensor_id"] == source for r in told)


def test_a_failing_callback_does_not_stop_the_rows_behind_it(platform, source, caplog):
    def fail(_: Rejected) -> None:
        raise RuntimeError("the caller's mistake")

    with client_of(platform) as client, client.writer(source=source, on_reject=fail) as writer:
        writer.add(source, "temperature", -1.0, unit="K", ts=T0)
        writer.add(source, "temperature", 290.0, unit="K", ts=T0 + 1)
        writer.flush(20.0)
        assert writer.stats.accepted == 1
    assert "the caller's mistake" in caplog.text


def test_a_full_spool_pushes_back_and_keeps_the_oldest(platform, source, tmp_path):
    gone = threading.Event()
    with opened(platform.url, lambda _: "none" if gone.is_set() else "503") as gate:
        options = {
            "spool": tmp_path,
            "max_bytes": 20_000,
            "max_rows": 20,
            "block": 0.2,
            "retry": QUICK,
            "max_age": 0.02,
        }
        rng, added = random.Random(1), 0

        def add_for_ever(writer: Writer) -> None:
            nonlocal added
            while True:
                writer.add(source, "power_w", rng.random(), ts=T0 + added)
                added += 1

        with client_of(platform, gate.url) as client, client.writer(source=source, **options) as writer:
            with pytest.raises(SpoolFull, match="rows wait"):
                add_for_ever(writer)
            assert sum(p.stat().st_size for p in tmp_path.iterdir()) <= 20_000
            gone.set()
            writer.flush(30.0)
    assert ledger(platform, source)["stored"] == added
    assert [ts for ts, _ in stored(platform, source)] == [T0 + i for i in range(added)]


def test_what_waits_at_the_end_is_sent_by_the_next_writer_before_its_own(platform, source, tmp_path):
    with opened(platform.url, lambda _: "503") as gate, client_of(platform, gate.url) as client:
        writer = client.writer(source=source, spool=tmp_path, max_rows=10, retry=QUICK)
        for i in range(35):
            writer.add(source, "power_w", float(i), ts=T0 + i)
        writer.close(0.1)
        with pytest.raises(WriterClosed):
            writer.add(source, "power_w", 1.0)
    with opened(platform.url, lambda _: "none") as gate, client_of(platform, gate.url) as client:
        with client.writer(source=source, spool=tmp_path) as writer:
            assert writer.pending == 35
            writer.add(source, "power_w", 99.0, ts=T0 + 10_000)
            writer.flush(20.0)
        assert len(gate.keys) == 5
    assert [v for _, v in stored(platform, source)] == [*(float(i) for i in range(35)), 99.0]


def test_without_a_spool_what_is_lost_at_the_end_is_said(source):
    client = Client("http://127.0.0.1:9", key="any")
    writer = client.writer(source=source, retry=QUICK)
    writer.add(source, "power_w", 1.0)
    with pytest.raises(Unavailable, match="1 rows were not sent and are lost"):
        writer.close(0.1)
    client.close()


def test_flush_says_what_is_in_the_way_and_nothing_is_lost_by_it(tmp_path, source):
    with Client("http://127.0.0.1:9", key="any") as client:
        writer = client.writer(source=source, spool=tmp_path, retry=QUICK)
        writer.add(source, "power_w", 1.0)
        with pytest.raises(Unreachable):
            writer.flush(0.3)
        assert writer.pending == 1
        writer.close(0.0)


def test_a_revoked_key_keeps_the_rows(platform, source, tmp_path):
    troubles = []
    with Client(platform.url, key="no-such-key") as client:
        writer = client.writer(source=source, spool=tmp_path, retry=QUICK, on_trouble=troubles.append)
        writer.add(source, "power_w", 1.0, ts=T0)
        writer.close(0.3)
    assert troubles[0].status == 401
    with client_of(platform) as client, client.writer(source=source, spool=tmp_path) as writer:
        writer.flush(20.0)
    assert stored(platform, source) == [(T0, 1.0)]


def test_a_body_that_is_too_large_goes_in_halves_whose_keys_stay_the_same_and_a_row_that_is_it_alone_is_told():
    sent: list[tuple[str, list[float]]] = []
    told: list[Rejected] = []

    def platform_of_two_rows(ask: Ask[Verdicts]) -> Verdicts:
        rows = Batch("", 0, ask.content or b"").decoded()
        if len(rows) > 2 or rows[0]["value"] == 3.0:
            document = {"type": "urn:penstock:problem:too_large", "detail": "too large", "code": "too_large"}
            raise TooLarge("too large", code="too_large", status=413, document=document)
        sent.append((dict(ask.headers)["idempotency-key"], [row["value"] for row in rows]))
        return Verdicts(accepted=len(rows), receipt="r")

    buffer = Buffer()
    for i in range(7):
        buffer.add(Row(sensor_id="a", metric="m"), float(i), T0 + i, None)
    batch = buffer.freeze()
    delivery = Delivery(platform_of_two_rows, WriterOptions(on_reject=told.append), random.Random(1), lambda *_: False)
    assert delivery.deliver(batch)
    first = sent.copy()
    assert delivery.deliver(batch)
    assert sent == first * 2
    assert [v for _, values in first for v in values] == [0.0, 1.0, 2.0, 4.0, 5.0, 6.0]
    assert len({key for key, _ in first}) == len(first)
    assert [r.row["value"] for r in told] == [3.0, 3.0]
    assert (delivery.stats.accepted, delivery.stats.rejected) == (12, 2)


@pytest.mark.parametrize("options", [{"source": "Not A Name"}, {"max_rows": 0}], ids=["source", "max_rows"])
def test_options_that_would_cost_rows_later_are_refused_at_once(options):
    with Client("http://127.0.0.1:9", key="any") as client, pytest.raises(ValueError, match="not"):
        client.writer(**options)


DEVICE = """
import sys, itertools
from penstock_client import Client
url, key, spool, source, first = sys.argv[1:]
with Client(url, key=key) as client:
    writer = client.writer(spool=spool, source=source, max_rows=25, max_age=0.01)
    for i in itertools.count(int(first)):
        writer.add(source, "power_w", float(i), ts=1769860800000 + i)
        if i % 50 == 49:
            writer.checkpoint()
            print(i + 1, flush=True)
"""


def test_a_device_that_is_killed_again_and_again_loses_and_doubles_nothing_that_was_on_its_disk(
    platform, source, tmp_path
):
    """After each kill -9 the device goes on behind its last checkpoint, so it may say some rows again; none twice in effect."""
    rng, told = random.Random(7), 0
    with opened(platform.url, lambda n: ["none", "cut_after", "503", "none"][n % 4]) as gate:
        for _ in range(4):
            device = subprocess.Popen(
                [sys.executable, "-c", DEVICE, gate.url, platform.key, str(tmp_path), source, str(told)],
                stdout=subprocess.PIPE, text=True,
                env=clean_environment(PYTHONPATH=str(ROOT / "sdk" / "python" / "src")),
            )  # fmt: skip
            assert device.stdout is not None
            for line in itertools.islice(device.stdout, rng.randrange(2, 10)):
                told = int(line)
            device.send_signal(signal.SIGKILL)
            said = device.communicate()[0].split()
            told = max([told, *map(int, said)])
    with client_of(platform) as client, client.writer(source=source, spool=tmp_path) as writer:
        writer.flush(30.0)
    rows = stored(platform, source)
    assert [ts - T0 for ts, _ in rows] == list(range(len(rows)))
    assert [v for _, v in rows] == [float(i) for i in range(len(rows))]
    assert len(rows) >= told >= 100
    books = ledger(platform, source)
    assert books["stored"] == len(rows)
    assert books["received"] == books["stored"] + books["duplicate"]
