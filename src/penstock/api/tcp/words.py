"""The words of the protocol: the line that opens a connection, and every line that the server says. Pure.

`docs/tcp.md` is the same for those who write a client.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import Final, Literal, NamedTuple, cast, get_args

from penstock.api.intake import SOURCE_NAME
from penstock.model.errors import InvalidInput, NotAllowed, PenstockError, RowError
from penstock.sources.formats import Precision

__all__ = ["BYE", "MAX_HELLO", "PING", "PONG", "Format", "Hello", "ack", "err", "ok", "parse_hello", "rej", "wait"]

Format = Literal["ndjson", "line", "arrow"]

MAX_HELLO: Final = 1_024
"""Bytes of the opening line."""

PING: Final = b"PING\n"
PONG: Final = b"PONG\n"
BYE: Final = b"BYE\n"

_PROTOCOL: Final = "PENSTOCK/1"
_SESSION: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_NUMBER: Final = re.compile(r"[0-9]{1,18}")
_DETAIL: Final = 400
_EXAMPLE: Final = f"{_PROTOCOL} <key> format=ndjson"


class Hello(NamedTuple):
    """The opening line, understood. `first` is the number of the first line that will be sent; frames number themselves."""

    key: str
    source: str
    format: Format
    session: str
    precision: Precision
    first: int


def parse_hello(line: bytes) -> Hello:
    """Raises InvalidInput (`bad_handshake`, `unsupported_version`, `invalid_source`) or NotAllowed (no key)."""
    try:
        words = line.decode("ascii").split()
    except UnicodeDecodeError:
        raise _bad("the opening line is not ASCII") from None
    if not words or not words[0].startswith("PENSTOCK/"):
        raise _bad("the opening line does not start with the protocol's name")
    if words[0] != _PROTOCOL:
        raise InvalidInput(
            f"{words[0][:40]} is not spoken here", code="unsupported_version", hint=f"open with {_PROTOCOL}"
        )
    if len(words) == 1 or "=" in words[1]:
        raise NotAllowed("no key was sent", authenticated=False, hint=f"open with `{_EXAMPLE}`")
    options = _options(words[2:])
    source, form = options.get("source", "tcp"), options.get("format", "ndjson")
    precision, first = options.get("precision", "ns"), options.get("from", "1")
    session = options.get("session") or secrets.token_hex(12)
    if not SOURCE_NAME.fullmatch(source):
        raise InvalidInput(
            f"source {source!r:.60} is not a valid name", code="invalid_source", hint="1 to 32 of a-z, 0-9, _, . and -"
        )
    if form not in get_args(Format):
        raise _bad(f"format {form!r:.40} is not one of {', '.join(get_args(Format))}")
    if precision not in get_args(Precision):
        raise _bad(f"precision {precision!r:.40} is not one of {', '.join(get_args(Precision))}")
    if not _SESSION.fullmatch(session):
        raise _bad(f"session {session!r:.80} is not 1 to 64 of letters, digits, ., _ and -")
    if not _NUMBER.fullmatch(first) or int(first) < 1:
        raise _bad(f"from {first!r:.40} is not a line's number")
    return Hello(words[1], source, cast(Format, form), session, cast(Precision, precision), int(first))


def _options(words: list[str]) -> Mapping[str, str]:
    options: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or name not in {"source", "format", "session", "precision", "from"} or name in options:
            raise _bad(f"option {word!r:.60} is not understood")
        options[name] = value
    return options


def _bad(what: str) -> InvalidInput:
    return InvalidInput(what, code="bad_handshake", hint=f"open with `{_EXAMPLE}`")


def ok(hello: Hello, *, window: int, max_frame: int) -> bytes:
    """The connection is open. `window` frames are taken before the first of them is acknowledged."""
    return f"OK window={window} max_frame={max_frame} session={hello.session}\n".encode()


def ack(seq: int, accepted: int, refused: int) -> bytes:
    """Everything up to `seq` is durable or refused; the counts are the connection's rows so far."""
    return b"ACK %d accepted=%d refused=%d\n" % (seq, accepted, refused)


def rej(seq: int, error: RowError | PenstockError) -> bytes:
    """One row of frame (or line) `seq` was refused; row `-` is all of it."""
    row = str(error.row) if isinstance(error, RowError) else "-"
    return f"REJ {seq} {row} {error.code} {_said(error)}\n".encode()


def wait(error: PenstockError) -> bytes:
    """Nothing more is read for the time being; nothing is lost either."""
    return f"WAIT {error.code} {_said(error)}\n".encode()


def err(error: PenstockError) -> bytes:
    """The connection ends because of `error`."""
    return f"ERR {error.code} {_said(error)}\n".encode()


def _said(error: RowError | PenstockError) -> str:
    """What happened and what to do, on one line that no client's text can break."""
    hint = None if isinstance(error, RowError) else error.hint
    text = f"{error.detail}; {hint}" if hint else error.detail
    return "".join(c if c.isprintable() else " " for c in text[:_DETAIL])
