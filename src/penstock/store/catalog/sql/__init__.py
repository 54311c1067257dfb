"""The catalog in SQL: SQLite in the data directory, or PostgreSQL."""

from penstock.store.catalog.sql.catalog import SqlCatalog, SqlConfig

__all__ = ["SqlCatalog", "SqlConfig"]
