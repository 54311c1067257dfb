"""`penstock dead-letters`: what could never be stored is listed, shown, mended and replayed, or given up."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from penstock.app.cli.options import ConfigOption, DataOption, JsonOption, UrlOption, settings_from
from penstock.app.console import note, show_rows, write_json
from penstock.model.errors import InvalidInput

__all__ = ["install"]

_COLUMNS = ("id", "state", "received_ts", "source", "holds", "rows", "code", "detail")
_FACTS = (*_COLUMNS, "media_type", "payload_bytes", "settled_ts", "settled_by", "reason")
_EX_FINDING = 2

LetterArgument = Annotated[str, typer.Argument(metavar="ID", help="As `penstock dead-letters` shows it.")]


def install(app: typer.Typer) -> None:
    """Add the command group."""
    group = typer.Typer(
        help="What was acknowledged and could never be stored: list it, or mend and replay it.", rich_markup_mode=None
    )
    group.callback(invoke_without_command=True)(listing)
    group.command("show")(show)
    group.command("replay")(replay)
    group.command("discard")(discard)
    app.add_typer(group, name="dead-letters")


def listing(
    context: typer.Context,
    state: Annotated[
        str | None, typer.Option(help="open, replayed or discarded (default: all).", show_default=False)
    ] = None,
    code: Annotated[str | None, typer.Option(help="Only this reason.", show_default=False)] = None,
    source: Annotated[str | None, typer.Option(help="Only this source.", show_default=False)] = None,
    limit: Annotated[int, typer.Option(help="Letters at most.", min=1)] = 100,
    data: DataOption = None,
    url: UrlOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """List dead letters, newest first, or do something with one."""
    if context.invoked_subcommand is not None:
        return
    with _client(config, data, url) as client:
        answer = client.get("/v1/dead-letters", state=state, code=code, source=source, limit=limit)
    if as_json:
        write_json(answer)
        return
    show_rows(answer["data"], _COLUMNS, empty="no dead letters")
    if answer["next_cursor"]:
        note("there are more: raise --limit")


def show(
    letter: LetterArgument,
    payload: Annotated[bool, typer.Option("--payload", help="Only what it holds, to be mended in a file.")] = False,
    data: DataOption = None,
    url: UrlOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one letter: why it is one, what it holds, and what a replay as it is would be refused for."""
    with _client(config, data, url) as client:
        found = client.get(f"/v1/dead-letters/{_segment(letter)}")
    if as_json:
        write_json(found)
        return
    held = base64.b64decode(found["payload"]) if found["encoding"] == "base64" else found["payload"].encode()
    if payload:
        sys.stdout.flush()
        sys.stdout.buffer.write(held)
        return
    for name in _FACTS:
        if found[name] not in (None, ""):
            sys.stdout.write(f"{name.replace('_', ' '):<14} {_printable(str(found[name]))}\n")
    for error in found["errors"]:
        sys.stdout.write(f"{'row ' + str(error['row']):<14} {error['code']}: {_printable(error['detail'])}\n")
    text = held.decode("utf-8", "backslashreplace")
    sys.stdout.write("\n" + "\n".join(_printable(line) for line in text.splitlines()) + "\n")


def replay(
    letter: Annotated[str | None, typer.Argument(metavar="ID", show_default=False, help="The letter.")] = None,
    mended: Annotated[
        str | None,
        typer.Option(
            "--with", metavar="FILE", help="Its rows as they should have been, - for stdin.", show_default=False
        ),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every open letter of --code, as it is.")] = False,
    code: Annotated[str | None, typer.Option(help="With --all: the reason.", show_default=False)] = None,
    data: DataOption = None,
    url: UrlOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send what a letter holds through admission again, as it is or mended.

    Exits with 2 when rows are still refused; nothing of such a letter is sent.
    """
    if every == (letter is not None) or every != (code is not None) or (every and mended is not None):
        raise InvalidInput(
            "name one letter, or --all with --code", code="usage", hint="penstock dead-letters replay ID [--with FILE]"
        )
    body = _read(mended) if mended is not None else b""
    with _client(config, data, url) as client:
        letters = list(_open_letters(client, code)) if every else [letter or ""]
        outcomes = [_replay(client, one, body) for one in letters]
    if as_json:
        write_json(outcomes if every else outcomes[0])
    else:
        _tell(outcomes)
    if any("errors" in outcome for outcome in outcomes):
        raise SystemExit(_EX_FINDING)


def discard(
    letter: LetterArgument,
    reason: Annotated[str, typer.Option(help="Why nobody needs it; kept with the letter.")],
    data: DataOption = None,
    url: UrlOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give a letter up. It stays readable, and stays counted in the ledger."""
    with _client(config, data, url) as client:
        body = json.dumps({"reason": reason}).encode()
        outcome = client.post(f"/v1/dead-letters/{_segment(letter)}/discard", body, "application/json")
    if as_json:
        write_json(outcome)
    else:
        note(f"dead letter {letter} is discarded")


def _client(config: Path | None, data: str | None, url: str | None) -> Any:
    from penstock.app.client import Client

    return Client(settings_from(config, data=data, url=url))


def _read(name: str) -> bytes:
    try:
        body = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise InvalidInput(f"{name} cannot be read: {error.strerror}", code="unreadable_file") from error
    if not body.strip():
        raise InvalidInput(f"{name} holds nothing", code="unreadable_file", hint="leave --with out to replay as it is")
    return body


def _media_type(body: bytes) -> str:
    """JSON when all of it is one document, else one object per line."""
    try:
        json.loads(body)
    except ValueError:
        return "application/x-ndjson"
    return "application/json"


def _open_letters(client: Any, code: str | None) -> Iterator[str]:
    cursor = None
    while True:
        page = client.get("/v1/dead-letters", state="open", code=code, limit=1000, cursor=cursor)
        yield from (row["id"] for row in page["data"])
        cursor = page["next_cursor"]
        if cursor is None:
            return


def _replay(client: Any, letter: str, body: bytes) -> dict[str, Any]:
    """The answer; for rows that are still refused a document with `errors`, which is an outcome and no failure."""
    try:
        return client.post(f"/v1/dead-letters/{_segment(letter)}/replay", body, _media_type(body))
    except InvalidInput as error:
        rows = [row._asdict() for row in error.rows]
        return {"id": letter, "state": "open", "code": error.code, "detail": error.detail, "errors": rows}


def _tell(outcomes: list[dict[str, Any]]) -> None:
    sent = [outcome for outcome in outcomes if "errors" not in outcome]
    for outcome in outcomes:
        if "errors" in outcome:
            note(f"✗ {outcome['id']}: {_printable(outcome['detail'])}")
            for error in outcome["errors"][:20]:
                note(f"    row {error['row']}: {error['code']}: {_printable(error['detail'])}")
    rows = sum(outcome["accepted"] for outcome in sent)
    note(f"{len(sent)} of {len(outcomes)} letters replayed, {rows} rows" + _receipts(sent))


def _receipts(sent: list[dict[str, Any]]) -> str:
    return f", receipt {sent[0]['receipt']}" if len(sent) == 1 else ""


def _segment(letter: str) -> str:
    from urllib.parse import quote

    if not letter:
        raise InvalidInput("the id is empty", code="usage")
    return quote(letter, safe="")


def _printable(text: str) -> str:
    """Without control characters: what devices send must not steer a terminal."""
    return "".join(c if c.isprintable() else "�" for c in text)
