"""`penstock ingest` at work: files into drafts, drafts to the platform, receipts and rejects back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from penstock.app.client import Target, locate
from penstock.app.config import Settings
from penstock.app.filemap import MapFlags, build_mapping
from penstock.app.rejects import Rejects
from penstock.app.upload import Uploader
from penstock.model.batch import Draft
from penstock.model.errors import InvalidInput
from penstock.model.ledger import Counts
from penstock.model.time import WallClock
from penstock.model.units import resolve_metric
from penstock.pipeline.admit import admit
from penstock.sources.files import file_columns, read_file

__all__ = ["Summary", "check_file", "ingest_file", "to_json"]

_SOURCE: Final = "file"
_HARDLY_KELVIN: Final = 150.0

Told = Callable[[int], None]
"""Called with the number of rows that are durable now."""


@dataclass(slots=True)
class Summary:
    """What became of one file. `rejected` counts rows, the other fates count readings."""

    file: str
    rows: int = 0
    readings: int = 0
    rejected: int = 0
    fates: Counts = field(default_factory=Counts)
    rejects: str | None = None
    seconds: float = 0.0

    def document(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "file": self.file,
            "rows": self.rows,
            "readings": self.readings,
            "stored": self.fates.stored,
            "duplicate": self.fates.duplicate,
            "superseded": self.fates.superseded,
            "rejected": self.rejected,
            "dead_lettered": self.fates.dead_lettered,
            "rejects": self.rejects,
            "seconds": round(self.seconds, 3),
        }


def ingest_file(
    settings: Settings, path: Path, flags: MapFlags, *, chunk_rows: int, rejects: Rejects, told: Told
) -> Summary:
    """Send a file; returns once all of its readings are stored. Refused rows go to `rejects`. Raises PenstockError."""
    with rejects:
        return asyncio.run(_ingest(locate(settings), path, flags, chunk_rows, rejects, told))


async def _ingest(
    target: Target, path: Path, flags: MapFlags, chunk_rows: int, rejects: Rejects, told: Told
) -> Summary:
    began = time.monotonic()
    summary = Summary(str(path))
    drafts = _with_sure_units(read_file(path, build_mapping(flags, file_columns(path)), chunk_rows))
    receipts: dict[str, int] = {}
    async with Uploader(target.url, target.key, source=_SOURCE, verify=target.verify) as uploader:
        async for verdict in uploader.send_all(drafts):
            draft = verdict.draft
            refused = {error.row: error for error in (*verdict.rejected, *draft.rejected)}
            rejects.add(summary.rows, refused.values())
            # The platform lists the first thousand of a body; the others are counted.
            summary.rejected += len(refused) + verdict.rejected_total - len(verdict.rejected)
            summary.rows += draft.rows
            summary.readings += verdict.readings
            if verdict.readings:
                receipts[verdict.receipt] = receipts.get(verdict.receipt, 0) + verdict.readings
            told(draft.rows)
        for receipt, readings in receipts.items():
            summary.fates += await uploader.settled(receipt, readings)
    summary.rejects = str(rejects.path) if rejects.count else None
    summary.seconds = time.monotonic() - began
    return summary


def check_file(path: Path, flags: MapFlags, *, chunk_rows: int) -> Mapping[str, Any]:
    """What `ingest` would send, without sending it: rows, readings, refusals by code, and each series with its span."""
    clock = WallClock()
    rows = readings = 0
    codes: dict[str, int] = {}
    series: dict[str, dict[str, Any]] = {}
    for draft in _with_sure_units(read_file(path, build_mapping(flags, file_columns(path)), chunk_rows)):
        admission = admit(draft, tenant="default", now=clock.now(), earliest=0)
        rows += draft.rows
        readings += len(admission.batch)
        for error in admission.rejected:
            codes[error.code] = codes.get(error.code, 0) + 1
        _extend(series, admission.batch)
    return {"file": str(path), "rows": rows, "readings": readings, "rejected": codes, "series": list(series.values())}


def _with_sure_units(drafts: Iterable[Draft]) -> Iterator[Draft]:
    """Pass drafts on; refuse temperatures whose unit nobody said and that can hardly be the kelvin that would be meant."""
    for draft in drafts:
        for code, key in enumerate(draft.keys):
            if key.unit is None and resolve_metric(key.metric) == ("temperature", None):
                values = draft.value[draft.key == code]
                if len(values) and float(values.max()) < _HARDLY_KELVIN:
                    raise InvalidInput(
                        f"{key.metric} of {key.sensor} runs from {values.min():g} to {values.max():g} without a unit, "
                        "which would mean kelvin",
                        code="usage",
                        hint=f"say --map 'COLUMN={key.metric}[degC]', or [K] if it is that cold",
                    )
        yield draft


def _extend(series: dict[str, dict[str, Any]], batch: Any) -> None:
    import numpy as np  # noqa: PLC0415 - only a dry run counts here

    for code, key in enumerate(batch.keys):
        mine = batch.series == code
        if not mine.any():
            continue
        ts = batch.ts[mine]
        found = series.setdefault(
            key.text,
            {"sensor_id": key.sensor, "site_id": key.site, "metric": key.metric, "unit": key.unit, "readings": 0,
             "first_ts": int(ts.min()), "last_ts": int(ts.max()), "min": float("inf"), "max": float("-inf")},
        )  # fmt: skip
        value = batch.value[mine]
        found["readings"] += len(ts)
        found["first_ts"], found["last_ts"] = (
            min(found["first_ts"], int(ts.min())),
            max(found["last_ts"], int(ts.max())),
        )
        found["min"], found["max"] = min(found["min"], float(np.min(value))), max(found["max"], float(np.max(value)))


def to_json(summaries: Iterable[Summary]) -> dict[str, Any]:
    """One document: the sums over all files, and each file."""
    documents = [summary.document() for summary in summaries]
    counted = ("rows", "readings", "stored", "duplicate", "superseded", "rejected", "dead_lettered")
    return {name: sum(d[name] for d in documents) for name in counted} | {"files": documents}
