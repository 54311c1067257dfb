"""A wheel or source distribution holds the built web app, of the sources beside it, or it is not made at all.

An editable install is made without: a checkout works without the app and says how to build it.
"""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class BundleHook(BuildHookInterface):
    """Refuses to build what would be shipped without its face."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        """Raises RuntimeError with what to do."""
        if version == "editable":
            return
        root = Path(self.root)
        check = runpy.run_path(str(root / "ui" / "sources_hash.py"))["fault_of_bundle"]
        if fault := check(root):
            raise RuntimeError(fault)
