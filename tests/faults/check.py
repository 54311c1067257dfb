"""The invariants, checked over columns once faults are healed and lanes are empty. Each returns what it found wrong.

I1  acked ⊆ stored            I2  stored ⊆ sent, refused is not stored     I3  one value per key, the winner
I4  rollups and aggregates = recomputed from raw, bit for bit              I5  replaying everything changes nothing
I7  an answer holds everything acknowledged before its `as_of`             I9  the ledger adds up, and to what was sent
I10 descriptors and memory return to base                                  I11 no time outside the window
I12 no tenant sees another one's canary
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from penstock.model.partials import partials_at
from penstock.model.time import DAY, HOUR
from tests.faults.books import KEY, Books
from tests.faults.readback import Door, raw_and_rollups, sensors
from tests.faults.rows import CANARY, METRIC, SITE

_SHOWN: Final = 3
Found = list[str]


def _tell(invariant: str, what: str, wrong: pl.DataFrame) -> Found:
    if not wrong.height:
        return []
    return [f"{invariant} {what}: {wrong.height}, such as {wrong.head(_SHOWN).to_dicts()}"]


def readings(books: Books, stored: pl.DataFrame) -> Found:
    """I1, I2 and I3 of `stored` (tenant, sensor, ts, value)."""
    expected = books.expected()
    found = _tell("I3", "keys stored more than once", stored.group_by(*KEY).len().filter(pl.col("len") > 1))
    both = expected.join(stored, on=KEY, how="full", suffix="_stored", coalesce=True)
    found += _tell("I1", "acknowledged and not stored", both.filter(pl.col("sure") & pl.col("value_stored").is_null()))
    found += _tell("I2", "stored and never sent, or refused", both.filter(pl.col("sure").is_null()))
    candidates = (
        books.rows.filter(pl.col("fate") != "refused").select(*KEY, "value", "seq").unique(subset=[*KEY, "value"])
    )
    held = both.filter(pl.col("value_stored").is_not_null() & pl.col("sure").is_not_null())
    judged = held.join(candidates, left_on=[*KEY, "value_stored"], right_on=[*KEY, "value"], how="left", suffix="_held")
    found += _tell("I2", "a value that nobody sent for its key", judged.filter(pl.col("seq_held").is_null()))
    weaker = pl.col("sure") & (
        (pl.col("seq_held") < pl.col("seq"))
        | ((pl.col("seq_held") == pl.col("seq")) & (pl.col("value_stored") < pl.col("value")))
    )
    return found + _tell("I3", "an acknowledged later version lost", judged.filter(weaker))


def canaries(stored: pl.DataFrame, tenants: tuple[str, ...]) -> Found:
    """I12: every value belongs to the tenant that it was read as."""
    owner = (pl.col("value") // CANARY).cast(pl.Int64)
    mine = pl.col("tenant").replace_strict({t: i + 1 for i, t in enumerate(tenants)}, return_dtype=pl.Int64)
    return _tell("I12", "another tenant's value", stored.filter(owner != mine))


def balance(books: Books, ledger: pl.DataFrame, *, source: str = "load") -> Found:
    """I9: differences are 0, and `received` is what the books say, per tenant and source.

    A batch that was acked counts once. Each further attempt of unknown outcome may have arrived as well.
    """
    found = _tell("I9", "ledger differences", ledger.filter((pl.col("difference") != 0) | (pl.col("in_flight") != 0)))
    sizes = books.rows.group_by("batch").agg(pl.len().alias("rows"), pl.col("tenant", "door").first())
    tries = books.attempts.group_by("batch").agg(
        acked=(pl.col("outcome") == "acked").sum(), doubtful=(pl.col("outcome") == "unknown").sum()
    )
    sent = (
        sizes.join(tries, on="batch", how="left")
        .with_columns(pl.col("acked").fill_null(0), pl.col("doubtful").fill_null(1))
        .group_by("tenant", source=pl.format(f"{source}-{{}}", "door"))
        .agg(
            least=(pl.col("rows") * pl.col("acked")).sum(),
            most=(pl.col("rows") * (pl.col("acked") + pl.col("doubtful"))).sum(),
        )
    )
    told = sent.join(ledger, on=["tenant", "source"], how="left").with_columns(pl.col("received").fill_null(0))
    columns = ("tenant", "source", "least", "most", "received")
    return found + _tell(
        "I9",
        "received is not what was sent",
        told.filter((pl.col("received") < pl.col("least")) | (pl.col("received") > pl.col("most"))).select(columns),
    )


def rollups(path: Path) -> Found:
    """I4 in the file of a stopped store: every stored rollup that is not marked dirty equals its recomputation, bitwise."""
    raw, dirty, stored = raw_and_rollups(path)
    days = {(series, hour - hour % DAY) for series, hour in dirty}
    found: Found = []
    for width, columns in stored.items():
        if not len(columns["bucket"]):
            continue
        truth = partials_at(raw, width)
        at = {key: i for i, key in enumerate(zip(truth.series.tolist(), truth.bucket.tolist(), strict=True))}
        names = list(zip(columns["series"].tolist(), columns["bucket"].tolist(), strict=True))
        clean = [n for n, (s, b) in enumerate(names) if (s, b - b % DAY) not in days and (s, b - b % HOUR) not in dirty]
        orphans = [names[n] for n in clean if names[n] not in at]
        if orphans:
            found.append(f"I4 rollups of {width} ms without readings: {len(orphans)}, such as {orphans[:_SHOWN]}")
        mine = np.array([n for n in clean if names[n] in at], np.intp)
        theirs = np.array([at[names[n]] for n in mine.tolist()], np.intp)
        for name, column in columns.items():
            wrong = np.flatnonzero(column[mine] != getattr(truth, name)[theirs])
            if len(wrong):
                shown = [names[mine[i]] for i in wrong[:_SHOWN].tolist()]
                found.append(f"I4 rollups of {width} ms, {name} differs from raw: {len(wrong)}, such as {shown}")
    return found


def aggregates(url: str, keys: Mapping[str, str], stored: pl.DataFrame, *, window: int = 60_000) -> Found:
    """I4 over REST: minute aggregates of every sensor equal those of what is stored. Sums are exact by construction."""
    found: Found = []
    for tenant, key in keys.items():
        mine = stored.filter(pl.col("tenant") == tenant)
        if not mine.height:
            continue
        start = int(mine["ts"].max()) - 30 * 60_000  # pyright: ignore[reportArgumentType] - not empty
        start -= start % window
        end = int(mine["ts"].max()) + window  # pyright: ignore[reportArgumentType] - not empty
        end -= end % window
        path = f"/v1/sites/{SITE}/agg?window=1m&from={start}&to={end}&metric={METRIC}&group_by=sensor"
        columns = Door(url, key).get(path)["columns"]
        answer = pl.DataFrame(
            {
                "sensor": [int(name[1:]) for name in columns["sensor_id"]],
                "bucket": columns["ts"],
                **{name: columns[name] for name in ("count", "sum", "min", "max")},
            }
        ).filter(pl.col("count") > 0)
        truth = (
            mine.filter(pl.col("ts").is_between(start, end, closed="left"))
            .group_by("sensor", bucket=pl.col("ts") // window * window)
            .agg(count=pl.len(), sum=pl.sum("value"), min=pl.min("value"), max=pl.max("value"))
        )
        names = ["sensor", "bucket", "count", "sum", "min", "max"]
        differ = (
            truth.select(names)
            .cast(answer.select(names).schema)
            .join(answer.select(names), on=names, how="anti", nulls_equal=True)
        )
        found += _tell("I4", f"aggregates of {tenant} differ from raw", differ)
        extra = answer.join(truth.cast({"sensor": pl.Int64, "bucket": pl.Int64}), on=["sensor", "bucket"], how="anti")
        found += _tell("I4", f"aggregates of {tenant} without readings", extra)
    return found


def times(stored: pl.DataFrame, *, start: int, end: int) -> Found:
    """I11: nothing is stored outside [start, end]."""
    return _tell("I11", "times outside the window", stored.filter(~pl.col("ts").is_between(start, end)))


def known_sensors(url: str, keys: Mapping[str, str], books: Books) -> Found:
    """No series that nobody sent."""
    found: Found = []
    for tenant, key in keys.items():
        sent = {f"s{n:03d}" for n in books.rows.filter(pl.col("tenant") == tenant)["sensor"].unique().to_list()}
        if extra := set(sensors(Door(url, key))) - sent:
            found.append(f"I2 sensors of {tenant} that nobody sent: {sorted(extra)[:_SHOWN]}")
    return found


def returned_to_base(before: Mapping[str, tuple[int, int]], after: Mapping[str, tuple[int, int]]) -> Found:
    """I10 for processes that lived through the run: descriptors back to within 16, memory bounded."""
    found: Found = []
    for name in before.keys() & after.keys():
        (_, fds), (resident, fds_now) = before[name], after[name]
        if fds_now > fds + 16:
            found.append(f"I10 {name} has {fds_now} descriptors open, {fds} before")
        if resident > 768 << 20:
            found.append(f"I10 {name} holds {resident >> 20} MiB")
    return found
