"""Sends drafts to a platform over HTTP: Arrow bodies, several in flight, repeated until each is durable.

A body keeps its Idempotency-Key over its retries, so a repetition whose first answer was lost is not counted again.
"""

from __future__ import annotations

import asyncio
import random
import secrets
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import httpx2
import msgspec
import numpy as np
import pyarrow as pa

from penstock.app.client import error_from, unreachable
from penstock.app.pauses import Pauses
from penstock.app.rows import wide_rows
from penstock.model.batch import Draft, SensorKey
from penstock.model.errors import InvalidInput, RowError, TooLarge, Unavailable
from penstock.model.event import Event
from penstock.model.ledger import Counts

__all__ = ["Uploader", "Verdict", "encode_draft"]

ARROW: Final = "application/vnd.apache.arrow.stream"
_IN_FLIGHT: Final = 4
_PATIENCE_S: Final = 300.0
"""How long one body is repeated while the platform is away or full."""
_POLL_S: Final = (0.02, 0.5)

T = TypeVar("T")


@dataclass(slots=True)
class Verdict:
    """What the platform said about one draft; `rejected` names the draft's rows. It lists the first thousand of them."""

    draft: Draft
    receipt: str
    readings: int
    rejected: list[RowError] = field(default_factory=list[RowError])
    rejected_total: int = 0


def encode_draft(draft: Draft) -> bytes:
    """An Arrow stream with one row per reading, names dictionary-encoded: row i of it is reading i of the draft.

    Tags are not in it: the format has no column for them.
    """
    codes = pa.array(draft.key)
    columns: dict[str, Any] = {
        "sensor_id": _names(codes, [key.sensor for key in draft.keys]),
        "metric": _names(codes, [key.metric for key in draft.keys]),
        "ts": pa.array(draft.ts),
        "value": pa.array(draft.value),
    }
    if any(key.unit for key in draft.keys):
        columns["unit"] = _names(codes, [key.unit for key in draft.keys])
    if any(key.site for key in draft.keys):
        columns["site_id"] = _names(codes, [key.site for key in draft.keys])
    if draft.seq is not None:
        columns["seq"] = pa.array(draft.seq)
    columns |= _attributes(draft, codes)
    table = pa.table(columns)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def _names(codes: pa.Array, names: Sequence[str | None]) -> pa.DictionaryArray:
    """`names` by code; equal names share an entry, and None is null."""
    unique = {name: i for i, name in enumerate(dict.fromkeys(name for name in names if name is not None))}
    lut = pa.array([None if name is None else unique[name] for name in names], pa.int32())
    return pa.DictionaryArray.from_arrays(lut.take(codes), pa.array(list(unique), pa.string()))


def _attributes(draft: Draft, codes: pa.Array) -> Mapping[str, Any]:
    said = [draft.attributes.get((key.site or "", key.sensor)) for key in draft.keys]
    columns: dict[str, Any] = {}
    for name in ("building", "room"):
        values = [(getattr(a, name) or None) if a else None for a in said]
        if any(values):
            columns[name] = _names(codes, values)
    return columns


def _encode_rows(draft: Draft) -> bytes:
    return b"\n".join(msgspec.json.encode(row) for row in wide_rows(draft))


