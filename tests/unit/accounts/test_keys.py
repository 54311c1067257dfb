"""API keys, sessions and one-time codes: what is kept, who gets in, and what several processes see."""

import json
import multiprocessing
import stat

import pytest

from penstock.accounts.keys import SESSION_TTL, KeyRing, id_of
from penstock.model.errors import InvalidInput, Misconfigured, NotAllowed, NotFound
from penstock.model.time import HOUR, MINUTE


class Clock:
    def __init__(self):
        self.ms = 1_769_860_800_000

    def now(self):
        return self.ms


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "secrets" / "keys.json"


@pytest.fixture
def ring(path, clock):
    return KeyRing(path, clock)


def test_a_key_authenticates_as_its_tenant_with_its_scopes(ring):
    secret = ring.create("acme", "gateway", ("write",))
    who = ring.authenticate(secret)
    assert (who.tenant, who.scopes) == ("acme", frozenset({"write"}))
    assert who.may("write")
    assert not who.may("read")
    assert not who.may("admin")


def test_admin_includes_reading_and_writing(ring):
    who = ring.authenticate(ring.create("acme", "ops", ("admin",)))
    assert who.may("read")
    assert who.may("write")
    assert who.may("admin")


def test_secrets_hold_at_least_128_random_bits_and_differ(ring):
    secrets = {ring.create("acme", f"k{i}") for i in range(20)}
    assert len(secrets) == 20
    for secret in secrets:
        prefix, key_id, random = secret.split("_")
        assert prefix == "pk"
        assert len(key_id) == 12
        assert len(bytes.fromhex(random)) * 8 >= 128


def test_the_file_holds_no_secret_and_only_its_owner_reads_it(ring, path):
    secret = ring.create("acme", "gateway")
    code = ring.one_time_code("acme")
    text = path.read_text()
    assert secret not in text
    assert secret.split("_")[2] not in text
    assert code not in text
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_file_is_replaced_not_rewritten(ring, path):
    ring.create("acme", "one")
    before = path.read_bytes()
    with path.open("rb") as held:
        ring.create("acme", "two")
        assert held.read() == before
    assert len(json.loads(path.read_bytes())["keys"]) == 2
    assert {p.name for p in path.parent.iterdir()} == {"keys.json", "keys.json.lock"}


@pytest.mark.parametrize("wrong", ["", "x", "pk__", "pk_000000000000_" + "0" * 40, "Bearer pk_1_2", "\ud800", "é" * 50])
def test_an_unknown_secret_is_refused_as_unauthenticated(ring, wrong):
    ring.create("acme", "gateway")
    with pytest.raises(NotAllowed) as refused:
        ring.authenticate(wrong)
    assert not refused.value.authenticated
    assert refused.value.hint


def test_the_right_id_with_a_wrong_secret_is_refused(ring):
    secret = ring.create("acme", "gateway")
    flipped = secret[:-1] + ("0" if secret[-1] != "0" else "1")
    with pytest.raises(NotAllowed):
        ring.authenticate(flipped)


def test_a_revoked_key_stops_working_at_once(ring):
    secret = ring.create("acme", "gateway")
    (info,) = ring.list()
    ring.authenticate(secret)
    ring.revoke(info.id)
    with pytest.raises(NotAllowed):
        ring.authenticate(secret)
    with pytest.raises(NotFound):
        ring.revoke(info.id)


def test_a_key_works_until_the_instant_it_expires(ring, clock):
    secret = ring.create("acme", "gateway", expires=clock.ms + HOUR)
    clock.ms += HOUR - 1
    ring.authenticate(secret)
    clock.ms += 1
    with pytest.raises(NotAllowed, match="expired"):
        ring.authenticate(secret)


def test_another_process_adding_or_revoking_a_key_counts_from_the_next_request(ring, path, clock):
    with pytest.raises(NotAllowed):
        ring.authenticate("pk_000000000000_" + "0" * 40)
    other = KeyRing(path, clock)
    secret = other.create("acme", "from the command line")
    assert ring.authenticate(secret).tenant == "acme"
    other.revoke(other.list()[0].id)
    with pytest.raises(NotAllowed):
        ring.authenticate(secret)


