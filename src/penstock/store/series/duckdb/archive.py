"""Reading back what the store holds besides readings and events: receipts, what explains a reading, the ledger, dead letters."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb
import numpy as np

from penstock.model.findings import Findings
from penstock.model.ledger import Counts, DeadLetter, LedgerRow, Receipt
from penstock.store.series.duckdb.letters import read_dead_letters
from penstock.store.series.duckdb.reader import Guard, SeriesReader
from penstock.store.series.duckdb.tracing import read_findings, read_refusals, read_trace
from penstock.store.series.duckdb.view import View, open_view
from penstock.store.series.duckdb.writer import Memory
from penstock.store.series.port import Refusal, Trace

__all__ = ["Reader"]


class Reader(SeriesReader):
    """All that is read of the store, as it is now."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, memory: Memory, guard: Guard) -> None:
        super().__init__(connection, memory, guard)
        self._records = memory

    def view(self) -> View:
        """The store as it is now, to be closed by the caller."""
        return open_view(self._db, self._records, self._guard)

    def receipt(self, tenant: str, receipt: str) -> Receipt | None:
        with self._guard:
            held = self._records.receipts.get((tenant, receipt))
        if held:
            return held
        names = ", ".join(f"sum({name})::BIGINT" for name in Counts._fields)
        with self._snapshot() as (cursor, _):
            rows = cursor.execute(
                f"""SELECT min(source), max(committed_ts), min(stamp), list(frame ORDER BY number), {names}
                    FROM receipts WHERE tenant = ? AND receipt = ?""",
                [tenant, receipt],
            ).fetchall()
        source, committed, stamp, frames, *counts = rows[0]
        return Receipt(receipt, tenant, source, Counts(*counts), committed, stamp, tuple(frames)) if source else None

    def trace(self, tenant: str, series: int, ts: int) -> Trace:
        self._own(tenant, np.array([series], np.int32))
        with self._snapshot() as (cursor, _):
            return read_trace(cursor, tenant, series, ts)

    def refusals(self, tenant: str, sensor: str, metric: str, ts: int, limit: int) -> list[Refusal]:
        with self._snapshot() as (cursor, _):
            return read_refusals(cursor, tenant, sensor, metric, ts, limit)

    def findings(self, tenant: str, receipt: str) -> Findings:
        with self._snapshot() as (cursor, _):
            return read_findings(cursor, tenant, receipt)

    def ledger(self, tenant: str | None) -> list[LedgerRow]:
        with self._guard:
            entries = sorted(self._records.ledger.items())
        return [LedgerRow(t, source, counts) for (t, source), counts in entries if tenant in {None, t}]

    def dead_letters(
        self, tenant: str, limit: int, where: Mapping[str, str | None], before: tuple[int, str] | None = None
    ) -> list[DeadLetter]:
        with self._snapshot() as (cursor, _):
            return read_dead_letters(cursor, tenant, limit, where, before)
