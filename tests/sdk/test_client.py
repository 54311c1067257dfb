"""Both clients against a real platform: typed rows, pages, tables, live rows, errors."""

from __future__ import annotations

import asyncio
import inspect
import threading
from datetime import UTC, datetime, timedelta

import pytest

import penstock_client
from penstock_client import AsyncClient, Client, InvalidRequest, NotAllowed, NotFound, Reading, Unreachable
from penstock_client.query import epoch_ms
from tests.journeys.conftest import until

T0 = datetime(2026, 1, 31, 12, tzinfo=UTC)
SITE = "sdk-site"


@pytest.fixture(scope="module")
def client(platform):
    with Client(platform.url, key=platform.key) as client:
        rows = [
            {"sensor_id": f"sdk/m {n}", "site_id": SITE, "metric": "power_w", "value": 100.0 * n + i, "tags": {"n": n},
             "ts": T0 + timedelta(minutes=i)}
            for n in range(3) for i in range(60)
        ]  # fmt: skip
        verdicts = client.write(rows, key="sdk-client-rows", source="sdk")
        assert (verdicts.accepted, verdicts.rejected) == (180, [])
        assert client.write(rows, key="sdk-client-rows", source="sdk").receipt == verdicts.receipt
        until(lambda: len(client.series(site=SITE)) == 3, what="the rows in the store")
        yield client


def test_rows_are_typed_and_say_how_fresh_they_are(client):
    result = client.latest(site=SITE)
    assert [(r.sensor_id, r.value, r.ts) for r in result] == [
        (f"sdk/m {n}", 100.0 * n + 59, T0 + timedelta(minutes=59)) for n in range(3)
    ]
    assert result.page.as_of.tzinfo is not None
    assert result.page.next_cursor is None
    assert len(result) == 3


def test_a_name_with_a_slash_and_a_space_is_one_name(client):
    assert [r.value for r in client.recent("sdk/m 1", limit=2)] == [159.0, 158.0]


def test_pages_are_followed_to_the_end(client):
    values = [r.value for r in client.iter_readings("sdk/m 2", limit=7)]
    assert values == [200.0 + i for i in reversed(range(60))]
    assert [s.sensor_id for s in client.iter_series(site=SITE, limit=2)] == [f"sdk/m {n}" for n in range(3)]
    assert len(list(client.iter_latest(site=SITE, limit=1))) == 3


def test_times_bound_what_is_read(client):
    rows = client.recent("sdk/m 0", start=T0 + timedelta(minutes=10), end=epoch_ms(T0) + 12 * 60_000)
    assert [r.value for r in rows] == [11.0, 10.0]


def test_aggregates_and_energy_are_typed(client):
    rows = client.aggregate(SITE, window="15m", start=T0, end=T0 + timedelta(hours=1), group_by=["sensor"]).data
    assert len(rows) == 12
    assert (rows[0].count, rows[0].sensor_id, rows[0].unit) == (15, "sdk/m 0", "W")
    energy = client.energy(site=SITE, window="1h", start=T0, end=T0 + timedelta(hours=1)).data
    assert energy[0].import_wh == pytest.approx(sum(100.0 * n + i for n in range(3) for i in range(60)) / 60)
    assert client.energy(sensor="sdk/m 1", window="1h", start=T0, end=T0 + timedelta(hours=1)).data[0].series == 1
    with pytest.raises(ValueError, match="a sensor or a site"):
        client.energy()


def test_a_reading_is_explained_and_its_receipt_found(client):
    told = client.explain("sdk/m 1", "power_w", T0)
    assert told.found
    assert told.value == 100.0
    assert told.decision["code"] == "only_version"
    receipt = client.receipt(told.versions[0]["receipt"])
    assert (receipt.received, receipt.stored) == (180, 180)
    assert [row.difference for row in client.ledger()] == [0] * len(client.ledger())
    missing = client.explain("sdk/m 1", "power_w", T0 + timedelta(seconds=1))
    assert not missing.found
    assert missing.reasons


def test_tables_hold_the_same_as_rows(client):
    result = client.recent("sdk/m 1", limit=10)
    values = [r.value for r in result]
    arrow = result.to_arrow()
    assert arrow.column("value").to_pylist() == values
    assert str(arrow.schema.field("ts").type) == "timestamp[ms, tz=UTC]"
    assert b"staleness_ms" in arrow.schema.metadata[b"penstock"]
    assert result.to_polars()["value"].to_list() == values


def test_a_table_becomes_a_pandas_frame(client):
    # Not among the tests' own packages: Arrow and DuckDB load it wherever it is installed, 40 MB a process.
    pytest.importorskip("pandas")
    result = client.recent("sdk/m 1", limit=10)
    assert result.to_pandas()["value"].tolist() == [r.value for r in result]


