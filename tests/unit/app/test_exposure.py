"""Penstock does not listen beyond this machine by accident."""

from __future__ import annotations

import secrets
from dataclasses import replace

import pytest

from penstock.app.config import Settings
from penstock.app.exposure import check_exposure
from penstock.app.values import Bind
from penstock.model.errors import Misconfigured

OPEN = Settings(http=Bind("0.0.0.0", 8080))
GOOD_KEY = secrets.token_hex(32)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_loopback_needs_nothing(host):
    check_exposure(Settings(http=Bind(host, 8080)))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "some.host"])
def test_beyond_loopback_without_tls_is_refused_with_the_fix(host):
    with pytest.raises(Misconfigured, match="without TLS") as refused:
        check_exposure(Settings(http=Bind(host, 8080), bootstrap_key=GOOD_KEY))
    assert "PENSTOCK_ALLOW_INSECURE_BIND=1" in (refused.value.hint or "")


def test_the_tcp_door_is_held_to_the_same():
    check_exposure(Settings(tcp=Bind("127.0.0.1", 7420)))
    with pytest.raises(Misconfigured, match=r"tcp = 0\.0\.0\.0:7420 .*without TLS"):
        check_exposure(Settings(tcp=Bind("0.0.0.0", 7420), bootstrap_key=GOOD_KEY))
    with pytest.raises(Misconfigured, match=r"tcp = .*bootstrap_key"):
        check_exposure(Settings(tcp=Bind("0.0.0.0", 7420), allow_insecure_bind=True))


@pytest.mark.parametrize(
    "key",
    ["", "short", "x" * 64, "changeme" * 8, "password-secret-admin-default-1234", GOOD_KEY[:31]],
    ids=["none", "short", "one letter", "a known word", "known words", "too short"],
)
def test_a_missing_short_or_guessable_secret_is_refused(key):
    with pytest.raises(Misconfigured, match="bootstrap_key"):
        check_exposure(replace(OPEN, allow_insecure_bind=True, bootstrap_key=key))


@pytest.mark.parametrize(
    "key", [GOOD_KEY, secrets.token_urlsafe(32), secrets.token_hex(16)], ids=["hex", "url", "short hex"]
)
def test_a_real_secret_is_enough_where_tls_is_provided(key):
    check_exposure(replace(OPEN, allow_insecure_bind=True, bootstrap_key=key))


def test_tls_needs_both_files(tmp_path):
    with pytest.raises(Misconfigured, match="together"):
        check_exposure(Settings(http_tls_cert=tmp_path / "c.pem"))


def test_a_private_key_that_everybody_can_read_is_refused(tmp_path):
    key = tmp_path / "k.pem"
    key.write_text("x")
    key.chmod(0o644)
    with pytest.raises(Misconfigured, match="every user"):
        check_exposure(Settings(http_tls_cert=tmp_path / "c.pem", http_tls_key=key))
    key.chmod(0o600)
    check_exposure(replace(OPEN, bootstrap_key=GOOD_KEY, http_tls_cert=tmp_path / "c.pem", http_tls_key=key))


def test_the_bundled_broker_stays_on_this_machine():
    exposed = Settings(nats=Bind("0.0.0.0", 4222), allow_insecure_bind=True, bootstrap_key=GOOD_KEY)
    with pytest.raises(Misconfigured, match="bundled NATS server"):
        check_exposure(exposed)
    check_exposure(replace(exposed, nats_url="tls://nats.example:4222"))
