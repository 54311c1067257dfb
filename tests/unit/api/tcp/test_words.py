"""The opening line and what the server says: every mistake has a name, and no text can break a line."""

import pytest

from penstock.api.tcp.words import ack, err, ok, parse_hello, rej, wait
from penstock.model.errors import Backpressure, InvalidInput, NotAllowed, PenstockError, RowError


def test_a_key_alone_opens_a_connection_of_json_lines():
    hello = parse_hello(b"PENSTOCK/1 secret\r")
    assert hello[:3] == ("secret", "tcp", "ndjson")
    assert (hello.precision, hello.first) == ("ns", 1)
    assert len(hello.session) == 24
    assert parse_hello(b"PENSTOCK/1 secret").session != hello.session


def test_everything_can_be_said():
    line = b"PENSTOCK/1 k source=gateway-7 format=line session=a.b_C-9 precision=ms from=42"
    assert parse_hello(line) == ("k", "gateway-7", "line", "a.b_C-9", "ms", 42)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"", "bad_handshake"),
        (b"GET / HTTP/1.1", "bad_handshake"),
        (b"PENSTOCK/2 k", "unsupported_version"),
        (b"PENSTOCK/1", "unauthenticated"),
        (b"PENSTOCK/1 format=arrow", "unauthenticated"),
        (b"PENSTOCK/1 k format=csv", "bad_handshake"),
        (b"PENSTOCK/1 k format=arrow format=line", "bad_handshake"),
        (b"PENSTOCK/1 k sorce=x", "bad_handshake"),
        (b"PENSTOCK/1 k word", "bad_handshake"),
        (b"PENSTOCK/1 k source=UPPER", "invalid_source"),
        (b"PENSTOCK/1 k session=a:b", "bad_handshake"),
        (b"PENSTOCK/1 k precision=m", "bad_handshake"),
        (b"PENSTOCK/1 k from=0", "bad_handshake"),
        (b"PENSTOCK/1 k from=-1", "bad_handshake"),
        (b"PENSTOCK/1 k from=9999999999999999999", "bad_handshake"),
        ("PENSTOCK/1 kéy".encode(), "bad_handshake"),
        (bytes(range(128, 256)), "bad_handshake"),
    ],
    ids=str,
)
def test_a_wrong_opening_line_is_refused_by_name(line, code):
    with pytest.raises((InvalidInput, NotAllowed)) as refused:
        parse_hello(line)
    assert refused.value.code == code
    assert refused.value.hint


def test_the_servers_lines_are_what_the_document_says():
    hello = parse_hello(b"PENSTOCK/1 k session=s1")
    assert ok(hello, window=64, max_frame=100) == b"OK window=64 max_frame=100 session=s1\n"
    assert ack(7, 3, 1) == b"ACK 7 accepted=3 refused=1\n"
    assert rej(7, RowError(2, "no_value", "it is empty")) == b"REJ 7 2 no_value it is empty\n"
    assert rej(7, InvalidInput("no", code="x", hint="do")) == b"REJ 7 - x no; do\n"
    assert wait(Backpressure("full")) == b"WAIT backpressure full\n"
    assert err(NotAllowed("who?", authenticated=False)) == b"ERR unauthenticated who?\n"


def test_no_text_breaks_a_line_or_makes_it_endless():
    said = err(PenstockError("a\nACK 99 accepted=1\r\x1b[2J\u2028" + "x" * 9_999))
    assert said.count(b"\n") == 1
    assert said.endswith(b"x\n")
    assert b"\x1b" not in said
    assert len(said) < 500