def test_events_are_paged_by_time_though_many_share_an_instant(client):
    rows = [
        {"criticality": 3, "timestamp": (T0 + timedelta(milliseconds=i // 40)).isoformat(), "eventMessage": f"e{i}",
         "id": f"sdk-{i}", "source": "sdk-events"}
        for i in range(200)
    ]  # fmt: skip
    assert client.write_events(rows).accepted == 200
    end = T0 + timedelta(seconds=1)
    until(lambda: len(client.events(start=T0, end=end, limit=500)) == 200, what="the events in the store")
    found = [e.id for e in client.pages(penstock_client.paging.ByTime(_events(end), size=25))]
    assert sorted(found) == sorted(r["id"] for r in rows)
    assert {e.id for e in client.iter_events(criticality_above=2, start=T0, end=end)} == set(found)
    assert client.events(criticality_above=3, start=T0, end=end).data == []


def _events(end):
    return penstock_client.asks.events(start=T0, end=end)


def test_errors_say_what_the_platform_meant(client, platform):
    with pytest.raises(InvalidRequest) as refused:
        client.latest(unit="bananas", site=SITE).page  # noqa: B018 - reading it asks
    assert refused.value.status == 400
    assert refused.value.code
    with pytest.raises(InvalidRequest) as rows:
        client.write([{"sensor_id": "x", "metric": "temperature", "value": -4, "ts": T0}])
    assert rows.value.errors[0]["row"] == 0
    with pytest.raises(NotFound):
        client.receipt("no-such-receipt")
    with Client(platform.url, key="wrong") as stranger, pytest.raises(NotAllowed):
        list(stranger.latest())
    lost = Client("http://127.0.0.1:9", key="any", retry=penstock_client.Retry(attempts=1))
    with lost, pytest.raises(Unreachable, match="did not answer"):
        list(lost.latest())


def test_without_a_key_nothing_is_sent(monkeypatch, platform):
    monkeypatch.delenv("PENSTOCK_KEY", raising=False)
    with pytest.raises(NotAllowed, match="PENSTOCK_KEY"):
        Client(platform.url)
    monkeypatch.setenv("PENSTOCK_KEY", platform.key)
    monkeypatch.setenv("PENSTOCK_URL", platform.url)
    with Client() as client:
        assert client.ledger().data is not None


def test_live_rows_are_heard_from_when_the_stream_stands(client):
    heard, stands = [], threading.Event()

    def listen():
        for row in client.live(sensor="sdk-live-*", on_open=stands.set):
            heard.append(row)
            if len(heard) == 3:
                return

    listener = threading.Thread(target=listen)
    listener.start()
    assert stands.wait(20)
    for n in range(3):
        client.write([{"sensor_id": f"sdk-live-{n}", "metric": "power_w", "value": n, "ts": datetime.now(UTC)}])
    listener.join(20)
    assert [(r.sensor_id, r.value) for r in heard] == [(f"sdk-live-{n}", float(n)) for n in range(3)]


async def test_the_async_client_answers_the_same(client, platform):
    async with AsyncClient(platform.url, key=platform.key) as other:
        page = await other.latest(site=SITE)
        assert page.data == client.latest(site=SITE).data
        assert (await other.latest(site=SITE).to_polars()).height == 3
        assert [r async for r in other.iter_readings("sdk/m 2", limit=25)] == list(client.iter_readings("sdk/m 2"))
        assert (await other.explain("sdk/m 1", "power_w", T0)).found
        with pytest.raises(NotFound):
            await other.receipt("no-such-receipt")


async def test_async_rows_are_written_and_heard(platform):
    async with AsyncClient(platform.url, key=platform.key) as client:
        stands = asyncio.Event()

        async def first():
            return await anext(client.live(sensor="sdk-alive", on_open=stands.set))

        listening = asyncio.create_task(first())
        async with asyncio.timeout(20):
            await stands.wait()
            async with client.writer(source="sdk-async", max_rows=10) as writer:
                for i in range(35):
                    await writer.add("sdk-alive", "power_w", i)
                await writer.flush(15)
                assert writer.writer.stats.accepted == 35
            row = await listening
        assert isinstance(row, Reading)
        assert (row.sensor_id, row.value) == ("sdk-alive", 0.0)


def test_both_clients_have_the_same_methods():
    sync, other = ({n for n, _ in inspect.getmembers(kind) if not n.startswith("_")} for kind in (Client, AsyncClient))
    assert sync - other == {"try_once"}
    for name in sync & other - {"close", "run", "writer", "live"}:
        assert inspect.signature(getattr(Client, name)).parameters.keys() == (
            inspect.signature(getattr(AsyncClient, name)).parameters.keys()
        )
