"""How the catalog's schema came to be, step by step; run by `schema.upgrade`."""
