"""Dead letters in every adapter: counted by rows, filtered, settled once and together with what is replayed."""

from typing import Any

from penstock.model.frame import Frame
from penstock.model.ledger import Counts, DeadLetter, Part, Settlement
from penstock.model.series import Attributes
from penstock.store.series import Filter
from tests.contracts.stores import POWER, REMOTE, T0, FixedClock, frame, values


def letter(name: str, at: int = T0, **more: Any) -> DeadLetter:
    return DeadLetter(name, "nats", at, more.pop("code", "bad"), "why", b"x", **more)


def dead(*letters: DeadLetter, tenant: str = "acme") -> Frame:
    """A frame that holds nothing but letters of one part."""
    part = Part(f"p-{letters[0].id}", "nats", 0, dead_lettered=sum(one.rows for one in letters))
    return frame(tenant=tenant, parts=[part], dead_letters=letters)


async def test_a_letter_counts_for_its_rows_in_the_part_that_lost_them(store):
    held = letter("d1", rows=3, media_type="application/x-ndjson", holds="events", stamp=77)
    parts = [Part("r1", "http", 1, 2, dead_lettered=3), Part("r2", "http", 1)]
    receipts = await store.commit(
        [frame([(POWER, T0, 1.0, 1), (POWER, T0 + 1, 1.0, 1)], parts=parts, dead_letters=[held])]
    )
    assert [r.counts for r in receipts] == [
        Counts(received=6, stored=1, rejected=2, dead_lettered=3),
        Counts(received=1, stored=1),
    ]
    assert await store.dead_letter("acme", "d1") == held
    assert await store.dead_letter("other", "d1") is None
    assert await store.dead_letter("acme", "d2") is None


async def test_letters_are_filtered_and_paged_newest_first(store):
    await store.commit([dead(letter(f"d{i}", T0 + i // 2, code="ab"[i % 2])) for i in range(6)])
    await store.commit([frame(parts=[Part("r", "replay", 0)], settles=Settlement("d3", "discarded", "no"))])
    assert [one.id for one in await store.dead_letters("acme", 10)] == ["d5", "d4", "d3", "d2", "d1", "d0"]
    assert [one.id for one in await store.dead_letters("acme", 10, code="b", state="open")] == ["d5", "d1"]
    assert [one.id for one in await store.dead_letters("acme", 2, before=(T0 + 2, "d4"))] == ["d3", "d2"]
    assert [one.id for one in await store.dead_letters("acme", 9, state="discarded", source="nats")] == ["d3"]
    assert await store.dead_letters("acme", 9, source="http") == []


async def test_a_replay_stores_its_rows_and_closes_the_letter_in_one_commit_and_only_once(store):
    await store.commit([dead(letter("d1"), letter("d2"))])
    rows = [(POWER, T0, 5.0, 1)]
    first = frame(rows, name="replay-1", parts=[Part("replay-1", "replay", 1)], settles=Settlement("d1", "replayed"))
    other = frame(
        rows, name="replay-2", parts=[Part("replay-2", "replay", 1)], settles=Settlement("d1", "discarded", "x")
    )
    await store.commit([first])
    await store.commit([first, other])
    closed = await store.dead_letter("acme", "d1")
    assert (closed.state, closed.settled_by, closed.reason) == ("replayed", "replay-1", "")
    assert closed.settled_ts == FixedClock().now()
    assert (await store.dead_letter("acme", "d2")).state == "open"
    counts = {row.source: row.counts for row in await store.ledger("acme")}
    assert counts["replay"] == Counts(received=2, stored=1, duplicate=1)
    assert counts["nats"] == Counts(received=2, dead_lettered=2)


async def test_a_letter_of_another_tenant_or_none_is_not_settled_and_the_rows_are_stored(store):
    await store.commit([dead(letter("d1"))])
    settles = Settlement("d1", "replayed")
    await store.commit([frame([(POWER, T0, 5.0, 1)], tenant="other", settles=settles)])
    await store.commit([frame([(POWER, T0, 5.0, 1)], settles=Settlement("gone", "replayed"))])
    assert (await store.dead_letter("acme", "d1")).state == "open"
    assert await values(store, POWER) == await values(store, POWER, tenant="other") == {T0: 5.0}


async def test_a_rehearsal_changes_nothing(store):
    await store.commit([frame([(POWER, T0, 1.0, 1)]), dead(letter("d1"))])
    before = (await store.state(), await store.ledger(None), await store.find("acme", Filter()))
    trial = frame(
        [(POWER, T0, 2.0, 2), (REMOTE, T0, 1.0, 1)],
        attributes={(REMOTE.site, REMOTE.sensor): Attributes("B", "R")},
        settles=Settlement("d1", "replayed"),
    )
    await store.rehearse(trial)
    assert (await store.state(), await store.ledger(None), await store.find("acme", Filter())) == before
    assert await values(store, POWER) == {T0: 1.0}
    assert (await store.dead_letter("acme", "d1")).state == "open"
    [receipt] = await store.commit([trial])
    assert receipt.counts == Counts(received=2, stored=2)
