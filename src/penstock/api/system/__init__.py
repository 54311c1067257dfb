"""The platform about itself: receipts, ledger, status, and the pipeline stage by stage. Front door: SystemDoors."""

from penstock.api.system.doors import SystemDoors

__all__ = ["SystemDoors"]
