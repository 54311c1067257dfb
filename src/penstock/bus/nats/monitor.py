"""What a NATS server tells over its monitoring port: health, and whether it fsyncs before it acknowledges."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from typing import Any

from penstock.bus.nats.config import NatsConfig
from penstock.model.errors import Misconfigured, Unavailable

__all__ = ["check_durability", "read_monitor"]

_FIX = "set `jetstream { sync_interval: always }` in nats.conf, or run three replicas"


async def read_monitor(monitor_url: str, page: str, *, timeout: float = 5.0) -> dict[str, Any]:
    """One page of the monitoring port (`varz`, `healthz`) as JSON. Raises Unavailable, Misconfigured for a bad URL."""
    if not monitor_url.startswith(("http://", "https://")):
        raise Misconfigured(f"monitor_url {monitor_url!r} is not an http URL", hint="for example http://127.0.0.1:8222")
    url = f"{monitor_url.rstrip('/')}/{page}"

    def read() -> bytes:
        with urllib.request.urlopen(url, timeout=timeout) as answer:  # noqa: S310  the scheme was checked above
            return answer.read(4 << 20)

    try:
        answer = json.loads(await asyncio.to_thread(read))
    except (OSError, ValueError) as error:
        raise Unavailable(f"the NATS monitoring port did not answer at {url}: {error}") from error
    if not isinstance(answer, dict):
        raise Unavailable(f"{url} did not answer as a NATS server does; is it the monitoring port?")
    return answer


async def check_durability(config: NatsConfig) -> None:
    """Raises Misconfigured if the broker may acknowledge a message that is not on disk yet.

    Three replicas hold a message in three places before the acknowledgement; then one of them may lose its page cache.
    """
    if config.trust_durability or config.replicas >= 3:
        return
    if config.monitor_url is None:
        raise Misconfigured(
            f"whether the broker at {config.url} fsyncs before it acknowledges is unknown",
            hint=f"give its monitoring URL so that it can be checked, or {_FIX}; trust_durability skips the check",
        )
    jetstream = (await read_monitor(config.monitor_url, "varz")).get("jetstream") or {}
    if not jetstream.get("config"):
        raise Misconfigured(
            f"JetStream is off on the broker at {config.url}", hint="start it with `jetstream {}` in nats.conf"
        )
    if jetstream["config"].get("sync_always") is not True:
        raise Misconfigured(
            f"the broker at {config.url} acknowledges messages before they are on disk: a power cut would lose up to two"
            " minutes of them",
            hint=_FIX,
        )
