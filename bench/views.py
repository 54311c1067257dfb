"""What views cost: those who commit while they are open, and those who read one that was left behind; and the fleet's index."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import numpy as np

from penstock.model.batch import Batch
from penstock.model.frame import Frame
from penstock.model.ledger import Part
from penstock.model.series import Attributes, SeriesInfo, SeriesKey
from penstock.model.time import DAY, MINUTE
from penstock.query.fleet.build import build, extended
from penstock.query.standing import NO_FACTS
from penstock.store.series import Filter
from penstock.store.series.duckdb import DuckConfig, DuckSeriesStore
from penstock.store.series.duckdb.changes import Changes

_ROUNDS = 15
_ROWS = 10_000
_START = 20_454 * DAY


class _Filled:
    """A store of so many series, and commits of 10,000 readings: of one instant, of series all over."""

    def __init__(self, directory: Path, series: int) -> None:
        self.store = DuckSeriesStore(DuckConfig(path=directory / f"{series}.duckdb"))
        self._keys = tuple(SeriesKey("hq", f"s{i // 4}", f"m{i % 4}", "W") for i in range(series))
        self._ts = _START
        self._number = 0

    async def commit(self, rows: int = _ROWS) -> None:
        count = len(self._keys)
        self._number += 1
        self._ts += MINUTE if rows == _ROWS else 0
        which = np.sort(np.arange(rows) * (count // rows)).astype(np.int32)
        batch = Batch(
            "bench",
            self._keys,
            which,
            np.full(rows, self._ts),
            np.arange(rows, dtype=np.float64),
            np.full(rows, self._number),
            {},
        )
        part = Part(f"r{self._number}", "http", rows)
        await self.store.commit([Frame(f"f{self._number}", "bench", self._number, (part,), batch, (), ())])

    async def fill(self) -> None:
        await self.store.open()
        await self.commit(len(self._keys))
        for _ in range(20):
            await self.commit()


async def _spent(work: Callable[[], Awaitable[object]]) -> float:
    """CPU time of this process, ms: other programs do not disturb it as they do a clock."""
    before = time.process_time()
    await work()
    return 1e3 * (time.process_time() - before)


async def _commits(filled: _Filled) -> dict[str, float]:
    """A commit with so many views open that it has to keep for, each sort in turn."""
    found: dict[int, list[float]] = {views: [] for views in (0, 1, 16)}
    for _ in range(_ROUNDS):
        for views, times in found.items():
            async with AsyncExitStack() as open_views:
                for _ in range(views):
                    await open_views.enter_async_context(filled.store.view())
                times.append(await _spent(filled.commit))
    return {f"commit, {views} views open": statistics.median(times) for views, times in found.items()}


async def _views(filled: _Filled) -> dict[str, float]:
    async def open_and_close() -> None:
        for _ in range(100):
            async with filled.store.view():
                pass

    ids = np.arange(100, dtype=np.int32)
    everyone = np.arange(len(await filled.store.find("bench", Filter())), dtype=np.int32)
    found: dict[str, list[float]] = {}

    async def note(name: str, work: Callable[[], Awaitable[object]]) -> None:
        found.setdefault(name, []).append(await _spent(work))

    for _ in range(_ROUNDS):
        async with filled.store.view() as view:
            for age in ("at once", "left behind"):
                await note(f"aggregate, {age}", lambda: view.aggregate("bench", ids, _START, _START + DAY, 5 * MINUTE))
                await note(f"newest of all, {age}", lambda: view.newest("bench", everyone))
                await filled.commit()
    medians = {name: statistics.median(times) for name, times in found.items()}
    return {"open and close": await _spent(open_and_close) / 100, **medians}


async def _changes(series: int) -> dict[str, float]:
    """Noting a commit's changes, where columns are shared with a view and where they are not."""
    changes, ids = Changes(), np.arange(0, series, series // _ROWS, dtype=np.int32)
    ts = np.full(len(ids), _START)
    found: dict[str, list[float]] = {"changes, shared": [], "changes, not shared": []}
    for revision in range(1, 8 * _ROUNDS):

        async def note(revision: int = revision) -> None:
            changes.note(ids, ts, revision)

        name = "changes, shared" if revision % 2 else "changes, not shared"
        if revision % 2:
            changes.past()
        found[name].append(await _spent(note))
    return {name: statistics.median(times) for name, times in found.items()}


async def _fleet(series: int = 60_000) -> dict[str, float]:
    """The index of assets: made of all series, and following one that is new."""

    def info(number: int) -> SeriesInfo:
        metric, unit = (("power_w", "W"), ("voltage_v", "V"), ("soc", "1"), ("temperature", "K"))[number % 4]
        key = SeriesKey(f"site{number % 20}", f"s{number // 4}", metric, unit)
        return SeriesInfo(number, "bench", key, Attributes(), None, None)

    infos = [info(number) for number in range(series)]
    found: dict[str, list[float]] = {"index, made anew": [], "index, one more series": []}
    index = build(infos, NO_FACTS)
    for number in range(series, series + 5):
        fresh = info(number)

        async def follow(fresh: SeriesInfo = fresh) -> None:
            nonlocal index
            index = extended(index, [fresh])

        async def make(fresh: SeriesInfo = fresh) -> None:
            infos.append(fresh)
            build(infos, NO_FACTS)

        found["index, one more series"].append(await _spent(follow))
        found["index, made anew"].append(await _spent(make))
    return {name: statistics.median(times) for name, times in found.items()}


async def _main() -> None:
    for series in (10_000, 100_000):
        with tempfile.TemporaryDirectory() as directory:
            filled = _Filled(Path(directory), series)
            await filled.fill()
            rows = {**await _commits(filled), **await _views(filled), **await _changes(series)}
            await filled.store.close()
        for name, spent in rows.items():
            print(f"{series:7}  {name:28} {spent:9.3f} ms", flush=True)
    for name, spent in (await _fleet()).items():
        print(f"{60_000:7}  {name:28} {spent:9.3f} ms", flush=True)


if __name__ == "__main__":
    asyncio.run(_main())
