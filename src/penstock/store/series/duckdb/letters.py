"""Dead letters in the embedded store: written and settled inside the writer's transaction, read back newest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, Final

import duckdb
import pyarrow as pa

from penstock.model.frame import Frame
from penstock.model.ledger import DeadLetter

__all__ = ["read_dead_letters", "settle_dead_letters", "write_dead_letters"]

_LETTER_FIELDS: Final = tuple(field.name for field in fields(DeadLetter))
_LETTERS: Final = pa.schema(
    [
        ("tenant", pa.string()),
        ("id", pa.string()),
        ("source", pa.string()),
        ("received_ts", pa.int64()),
        ("code", pa.string()),
        ("detail", pa.string()),
        ("payload", pa.binary()),
        ("media_type", pa.string()),
        ("holds", pa.string()),
        ("row_count", pa.int64()),
        ("stamp", pa.int64()),
        ("state", pa.string()),
        ("settled_ts", pa.int64()),
        ("settled_by", pa.string()),
        ("reason", pa.string()),
    ]
)
"""Columns of the table `dead_letters`: the tenant, then the fields of a DeadLetter in their order."""


def write_dead_letters(db: duckdb.DuckDBPyConnection, frames: Sequence[Frame]) -> None:
    """Insert the dead letters of `frames`."""
    found = [(frame.tenant, letter) for frame in frames for letter in frame.dead_letters]
    if found:
        rows = [(tenant, *(getattr(letter, name) for name in _LETTER_FIELDS)) for tenant, letter in found]
        table = pa.table(
            [pa.array(c, f.type) for c, f in zip(zip(*rows, strict=True), _LETTERS, strict=True)], schema=_LETTERS
        )
        db.register("letters", table)
        db.execute("INSERT INTO dead_letters BY NAME SELECT * FROM letters")
        db.unregister("letters")


def settle_dead_letters(db: duckdb.DuckDBPyConnection, frames: Sequence[Frame], now: int) -> None:
    """Close the open letters that `frames` settle, in the order of the frames. `now` is epoch ms."""
    for frame in frames:
        if said := frame.settles:
            by = frame.parts[0].receipt if frame.parts else frame.id
            db.execute(
                """UPDATE dead_letters SET state = ?, settled_ts = ?, settled_by = ?, reason = ?
                   WHERE tenant = ? AND id = ? AND state = 'open'""",
                [said.state, now, by, said.reason, frame.tenant, said.letter],
            )


def read_dead_letters(
    db: duckdb.DuckDBPyConnection,
    tenant: str,
    limit: int,
    where: Mapping[str, str | None],
    before: tuple[int, str] | None,
) -> list[DeadLetter]:
    """Letters of a tenant, newest first; `where` holds exact values by column, None for any."""
    asked = {"tenant": tenant} | {name: value for name, value in where.items() if value is not None}
    conditions = [f"{name} = ?" for name in asked]
    values: list[Any] = list(asked.values())
    if before is not None:
        conditions.append("(received_ts, id) < (?, ?)")
        values += before
    rows = db.execute(
        f"""SELECT {", ".join(_LETTERS.names[1:])} FROM dead_letters WHERE {" AND ".join(conditions)}
            ORDER BY received_ts DESC, id DESC LIMIT ?""",
        [*values, limit],
    ).fetchall()
    return [DeadLetter(**dict(zip(_LETTER_FIELDS, row, strict=True))) for row in rows]
