"""`penstock ingest` (placeholder until written)."""


def install(app): ...
