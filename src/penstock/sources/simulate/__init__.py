"""Simulated fleets: buildings, EMS meters, batteries, grid meters and security events, with the faults of a real transport."""

from penstock.sources.simulate.batteries import Batteries
from penstock.sources.simulate.buildings import Buildings
from penstock.sources.simulate.ems import Ems
from penstock.sources.simulate.faults import NO_FAULTS, Faults
from penstock.sources.simulate.fleet import Fleet
from penstock.sources.simulate.grid import Grid
from penstock.sources.simulate.pace import Emit, Progress, replay, run
from penstock.sources.simulate.places import DEMO_SITES, Site
from penstock.sources.simulate.presets import PRESETS, demo_history, parse_fleet
from penstock.sources.simulate.security import SecurityEvents, to_s1
from penstock.sources.simulate.stream import Delivery, Stream
from penstock.sources.simulate.truth import Tally, Truth

__all__ = [
    "DEMO_SITES",
    "NO_FAULTS",
    "PRESETS",
    "Batteries",
    "Buildings",
    "Delivery",
    "Emit",
    "Ems",
    "Faults",
    "Fleet",
    "Grid",
    "Progress",
    "SecurityEvents",
    "Site",
    "Stream",
    "Tally",
    "Truth",
    "demo_history",
    "parse_fleet",
    "replay",
    "run",
    "to_s1",
]