def _create_many(path, count):
    ring = KeyRing(path)
    for i in range(count):
        ring.create("acme", f"key {i}")


def test_processes_that_create_keys_at_once_lose_none(path):
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_create_many, args=(path, 10)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
        assert worker.exitcode == 0
    assert len(KeyRing(path).list()) == 30


def test_list_shows_a_tenants_keys_by_age_and_no_sessions(ring, clock):
    ring.create("acme", "old", ("read",))
    clock.ms += 1
    ring.create("acme", "new")
    ring.create("other", "theirs")
    ring.redeem(ring.one_time_code("acme"))
    assert [k.name for k in ring.list("acme")] == ["old", "new"]
    assert {k.tenant for k in ring.list()} == {"acme", "other"}
    assert ring.list("acme")[0].scopes == ("read",)


def test_last_use_is_known_at_once_and_kept_by_flush(ring, path, clock):
    secret = ring.create("acme", "gateway")
    assert ring.list()[0].last_used is None
    clock.ms += MINUTE
    ring.authenticate(secret)
    assert ring.list()[0].last_used == clock.ms
    assert KeyRing(path, clock).list()[0].last_used is None
    ring.flush()
    assert KeyRing(path, clock).list()[0].last_used == clock.ms


def test_authenticating_never_writes_the_file(ring, path):
    secret = ring.create("acme", "gateway")
    before = path.stat().st_mtime_ns
    for _ in range(10):
        ring.authenticate(secret)
    assert path.stat().st_mtime_ns == before


def test_the_bootstrap_key_is_admin_of_its_tenant_and_never_on_disk(ring, path):
    ring.bootstrap("a-long-enough-text")
    who = ring.authenticate("a-long-enough-text")
    assert (who.tenant, who.key_id) == ("default", "bootstrap")
    assert who.may("admin")
    assert not path.exists()


def test_a_short_bootstrap_key_refuses_to_start_with_the_fix(ring):
    with pytest.raises(Misconfigured, match="15 characters") as refused:
        ring.bootstrap("fifteen-letters")
    assert "openssl" in refused.value.hint


def test_a_code_opens_one_session_for_twelve_hours(ring, clock):
    code = ring.one_time_code("acme")
    session = ring.redeem(code)
    assert ring.authenticate(session).tenant == "acme"
    with pytest.raises(NotAllowed, match="used already"):
        ring.redeem(code)
    clock.ms += SESSION_TTL
    with pytest.raises(NotAllowed, match="session has expired"):
        ring.authenticate(session)


def test_a_code_dies_with_its_time(ring, clock):
    code = ring.one_time_code("acme", ttl=MINUTE)
    clock.ms += MINUTE
    with pytest.raises(NotAllowed):
        ring.redeem(code)


def test_a_code_works_in_another_process_than_the_one_that_made_it(ring, path, clock):
    session = KeyRing(path, clock).redeem(ring.one_time_code("acme", scopes=("read",)))
    assert ring.authenticate(session).scopes == {"read"}


def test_expired_sessions_and_codes_leave_the_file(ring, path, clock):
    ring.redeem(ring.one_time_code("acme"))
    ring.one_time_code("acme")
    clock.ms += SESSION_TTL
    ring.one_time_code("acme")
    kept = json.loads(path.read_bytes())
    assert kept["keys"] == {}
    assert len(kept["codes"]) == 1


def test_a_key_opens_sessions_that_may_do_what_it_may(ring):
    key = ring.create("acme", "wall display", ("read",))
    session = ring.open_session(key)
    who = ring.authenticate(session)
    assert (who.tenant, who.scopes) == ("acme", {"read"})
    info = ring.find(who.key_id)
    assert ring.find(info.opened_by).name == "wall display"
    assert [k.name for k in ring.list()] == ["wall display"]


def test_a_session_ends_with_the_key_that_opened_it(ring, clock):
    revoked, short = ring.create("acme", "a"), ring.create("acme", "b", expires=clock.now() + HOUR)
    sessions = [ring.open_session(revoked), ring.open_session(short)]
    ring.revoke(revoked.split("_")[1])
    with pytest.raises(NotAllowed, match="not known"):
        ring.authenticate(sessions[0])
    assert ring.authenticate(sessions[1])
    clock.ms += HOUR
    with pytest.raises(NotAllowed, match="expired"):
        ring.authenticate(sessions[1])


