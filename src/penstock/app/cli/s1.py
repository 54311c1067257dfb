"""S1's client: the last events above a criticality, asked with a plain NATS request."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from penstock.app.config import Settings
from penstock.app.datadir import with_local_broker
from penstock.app.wiring import ask_once
from penstock.model.errors import InvalidInput

__all__ = ["SUBJECT", "last_events"]

SUBJECT = "events.query"


def last_events(settings: Settings, limit: int) -> list[dict[str, Any]]:
    """Newest first, each with criticality, timestamp and eventMessage; above `criticality_above` where that is set.

    Raises Unavailable when no broker or no reader answers, InvalidInput with what the reader refused.
    """
    question: dict[str, Any] = {"limit": limit}
    if settings.criticality_above is not None:
        question["criticality_above"] = settings.criticality_above
    reply = asyncio.run(ask_once(with_local_broker(settings), SUBJECT, json.dumps(question).encode()))
    answer = json.loads(reply)
    if "error" in answer:
        error = answer["error"]
        raise InvalidInput(str(error.get("detail")), code=str(error.get("code")))
    return list(answer["events"])
