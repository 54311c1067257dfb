"""Penstock: telemetry for buildings, batteries, energy sites and security events."""

__version__ = "0.1.0"
