"""What both clients are told: where the platform is, which key, how long to wait. And how httpx2 failures are named."""

from __future__ import annotations

import os
import random
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx2

from penstock_client.asks import Ask
from penstock_client.errors import NotAllowed, Unreachable
from penstock_client.exchange import Budget, Reply, Retry

__all__ = ["LIVE_SILENCE", "Settings", "reply_of", "request_options", "unreachable"]

LIVE_SILENCE = 45.0
"""Seconds without a byte after which a live connection is taken for dead; the platform breaks silence every 15 s."""


@dataclass(frozen=True, slots=True)
class Settings:
    """`timeout`: seconds for connecting, and for each wait for bytes. Raises NotAllowed without a key."""

    url: str = "http://127.0.0.1:8080"
    key: str | None = field(default=None, repr=False)
    timeout: float = 30.0
    retry: Retry = field(default_factory=Retry)
    verify: ssl.SSLContext | bool = True
    budget: Budget = field(default_factory=Budget)
    rng: random.Random = field(default_factory=random.Random, repr=False)

    @classmethod
    def of(cls, url: str | None, key: str | None, options: Mapping[str, Any]) -> Settings:
        """From what was passed to a client; PENSTOCK_URL stands in for a URL that was not."""
        found = url or os.environ.get("PENSTOCK_URL")
        return cls(**({"url": found} if found else {}), key=key, **options)

    def http_options(self) -> dict[str, Any]:
        """What httpx2's clients take. Proxies of the environment are not used: readings go where the URL says."""
        key = self.key or os.environ.get("PENSTOCK_KEY")
        if not key:
            raise NotAllowed(
                f"no API key for {self.url}", hint="pass key=…, or set PENSTOCK_KEY; `penstock keys create` makes one"
            )
        return {
            "base_url": self.url.rstrip("/"),
            "headers": {"authorization": f"Bearer {key}", "user-agent": "penstock-client"},
            "timeout": self.timeout,
            "verify": self.verify,
            "trust_env": False,
        }


def request_options(ask: Ask[Any]) -> dict[str, Any]:
    """An ask as httpx2's `request` and `stream` take it."""
    return {
        "method": ask.method,
        "url": ask.path,
        "params": list(ask.params),
        "content": ask.content,
        "headers": dict(ask.headers),
    }


def reply_of(response: httpx2.Response) -> Reply:
    """A response that was read."""
    return Reply(response.status_code, {k.lower(): v for k, v in response.headers.items()}, response.content)


def unreachable(url: str, error: Exception) -> Unreachable:
    """No answer came."""
    return Unreachable(f"{url} did not answer: {error or type(error).__name__}", hint="is the platform running?")
