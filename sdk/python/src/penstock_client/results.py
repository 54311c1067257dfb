"""Answers that are asked for when they are read: as typed rows, or as a table by the Arrow form of the same answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from penstock_client import tables
from penstock_client.asks import Ask, Pages
from penstock_client.rows import Page

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

__all__ = ["AsyncResult", "AsyncRun", "Result", "Run"]

T = TypeVar("T")
V = TypeVar("V")


class Run(Protocol):
    """Sends an ask and reads its answer."""

    def __call__(self, ask: Ask[V], /) -> V: ...


class AsyncRun(Protocol):
    """Sends an ask and reads its answer."""

    def __call__(self, ask: Ask[V], /) -> Awaitable[V]: ...


class Result(Generic[T]):
    """One page of rows. Nothing is sent until it is read; the rows are then fetched once, a table at each call.

    Reading it raises PenstockError.
    """

    def __init__(self, run: Run, pages: Pages[T]) -> None:
        self._run = run
        self._pages = pages

    @cached_property
    def page(self) -> Page[T]:
        """Rows, and how fresh they are."""
        return self._run(self._pages.ask)

    @property
    def data(self) -> list[T]:
        """The rows."""
        return self.page.data

    def __iter__(self) -> Iterator[T]:
        return iter(self.page.data)

    def __len__(self) -> int:
        return len(self.page.data)

    def to_arrow(self) -> pa.Table:
        """As a pyarrow table; times are `timestamp[ms, UTC]`. Raises ImportError without pyarrow."""
        return tables.to_arrow(self._run(self._pages.arrow))

    def to_polars(self) -> pl.DataFrame:
        """As a polars frame. Raises ImportError without polars."""
        return tables.to_polars(self._run(self._pages.arrow))

    def to_pandas(self) -> pd.DataFrame:
        """As a pandas frame. Raises ImportError without pandas and pyarrow."""
        return tables.to_pandas(self._run(self._pages.arrow))


class AsyncResult(Generic[T]):
    """One page of rows: `await` it for the page, or one of its methods for a table. Raises PenstockError."""

    def __init__(self, run: AsyncRun, pages: Pages[T]) -> None:
        self._run = run
        self._pages = pages

    def __await__(self) -> Generator[Any, Any, Page[T]]:
        return self._run(self._pages.ask).__await__()

    async def to_arrow(self) -> pa.Table:
        """As a pyarrow table; times are `timestamp[ms, UTC]`. Raises ImportError without pyarrow."""
        return await self._table(tables.to_arrow)

    async def to_polars(self) -> pl.DataFrame:
        """As a polars frame. Raises ImportError without polars."""
        return await self._table(tables.to_polars)

    async def to_pandas(self) -> pd.DataFrame:
        """As a pandas frame. Raises ImportError without pandas and pyarrow."""
        return await self._table(tables.to_pandas)

    async def _table(self, convert: Callable[[bytes], V]) -> V:
        return convert(await self._run(self._pages.arrow))
