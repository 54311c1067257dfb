"""Doors out for screens: the fleet, its assets, energy flow of sites, batteries."""

from penstock.api.fleet.doors import FleetDoors

__all__ = ["FleetDoors"]
