"""The role `process`: batches off the bus into the store."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator

from penstock.app.services.resources import Resources
from penstock.pipeline.runner import Runner

__all__ = ["process"]


@contextlib.asynccontextmanager
async def process(resources: Resources, runner: Runner) -> AsyncGenerator[None]:
    """Commit from entering to leaving; leaving finishes the commit that is under way."""
    running = resources.tasks.create_task(runner.run(), name="process")
    try:
        yield
    finally:
        running.cancel()
        await asyncio.wait([running])
