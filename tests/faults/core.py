"""`penstock run process,query` with a store that misbehaves on purpose: `python -m tests.faults.core '{"slow_s": 0.5}'`.

Everything but the wrapper around the store is the shipped program. The wrapper keeps `store-calls.json` in the data directory
current, so that amplification (rows written per row needed, calls per commit) can be computed, and obeys `trouble.json` there:

    {"stall": true}   commits wait until it is gone
    {"errors": 0.5}   so many commits fail, half of the failures after they have taken effect
    {"slow_s": 0.5}   every commit takes so much longer
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import uvloop

from penstock.app import config, wiring
from penstock.app.link import Link
from penstock.app.observe import configure_logs
from penstock.app.roles import run_roles
from penstock.model.errors import Unavailable
from penstock.model.frame import Frame
from penstock.model.ledger import Receipt

CALLS = "store-calls.json"
TROUBLE = "trouble.json"


class Troubled:
    """A series store whose commits stall, fail or drag as a file says; everything else passes through."""

    def __init__(self, store: Any, home: Path, seed: int) -> None:
        self._store = store
        self._home = home
        self._rng = random.Random(seed)
        self._calls = {"calls": 0, "failed": 0, "rows": 0, "max_rows": 0}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def commit(self, frames: Sequence[Frame]) -> Sequence[Receipt]:
        self._calls["calls"] += 1
        while (trouble := self._trouble()).get("stall"):
            await asyncio.sleep(0.05)
        await asyncio.sleep(float(trouble.get("slow_s", 0.0)))
        fails = self._rng.random() < float(trouble.get("errors", 0.0))
        if fails and self._rng.random() < 0.5:
            self._count("failed", 1)
            raise Unavailable("the store fails on purpose, before it has written")
        rows = sum(len(frame.batch) for frame in frames)
        self._count("rows", rows)
        receipts = await self._store.commit(frames)
        if fails:
            self._count("failed", 1)
            raise Unavailable("the store fails on purpose, after it has written")
        return receipts

    def _trouble(self) -> Mapping[str, Any]:
        try:
            return json.loads((self._home / TROUBLE).read_text())
        except FileNotFoundError:
            return {}

    def _count(self, name: str, more: int) -> None:
        self._calls[name] += more
        draft = self._home / f"{CALLS}.new"
        draft.write_text(json.dumps(self._calls))
        draft.replace(self._home / CALLS)


def trouble(home: Path, **what: Any) -> None:
    """From now on the wrapped store on data directory `home` misbehaves so; nothing: it is well again."""
    path = home / TROUBLE
    if not what:
        path.unlink(missing_ok=True)
        return
    draft = home / f"{TROUBLE}.new"
    draft.write_text(json.dumps(what))
    draft.replace(path)


def _main(seed: int) -> None:
    plain = wiring.STORES["duckdb"]

    def build(module: Any, adapter: Any, settings: config.Settings, clock: Any) -> Any:
        return Troubled(plain.build(module, adapter, settings, clock), settings.data, seed)

    wiring.STORES = MappingProxyType({**wiring.STORES, "duckdb": replace(plain, build=build)})
    settings = config.load({}, environ=os.environ)
    configure_logs(settings.log_level, settings.log_format, role="process,query")
    with Link(None) as link:
        uvloop.run(run_roles(settings, ("process", "query"), link=link))


if __name__ == "__main__":
    _main(int(json.loads(sys.argv[1]).get("seed", 0)))