class Uploader:
    """One platform to send to; a context manager. `source` is the name under which its ledger counts."""

    def __init__(
        self,
        url: str,
        key: str,
        *,
        source: str,
        verify: ssl.SSLContext | bool = True,
        rng: random.Random | None = None,
    ) -> None:
        self._url = url
        self._source = source
        self._run = secrets.token_hex(8)
        self._count = 0
        self._rng = rng or random.Random()
        self._told: set[SensorKey] = set()
        self.retries = 0
        self._http = httpx2.AsyncClient(
            base_url=url,
            headers={"Authorization": f"Bearer {key}", "X-Penstock-Source": source},
            timeout=httpx2.Timeout(10.0, read=60.0),
            verify=verify,
            limits=httpx2.Limits(max_connections=_IN_FLIGHT + 1),
            trust_env=False,
        )

    async def __aenter__(self) -> Uploader:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def send_all(self, drafts: Iterable[Draft]) -> AsyncIterator[Verdict]:
        """Verdicts in the order of `drafts`, of which at most four are held at a time.

        Raises Unavailable after five minutes without success, and whatever the platform refuses a whole body for.
        """
        waiting: list[asyncio.Task[Verdict]] = []
        source = iter(drafts)
        try:
            while True:
                # The file is read in a thread, so that answers are taken meanwhile.
                draft = await asyncio.to_thread(next, source, None)
                if draft is not None and len(draft.ts):
                    waiting.append(asyncio.create_task(self.send(draft)))
                elif draft is not None:
                    yield Verdict(draft, "", 0)
                while waiting and (draft is None or len(waiting) >= _IN_FLIGHT):
                    yield await waiting.pop(0)
                if draft is None:
                    return
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)

    async def send(self, draft: Draft) -> Verdict:
        """The platform's verdict once every good reading of the draft is durable. Errors as `send_all`."""
        tagged = {sensor for sensor, said in draft.attributes.items() if said.tags} - self._told
        if tagged:
            # Tags are told once per sensor, in rows; the platform remembers them.
            body, media_type = await asyncio.to_thread(_encode_rows, draft), "application/x-ndjson"
            numbers = np.unique(draft.row)
        else:
            body, media_type = await asyncio.to_thread(encode_draft, draft), ARROW
            numbers = draft.row
        answer = await self._post("/v1/readings", body, media_type)
        self._told |= tagged
        rejected = [RowError(int(numbers[r["row"]]), r["code"], r["detail"]) for r in answer["rejected"]]
        return Verdict(draft, answer["receipt"], answer["readings"], rejected, answer["rejected_total"])

    async def send_events(self, events: Sequence[Event]) -> int:
        """Make events durable; returns how many were refused."""
        shape = [
            {"criticality": e.criticality, "timestamp": e.timestamp, "eventMessage": e.message, "id": e.id}
            for e in events
        ]
        return int((await self._post("/v1/events", msgspec.json.encode(shape), "application/json"))["rejected_total"])

    async def settled(self, receipt: str, readings: int, *, seconds: float = 120.0) -> Counts:
        """Fates of a request's readings once all are known.

        Raises Unavailable when they are not within `seconds`: they are durable all the same.
        """
        pause = _POLL_S[0]
        try:
            async with asyncio.timeout(seconds):
                while True:
                    counts = await self._receipt(receipt)
                    if counts.stored + counts.duplicate + counts.superseded + counts.dead_lettered >= readings:
                        return counts
                    await asyncio.sleep(pause)
                    pause = min(pause * 2, _POLL_S[1])
        except TimeoutError:
            raise Unavailable(
                f"receipt {receipt} is not settled after {seconds:g} s; its readings are durable and will be stored",
                hint="`penstock status --ledger` shows what is still in flight",
            ) from None

    async def _receipt(self, receipt: str) -> Counts:
        response = await self._until_answered(lambda: self._http.get(f"/v1/receipts/{receipt}"))
        if response.status_code == 404:
            return Counts()
        if response.is_error:
            raise error_from(response)
        row = response.json()
        return Counts(*(row[name] for name in Counts._fields))

    async def _post(self, path: str, body: bytes, media_type: str) -> Mapping[str, Any]:
        self._count += 1
        headers = {"Content-Type": media_type, "Idempotency-Key": f"{self._source}-{self._run}-{self._count}"}
        response = await self._until_answered(lambda: self._http.post(path, content=body, headers=headers))
        # Not one good row is a 400, but with verdicts: for a file that is a finding, not a failure.
        if response.is_error and not (response.status_code in {400, 422} and b'"receipt"' in response.content):
            error = error_from(response)
            if isinstance(error, TooLarge):
                raise InvalidInput(error.detail, code=error.code, hint="send smaller pieces: --chunk-rows 5000")
            raise error
        return response.json()

    async def _until_answered(self, ask: Callable[[], Awaitable[httpx2.Response]]) -> httpx2.Response:
        """Repeat while the platform is away or full."""
        pauses = Pauses(_PATIENCE_S, self._rng, asyncio.get_running_loop().time)
        while True:
            try:
                response = await ask()
                failure = error_from(response) if response.is_error else None
                if not isinstance(failure, Unavailable):
                    return response
            except httpx2.TransportError as problem:
                failure = unreachable(self._url, problem)
            pause = pauses.after(failure)
            self.retries += 1
            await asyncio.sleep(pause)
