"""Measures the whole path on one machine: client → PubAck → COMMIT → visible. `python -m bench --help`."""
