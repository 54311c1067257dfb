"""Where answers are kept between two equal questions: the port. Adapters are named in `app.wiring` only."""

from penstock.store.cache.port import Cache, Entry, Lease

__all__ = ["Cache", "Entry", "Lease"]
