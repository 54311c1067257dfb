"""A load client in a process of its own. What is refused is sent again, so every reading that is counted was acknowledged."""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from typing import Any

from bench.bodies import Stream, body
from bench.transports import TRANSPORTS, Target, Transport


async def load(target: Target, stream: Stream, seconds: float, connections: int, rate: float = 0.0) -> dict[str, Any]:
    """Send for `seconds`, at most `rate` readings a second (0: as fast as it goes); what was acknowledged, and how fast."""
    bodies = body(target.body, stream)
    counter = iter(range(1 << 60))
    latencies: list[float] = []
    refused = 0
    opened: list[Transport] = [TRANSPORTS[target.transport](target) for _ in range(connections)]
    for transport in opened:
        await transport.open()
    began, cpu = time.time(), _cpu()
    first = time.monotonic()
    deadline = first + seconds

    async def worker(transport: Transport) -> None:
        nonlocal refused
        while time.monotonic() < deadline:
            n = next(counter)
            if rate:
                await asyncio.sleep(first + n * bodies.readings / rate - time.monotonic())
            rendered = bodies.render(n)
            sent = time.monotonic()
            while (pause := await transport.send(rendered)) is not None:
                refused += 1
                await asyncio.sleep(max(pause, 0.05))
                sent = time.monotonic()
            latencies.append(time.monotonic() - sent)

    async with asyncio.TaskGroup() as group:
        for transport in opened:
            for _ in range(transport.depth):
                group.create_task(worker(transport))
    took = time.time() - began
    for transport in opened:
        await transport.close()
    latencies.sort()
    return {
        "began": began,
        "seconds": took,
        "requests": len(latencies),
        "readings": len(latencies) * bodies.readings,
        "refused": refused,
        "client_cpu": _cpu() - cpu,
        "ack_p50_ms": 1e3 * latencies[len(latencies) // 2],
        "ack_p95_ms": 1e3 * latencies[int(len(latencies) * 0.95)],
    }


def _cpu() -> float:
    """CPU seconds of this process and of its children that have ended (psql)."""
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


if __name__ == "__main__":
    spec = json.loads(sys.argv[1])
    plan = (Target(**spec.pop("target")), Stream(**spec.pop("stream")))
    print(json.dumps(asyncio.run(load(*plan, **spec))))
