"""From a sensor to a live view: how long a reading takes from its send to a WebSocket client, and what watching costs.

1,000 series at 1 Hz, sent in bodies of 20 over one connection pool; one client is timed, the others only take. A reading carries the
instant at which it was sent, so a row's latency is that of the newest reading that it stands for.
"""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any, Final

import httpx2
from websockets.asyncio.client import connect

from bench.load import running
from bench.peers.penstock import KEY, Penstock
from bench.peers.port import cpu_seconds, resident_mb
from bench.report import by_process, heading, line, percentile

SERIES: Final = 1_000
BODY: Final = 20
HEADERS: Final = {"Authorization": f"Bearer {KEY}"}


def measure(watching: tuple[int, ...] = (1, 50), seconds: float = 20.0) -> list[dict[str, Any]]:
    """With so many clients, each on a fresh platform."""
    heading(
        f"Live: {SERIES} series at 1 Hz, {seconds:g} s", "clients   readings   p50 / p95 / p99 ms   CPU s   edge MB"
    )
    found: list[dict[str, Any]] = []
    for clients in watching:
        with running(Penstock) as platform:
            assert isinstance(platform, Penstock)
            before = cpu_seconds(platform)
            figures = asyncio.run(_watch(platform, clients, seconds))
            used = {name: after - before.get(name, 0.0) for name, after in cpu_seconds(platform).items()}
            memory = resident_mb(platform)["edge"]
        if figures["heard"] != figures["sent"]:
            raise SystemExit(f"{figures['sent']} readings were sent and {figures['heard']} heard")
        latency = " / ".join(f"{figures[name]:.0f}" for name in ("p50_ms", "p95_ms", "p99_ms"))
        line(f"{clients:7}   {figures['sent']:8,}   {latency:>18}   {by_process(used)}   {memory:.0f}")
        found.append({"clients": clients, "cpu": used, "edge_mb": memory} | figures)
    return found


async def _watch(platform: Penstock, clients: int, seconds: float) -> dict[str, Any]:
    latencies: list[int] = []
    heard = 0
    ready = asyncio.Semaphore(0)

    async def client(timed: bool) -> None:
        nonlocal heard
        url = f"{platform.url.replace('http', 'ws', 1)}/v1/live"
        async with connect(url, additional_headers=HEADERS, compression=None, max_size=None) as live:
            await live.send(json.dumps({"op": "sub", "id": "1", "patterns": ["bench/*/*"]}))
            async for message in live:
                text = message if isinstance(message, str) else message.decode()
                if '"op":"subscribed"' in text:
                    ready.release()
                if not timed or '"op":"data"' not in text:
                    continue
                now, data = _now(), json.loads(text)
                latencies.extend(now - ts for ts in data["ts"])
                heard += sum(data.get("count", [1] * len(data["ts"])))

    async with asyncio.TaskGroup() as tasks:
        watching = [tasks.create_task(client(n == 0)) for n in range(clients)]
        for _ in watching:
            await ready.acquire()
        sent = await _send(platform.url, seconds)
        await asyncio.sleep(1.0)
        for task in watching:
            task.cancel()
    shares = {"p50_ms": 0.5, "p95_ms": 0.95, "p99_ms": 0.99}
    return {"sent": sent, "heard": heard} | {name: percentile(latencies, share) for name, share in shares.items()}


async def _send(url: str, seconds: float) -> int:
    """Readings sent, evenly over the time."""
    async with httpx2.AsyncClient(base_url=url, headers=HEADERS, timeout=30.0) as http, asyncio.TaskGroup() as posts:

        async def post(first: int) -> None:
            now = _now()
            rows = [
                {
                    "site_id": "bench",
                    "sensor_id": f"s{(first + n) % SERIES}",
                    "metric": "power_w",
                    "value": n,
                    "ts": now,
                }
                for n in range(BODY)
            ]
            (await http.post("/v1/readings", json=rows)).raise_for_status()

        began, sent = time.perf_counter(), 0
        while (passed := time.perf_counter() - began) < seconds:
            while sent < passed * SERIES:
                posts.create_task(post(sent))
                sent += BODY
            await asyncio.sleep(0.005)
    return sent


def _now() -> int:
    return time.time_ns() // 1_000_000
