"""What the tests of formats share: Drafts in a form that does not depend on the order of keys, and bodies of bytes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import numpy as np
from hypothesis import strategies as st

from penstock.model.batch import Draft, DraftKey
from penstock.model.errors import InvalidInput

Reading = tuple[int, DraftKey, int, float, int]


def readings(draft: Draft) -> list[Reading]:
    """(row, key, ts, value, seq) of each reading, sorted."""
    seq = np.zeros(len(draft.ts), np.int64) if draft.seq is None else draft.seq
    keys = [draft.keys[code] for code in draft.key.tolist()]
    rows = zip(draft.row.tolist(), keys, draft.ts.tolist(), (draft.value + 0.0).tolist(), seq.tolist(), strict=True)
    return sorted(rows, key=lambda r: (r[0], str(r[1]), r[2], repr(r[3])))


def content(draft: Draft) -> tuple[object, ...]:
    """All that a Draft says."""
    return readings(draft), draft.rows, draft.rejected, dict(draft.attributes)


def values(draft: Draft) -> dict[tuple[str, str], list[float]]:
    """(sensor, metric) → values in order."""
    found: dict[tuple[str, str], list[float]] = {}
    for _, key, _, value, _ in readings(draft):
        found.setdefault((key.sensor, key.metric), []).append(value)
    return found


def check_draft(draft: Draft) -> None:
    """What holds of any Draft: one length, keys in range and distinct, rows ascending, each row with one fate."""
    n = len(draft.ts)
    assert draft.key.dtype == np.int32
    assert draft.ts.dtype == np.int64
    assert draft.value.dtype == np.float64
    assert draft.row.dtype == np.int32
    assert len(draft.key) == len(draft.value) == len(draft.row) == n
    assert draft.seq is None or (draft.seq.dtype == np.int64 and len(draft.seq) == n)
    assert len(set(draft.keys)) == len(draft.keys)
    if n:
        assert draft.key.min() >= 0
        assert draft.key.max() < len(draft.keys)
        assert (np.diff(draft.row) >= 0).all()
    refused = [error.row for error in draft.rejected]
    assert refused == sorted(set(refused))
    assert not set(refused) & set(draft.row.tolist())
    assert len(set(draft.row.tolist())) + len(refused) <= draft.rows


def survives(decode: Callable[[bytes], Draft], body: bytes) -> None:
    """The decoder answers with a sound Draft, the same one twice, or with InvalidInput."""
    with suppress(InvalidInput):
        draft = decode(body)
        check_draft(draft)
        assert repr(content(decode(body))) == repr(content(draft))


def mutated(bodies: st.SearchStrategy[bytes], alphabet: bytes) -> st.SearchStrategy[bytes]:
    """Bodies with a few pieces replaced by bytes of `alphabet`, cut out, or doubled."""
    edit = st.tuples(
        st.floats(0, 1),
        st.integers(0, 4),
        st.text(st.sampled_from(list(map(chr, alphabet))), max_size=3),
        st.booleans(),
    )

    def apply(body: bytes, edits: list[tuple[float, int, str, bool]]) -> bytes:
        for where, length, text, double in edits:
            at = int(where * len(body))
            piece = body[at : at + length]
            body = body[:at] + (piece if double else b"") + text.encode("latin-1") + body[at + length :]
        return body

    return st.builds(apply, bodies, st.lists(edit, min_size=1, max_size=4))
