"""The embedded series store on DuckDB."""

from penstock.store.series.duckdb.schema import DuckConfig
from penstock.store.series.duckdb.store import DuckSeriesStore

__all__ = ["DuckConfig", "DuckSeriesStore"]
