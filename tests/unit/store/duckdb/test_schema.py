"""Files of earlier versions open with all their data; files of later ones are refused."""

from pathlib import Path

import duckdb
import numpy as np
import pytest

from penstock.model.errors import Misconfigured
from penstock.model.ledger import Counts, LedgerRow, Part, Settlement
from penstock.store.series import Filter
from penstock.store.series.duckdb import DuckConfig, DuckSeriesStore
from penstock.store.series.duckdb.schema import SCHEMA_VERSION, connect
from tests.contracts.stores import POWER, T0, FixedClock, frame

_COUNTS = "received BIGINT, stored BIGINT, duplicate BIGINT, superseded BIGINT, rejected BIGINT, dead_lettered BIGINT"
_ROLLUP = """series INTEGER, bucket BIGINT, count BIGINT, sum DOUBLE, min DOUBLE, max DOUBLE, first DOUBLE, last DOUBLE,
    first_ts BIGINT, last_ts BIGINT, area DOUBLE"""

# What Penstock 0.1 wrote, in its own words: this never follows what `schema.py` becomes.
VERSION_1 = f"""
CREATE TABLE meta(key VARCHAR NOT NULL, value BIGINT NOT NULL);
CREATE TABLE raw(series INTEGER NOT NULL, ts BIGINT NOT NULL, value DOUBLE NOT NULL, version BIGINT NOT NULL);
CREATE TABLE series(id INTEGER, tenant VARCHAR, site VARCHAR, sensor VARCHAR, metric VARCHAR, unit VARCHAR);
CREATE TABLE sensors(tenant VARCHAR, site VARCHAR, sensor VARCHAR, building_stamp BIGINT, building VARCHAR,
    room_stamp BIGINT, room VARCHAR, tags_stamp BIGINT, tags VARCHAR);
CREATE TABLE rollup_1m({_ROLLUP}); CREATE TABLE rollup_15m({_ROLLUP});
CREATE TABLE rollup_1h({_ROLLUP}, finest BIGINT); CREATE TABLE rollup_1d({_ROLLUP});
CREATE TABLE dirty(series INTEGER, hour BIGINT);
CREATE TABLE loose(day BIGINT, readings BIGINT);
CREATE TABLE receipts(frame VARCHAR, receipt VARCHAR, tenant VARCHAR, source VARCHAR, {_COUNTS}, committed_ts BIGINT);
CREATE TABLE ledger_base(tenant VARCHAR, source VARCHAR, {_COUNTS});
CREATE TABLE events(tenant VARCHAR, id VARCHAR, ts BIGINT, timestamp VARCHAR, criticality INTEGER, message VARCHAR,
    source VARCHAR, stamp BIGINT);
CREATE TABLE dead_letters(tenant VARCHAR, id VARCHAR, source VARCHAR, received_ts BIGINT, code VARCHAR, detail VARCHAR,
    payload BLOB);
INSERT INTO meta VALUES ('schema', 1);
INSERT INTO series VALUES (0, 'acme', 'hq', 'm1', 'power_w', 'W');
INSERT INTO raw VALUES (0, {T0}, 1.5, 7), (0, {T0 + 1}, 2.5, 8);
INSERT INTO receipts VALUES ('f1', 'r1', 'acme', 'http', 2, 1, 0, 0, 1, 0, {T0}), ('f2', 'r1', 'acme', 'http', 1, 1, 0, 0, 0, 0, {T0});
INSERT INTO ledger_base VALUES ('acme', 'http', 10, 10, 0, 0, 0, 0);
INSERT INTO events VALUES ('acme', 'e1', {T0}, 'then', 5, 'door', 'gate', 9);
INSERT INTO dead_letters VALUES ('acme', 'd1', 'nats', {T0}, 'frame_malformed', 'why', 'bytes'::BLOB);
"""


@pytest.fixture
def version_1(tmp_path: Path) -> Path:
    path = tmp_path / "series.duckdb"
    with duckdb.connect(str(path)) as db:
        db.execute(VERSION_1)
    return path


async def test_a_version_1_file_opens_with_all_its_data(version_1: Path):
    store = DuckSeriesStore(DuckConfig(version_1), FixedClock())
    await store.open()
    [info] = await store.find("acme", Filter())
    assert info.key == POWER
    readings = await store.scan("acme", np.array([info.id], np.int32), T0, T0 + 10)
    assert readings.value.tolist() == [1.5, 2.5]
    assert await store.ledger(None) == [LedgerRow("acme", "http", Counts(13, 12, 0, 0, 1, 0))]
    receipt = await store.receipt("acme", "r1")
    assert receipt
    assert (receipt.counts, receipt.frames) == (Counts(3, 2, 0, 0, 1, 0), ("f1", "f2"))
    assert [row.event.message for row in await store.events("acme", limit=5)] == ["door"]
    assert [letter.payload for letter in await store.dead_letters("acme", 5)] == [b"bytes"]
    trace = await store.trace("acme", info.id, T0)
    assert (trace.value, trace.version) == (1.5, 7)
    assert [arrival.passage for arrival in trace.arrivals] == [None]  # version 1 did not keep which request it was
    await store.close()


async def test_a_migrated_file_takes_new_frames_and_knows_its_old_ones(version_1: Path):
    store = DuckSeriesStore(DuckConfig(version_1), FixedClock())
    await store.open()
    old = await store.commit([frame(name="f1")])
    assert [receipt.id for receipt in old] == ["r1"]
    await store.commit([frame([(POWER, T0, 3.0, 9)], name="f3", stamp=9)])
    trace = await store.trace("acme", 0, T0)
    assert [(a.value, a.passage.receipt if a.passage else None) for a in trace.arrivals] == [(1.5, None), (3.0, "r-f3")]
    await store.close()


def test_a_migrated_file_has_the_same_tables_as_a_new_one(version_1: Path, tmp_path: Path):
    def tables(path: Path) -> list[tuple[str, str, str]]:
        with connect(DuckConfig(path)) as db:
            return db.execute("SELECT table_name, column_name, data_type FROM duckdb_columns() ORDER BY ALL").fetchall()

    assert tables(version_1) == tables(tmp_path / "new.duckdb")


def test_a_file_of_a_later_version_is_refused_and_let_go_of(version_1: Path):
    with duckdb.connect(str(version_1)) as db:
        db.execute("UPDATE meta SET value = ?", [SCHEMA_VERSION + 1])
    for _ in range(2):
        with pytest.raises(Misconfigured, match=f"schema {SCHEMA_VERSION + 1}"):
            connect(DuckConfig(version_1))


async def test_an_older_dead_letter_counts_for_one_row_and_can_be_settled(version_1: Path):
    store = DuckSeriesStore(DuckConfig(version_1), FixedClock())
    await store.open()
    [letter] = await store.dead_letters("acme", 10)
    assert (letter.rows, letter.state, letter.holds, letter.stamp) == (1, "open", "readings", T0 * 1000)
    # A name of its own: the store of then remembers the frames f1 and f2.
    await store.commit(
        [frame(name="settling", parts=[Part("r", "replay", 0)], settles=Settlement("d1", "discarded", "old"))]
    )
    assert (await store.dead_letter("acme", "d1")).state == "discarded"
    await store.close()
