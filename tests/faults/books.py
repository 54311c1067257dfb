"""The load's own ledger, read: what was sent and what became of it, as columns."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import polars as pl

_ROWS = {
    "batch": pl.Int64, "tenant": pl.String, "door": pl.String, "sensor": pl.Int64, "ts": pl.Int64, "value": pl.Float64,
    "seq": pl.Int64,
}  # fmt: skip
_ATTEMPTS = {
    "batch": pl.Int64, "attempt": pl.Int64, "outcome": pl.String, "status": pl.Int64, "code": pl.String, "ms": pl.Float64,
    "at": pl.Int64,
}  # fmt: skip
KEY = ("tenant", "sensor", "ts")


@dataclass(frozen=True)
class Books:
    """rows: one line per reading sent, with the `fate` of its batch (acked, refused, unknown) and when it was `acked_at`
    (epoch ms) · attempts: one line per request
    """

    rows: pl.DataFrame
    attempts: pl.DataFrame

    @classmethod
    def read(cls, *paths: Path) -> Books:
        rows: dict[str, list[object]] = {name: [] for name in _ROWS}
        attempts: list[dict[str, object]] = []
        for path in paths:
            for line in path.read_bytes().splitlines():
                said = json.loads(line)
                if "rows" in said:
                    count = len(said["ts"])
                    for name in ("sensor", "ts", "value", "seq"):
                        rows[name] += said[name]
                    for name, value in (("batch", said["rows"]), ("tenant", said["tenant"]), ("door", said["door"])):
                        rows[name] += [value] * count
                else:
                    attempts.append({name: said[name] for name in _ATTEMPTS})
        tried = pl.DataFrame(attempts, schema=_ATTEMPTS)
        fates = tried.group_by("batch").agg(
            acked_at=pl.col("at").filter(pl.col("outcome") == "acked").min(),
            doubtful=(pl.col("outcome") == "unknown").any(),
        )
        fate = (
            pl.when(pl.col("acked_at").is_not_null())
            .then(pl.lit("acked"))
            .when(pl.col("doubtful").fill_null(value=True))  # no attempt was written down: it may have been under way
            .then(pl.lit("unknown"))
            .otherwise(pl.lit("refused"))
        )
        sent = pl.DataFrame(rows, schema=_ROWS).join(fates, on="batch", how="left").with_columns(fate=fate)
        return cls(sent.drop("doubtful"), tried)

    def expected(self) -> pl.DataFrame:
        """Per key that may be stored: `least`, the rank (seq, value) that an acked row guarantees (null: none did).

        Columns: tenant, sensor, ts, sure (an acked row has the key), seq and value of the best acked row.
        """
        possible = self.rows.filter(pl.col("fate") != "refused")
        acked = (
            possible.filter(pl.col("fate") == "acked")
            .sort("seq", "value")
            .group_by(*KEY)
            .agg(pl.col("seq").last(), pl.col("value").last())
        )
        return (
            possible.select(KEY)
            .unique()
            .join(acked, on=KEY, how="left")
            .with_columns(sure=pl.col("value").is_not_null())
        )

    def tally(self) -> dict[str, int]:
        """Batches per fate, and readings acked."""
        by_fate = self.rows.group_by("fate").agg(pl.col("batch").n_unique(), pl.len())
        counts = {str(fate): int(batches) for fate, batches, _ in by_fate.iter_rows()}
        rows = {str(fate): int(rows) for fate, _, rows in by_fate.iter_rows()}
        return {f: counts.get(f, 0) for f in ("acked", "refused", "unknown")} | {"readings": rows.get("acked", 0)}
