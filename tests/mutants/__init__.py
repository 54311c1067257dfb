"""Seeded mutants: Penstock broken on purpose, one rule at a time, and the tests that must notice.

`python -m tests.mutants` applies each patch of `catalogue.py` to a copy of the package and runs the tests that it names:
they must pass on the sound copy and fail on the broken one. `--report` writes the matrix into `docs/reliability.md`.
"""