def test_a_session_opens_no_session_and_a_wrong_key_none_either(ring, path):
    session = ring.redeem(ring.one_time_code("acme"))
    before = path.read_bytes()
    for secret in (session, "pk_" + "0" * 12 + "_" + "0" * 40, "", "wrong"):
        with pytest.raises(NotAllowed):
            ring.open_session(secret)
    assert path.read_bytes() == before


def test_the_bootstrap_key_opens_a_session_that_its_ring_need_not_know(ring, path, clock):
    ring.bootstrap("a-long-bootstrap-secret", "acme")
    session = ring.open_session("a-long-bootstrap-secret")
    assert KeyRing(path, clock).authenticate(session).may("admin")
    assert ring.find("bootstrap") is None


def test_a_closed_session_is_forgotten_and_nothing_else_is(ring, path):
    key = ring.create("acme", "k")
    kept, closed = ring.open_session(key), ring.open_session(key)
    ring.close_session(closed)
    with pytest.raises(NotAllowed):
        ring.authenticate(closed)
    before = path.read_bytes()
    for secret in (closed, key, kept[:-1] + ("0" if kept[-1] != "0" else "1"), "", "ps_x"):
        ring.close_session(secret)
    assert path.read_bytes() == before
    assert ring.authenticate(kept)


def test_a_tenant_revokes_only_its_own_keys_and_no_sessions(ring):
    theirs = ring.create("other", "k")
    session = ring.redeem(ring.one_time_code("acme"))
    for secret in (theirs, session):
        with pytest.raises(NotFound):
            ring.revoke(id_of(secret), "acme")
        assert ring.authenticate(secret)
    ring.revoke(id_of(theirs), "other")


def test_the_id_is_part_of_the_secret(ring):
    secret = ring.create("acme", "k")
    assert id_of(secret) == ring.list()[0].id
    with pytest.raises(InvalidInput):
        id_of("changeme")


def test_a_key_that_would_outlive_the_century_is_refused(ring):
    with pytest.raises(InvalidInput, match="2100"):
        ring.create("acme", "k", expires=1 << 60)


@pytest.mark.parametrize("tenant", ["", "Acme", "a.b", "a*", "x" * 65])
def test_a_tenant_that_cannot_be_a_subject_is_refused(ring, tenant):
    with pytest.raises(InvalidInput):
        ring.create(tenant, "k")


@pytest.mark.parametrize("scopes", [(), ("root",), ("read", "everything")])
def test_unknown_scopes_are_refused(ring, scopes):
    with pytest.raises(InvalidInput, match="scopes"):
        ring.create("acme", "k", scopes)


@pytest.mark.parametrize("damage", [b"", b"{", b'{"keys": 1}', b'{"format":1,"surprise":2}', b"\xff"])
def test_a_damaged_file_is_refused_with_what_to_do_and_is_not_overwritten(ring, path, damage):
    path.parent.mkdir(parents=True)
    path.write_bytes(damage)
    for act in (lambda: ring.authenticate("x" * 20), lambda: ring.create("acme", "k"), ring.list):
        with pytest.raises(Misconfigured, match="damaged") as refused:
            act()
        assert "backup" in refused.value.hint
    assert path.read_bytes() == damage


def test_what_was_accepted_once_stands_until_it_is_revoked_or_expires(ring, path, clock):
    ring.bootstrap("a-long-bootstrap-secret")
    kept, short, doomed = (
        ring.authenticate(secret)
        for secret in (
            "a-long-bootstrap-secret",
            ring.create("acme", "short", expires=clock.now() + HOUR),
            ring.create("acme", "doomed"),
        )
    )
    assert all(ring.holds(who) for who in (kept, short, doomed))
    KeyRing(path, clock).revoke(doomed.key_id)
    clock.ms += HOUR
    assert [ring.holds(who) for who in (kept, short, doomed)] == [True, False, False]
