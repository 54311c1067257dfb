"""The catalog over HTTP: its records, series that it does not know yet, import and export."""

from penstock.api.catalog.doors import CatalogDoors

__all__ = ["CatalogDoors"]
