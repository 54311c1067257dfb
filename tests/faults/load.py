"""The load generator: a process of its own that writes down what it sends before it sends it, and what became of it.

    python -m tests.faults.load CONFIG.json

Each line of the ledger is fsynced: `rows` before the first attempt of a batch, `outcome` after each attempt. An attempt is
`acked` (2xx), `refused` (the platform said that nothing was kept) or `unknown` (anything else); unknown and refused ones
are repeated under the same Idempotency-Key for as long as the batch's patience lasts. SIGTERM ends it after what is
under way.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx2

from tests.faults.rows import Batch, Recipe, batch
from tests.faults.wire import request

REFUSALS: Final = frozenset({"backpressure", "tenant_backpressure"})
"""Codes with which the platform says that nothing of the request was kept."""


@dataclass(frozen=True)
class Load:
    """How a recipe is sent.

    url, keys       of the platform, and an API key per tenant
    ledger          file that is appended to
    batches         how many to send, from `first` on
    senders         requests under way at a time
    patience        seconds for which a batch that was not acked is tried again; refused ones are not if `retry_refused` is off
    timeout         seconds of one attempt
    burst           (factor, seconds, every): every so many seconds, due times pass `factor` times as fast for some
    """

    recipe: Recipe
    url: str
    keys: dict[str, str]
    ledger: str
    batches: int
    first: int = 0
    senders: int = 8
    patience: float = 60.0
    timeout: float = 10.0
    retry_refused: bool = True
    burst: tuple[float, float, float] = (1.0, 0.0, 60.0)
    source: str = "load"
    extra: dict[str, str] = field(default_factory=dict)

    def write(self, path: Path) -> Path:
        path.write_text(json.dumps(asdict(self)))
        return path

    @classmethod
    def read(cls, path: Path) -> Load:
        said = json.loads(path.read_text())
        recipe = Recipe(**said.pop("recipe") | {})
        return cls(
            recipe=Recipe(**{**asdict(recipe), "tenants": tuple(recipe.tenants)}),
            **said | {"burst": tuple(said["burst"])},
        )

    def due(self, number: int) -> float:
        """Seconds after the start at which a batch is due, bursts counted in."""
        plain = self.recipe.due(number - self.first)
        factor, length, every = self.burst
        if factor == 1.0 or length == 0.0:
            return plain
        # Within each period the bursts take `length * factor` of plain time, the rest passes as it is.
        period = length * factor + (every - length)
        whole, rest = divmod(plain, period)
        calm = every - length
        return whole * every + (rest if rest <= calm else calm + (rest - calm) / factor)


class Ledger:
    """An append-only file; a line is on disk when `write` returns."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def write(self, **line: Any) -> None:
        os.write(self._file, json.dumps(line, separators=(",", ":")).encode() + b"\n")
        os.fdatasync(self._file)

    def close(self) -> None:
        os.close(self._file)


class Sender:
    """Sends a load's batches when they are due, several at a time."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._ledger = Ledger(Path(load.ledger))
        self._next = load.first
        self._stop = asyncio.Event()
        self._rng = random.Random(load.recipe.seed)
        self.counts = {"acked": 0, "refused": 0, "unknown": 0}

    async def run(self) -> None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self._stop.set)
        limits = httpx2.Limits(max_connections=self._load.senders)
        self._began = time.monotonic()
        async with (
            httpx2.AsyncClient(base_url=self._load.url, timeout=self._load.timeout, limits=limits) as client,
            asyncio.TaskGroup() as senders,
        ):
            for _ in range(self._load.senders):
                senders.create_task(self._work(client))
        self._ledger.close()

    async def _work(self, client: httpx2.AsyncClient) -> None:
        last = self._load.first + self._load.batches
        while self._next < last:
            number, self._next = self._next, self._next + 1
            wait = self._began + self._load.due(number) - time.monotonic()
            if wait > 0:
                await self._pause(wait)
            if self._stop.is_set():
                return
            await self._send(client, batch(self._load.recipe, number))

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stop.wait()
        except TimeoutError:
            return

    async def _send(self, client: httpx2.AsyncClient, sent: Batch) -> None:
        load = self._load
        key = f"{load.source}-{load.recipe.seed}-{sent.number}"
        columns = {name: column.tolist() for name, column in zip(sent.rows._fields, sent.rows, strict=True)}
        self._ledger.write(rows=sent.number, tenant=sent.tenant, door=sent.door, key=key, **columns)
        what = request(sent)
        headers = {
            "Authorization": f"Bearer {load.keys[sent.tenant]}",
            "Content-Type": what.content_type,
            "Idempotency-Key": key,
            "X-Penstock-Source": f"{load.source}-{sent.door}",
            **load.extra,
        }
        deadline, attempt = time.monotonic() + load.patience, 0
        while True:
            attempt += 1
            began = time.monotonic()
            outcome, status, code, wait = await self._attempt(client, what.path, what.body, headers)
            self._ledger.write(
                outcome=outcome, batch=sent.number, attempt=attempt, status=status, code=code,
                ms=round((time.monotonic() - began) * 1_000, 1), at=time.time_ns() // 1_000_000,
            )  # fmt: skip
            done = outcome == "acked" or (outcome == "refused" and not load.retry_refused)
            if done or time.monotonic() > deadline:
                self.counts[outcome] += 1
                return
            await asyncio.sleep(wait + self._rng.uniform(0.0, 0.2))

    async def _attempt(
        self, client: httpx2.AsyncClient, path: str, body: bytes, headers: dict[str, str]
    ) -> tuple[str, int, str, float]:
        """One try: (outcome, status or 0, code or error, seconds to wait before the next)."""
        try:
            answer = await client.post(path, content=body, headers=headers)
        except httpx2.HTTPError as error:
            return "unknown", 0, type(error).__name__, 0.2
        if answer.is_success:
            return "acked", answer.status_code, "", 0.0
        try:
            code = str(answer.json().get("code", ""))
        except (ValueError, AttributeError):
            code = ""
        wait = min(2.0, float(answer.headers.get("retry-after", "0.2")))
        refused = answer.status_code == 429 or code in REFUSALS or 400 <= answer.status_code < 500
        return "refused" if refused else "unknown", answer.status_code, code, wait


async def _main(path: Path) -> None:
    load = Load.read(path)
    sender = Sender(load)
    await sender.run()
    sys.stdout.write(json.dumps(sender.counts) + "\n")


if __name__ == "__main__":
    asyncio.run(_main(Path(sys.argv[1])))
