"""Arrow answers as tables of the library that the caller has. Each is imported only when it is asked for."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

__all__ = ["to_arrow", "to_pandas", "to_polars"]


def to_arrow(body: bytes) -> pa.Table:
    """The IPC stream as a table; freshness and cursor are in its schema's metadata under `penstock`. Raises ImportError."""
    ipc = _module("pyarrow.ipc", "arrow")
    return ipc.open_stream(body).read_all()


def to_polars(body: bytes) -> pl.DataFrame:
    """The IPC stream as a polars frame. Raises ImportError."""
    return _module("polars", "polars").read_ipc_stream(body)


def to_pandas(body: bytes) -> pd.DataFrame:
    """The IPC stream as a pandas frame. Raises ImportError."""
    _module("pandas", "pandas")
    return to_arrow(body).to_pandas()


def _module(name: str, extra: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ImportError(
            f"this needs {name.split('.', maxsplit=1)[0]}: pip install 'penstock-client[{extra}]'"
        ) from error
