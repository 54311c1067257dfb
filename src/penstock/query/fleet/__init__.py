"""What the screens of fleet, site and battery ask: assets with their kinds and states, energy flow, battery health."""

from penstock.query.fleet.answers import FleetAnswers

__all__ = ["FleetAnswers"]
