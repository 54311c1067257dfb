"""Drafts as JSON rows, one object per row: for looking, piping, and what Arrow bodies cannot carry. Not for speed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from penstock.model.batch import Draft

__all__ = ["wide_rows"]


def wide_rows(draft: Draft) -> Iterator[dict[str, Any]]:
    """Rows as S3 writes them: the readings of a row side by side. For looking and piping, not for speed."""
    columns = (draft.row.tolist(), draft.key.tolist(), draft.ts.tolist(), draft.value.tolist())
    seqs = [0] * len(draft.ts) if draft.seq is None else draft.seq.tolist()
    last, row = -1, dict[str, Any]()
    for number, code, ts, value, seq in zip(*columns, seqs, strict=True):
        if number != last:
            if row:
                yield row
            last, row = number, _row_head(draft, code, ts, seq)
        key = draft.keys[code]
        row[key.metric] = value
        if key.unit:
            row.setdefault("units", {})[key.metric] = key.unit
    if row:
        yield row


def _row_head(draft: Draft, code: int, ts: int, seq: int) -> dict[str, Any]:
    key = draft.keys[code]
    said = draft.attributes.get((key.site or "", key.sensor))
    head = {"sensor_id": key.sensor, "ts": ts, "site_id": key.site, "tenant_id": key.tenant, "seq": seq or None}
    if said is not None:
        head |= {"building": said.building or None, "room": said.room or None, "tags": dict(said.tags) or None}
    return {name: value for name, value in head.items() if value is not None}
