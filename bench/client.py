"""A load client in a process of its own: keep-alive HTTP/1.1 by hand, so that it costs as little as possible.

Refused requests (429, 503) are repeated after Retry-After, so every reading that is counted was acknowledged.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

from bench.bodies import door


class _Connection:
    def __init__(self, host: str, port: int, key: str) -> None:
        self._address = (host, port)
        self._key = key

    async def open(self) -> None:
        self._reader, self._writer = await asyncio.open_connection(*self._address, limit=1 << 20)

    async def post(self, path: str, content_type: str, body: bytes) -> tuple[int, float]:
        """Status and Retry-After seconds."""
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {self._address[0]}\r\nAuthorization: Bearer {self._key}\r\n"
            f"Content-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self._writer.write(head.encode())
        self._writer.write(body)
        await self._writer.drain()
        lines = (await self._reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
        fields = {k.strip().lower(): v.strip() for k, _, v in (line.partition(b":") for line in lines[1:])}
        if length := int(fields.get(b"content-length", b"0")):
            answer = await self._reader.readexactly(length)
        else:
            answer = b""
        status = int(lines[0].split()[1])
        if status not in {200, 201, 204, 429, 503}:
            raise RuntimeError(f"{path}: {status} {answer[:500]!r}")
        return status, float(fields.get(b"retry-after", b"0"))


async def load(host: str, port: int, key: str, name: str, start: int, seconds: float, connections: int) -> dict:
    """Send for `seconds`; returns what was acknowledged and the latencies of the requests."""
    target = door(name, start)
    counter = iter(range(1 << 60))
    latencies: list[float] = []
    refused = 0
    deadline = time.monotonic() + seconds

    async def worker() -> None:
        nonlocal refused
        connection = _Connection(host, port, key)
        await connection.open()
        while time.monotonic() < deadline:
            body = target.render(next(counter))
            while True:
                began = time.monotonic()
                status, retry_after = await connection.post(target.path, target.content_type, body)
                if status < 300:
                    latencies.append(time.monotonic() - began)
                    break
                refused += 1
                await asyncio.sleep(max(retry_after, 0.05))

    began, cpu = time.time(), time.process_time()
    async with asyncio.TaskGroup() as group:
        for _ in range(connections):
            group.create_task(worker())
    latencies.sort()
    return {
        "began": began,
        "seconds": time.time() - began,
        "requests": len(latencies),
        "readings": len(latencies) * target.readings,
        "refused": refused,
        "client_cpu": time.process_time() - cpu,
        "ack_p50_ms": 1e3 * latencies[len(latencies) // 2],
        "ack_p95_ms": 1e3 * latencies[int(len(latencies) * 0.95)],
    }


if __name__ == "__main__":
    spec = json.loads(sys.argv[1])
    print(json.dumps(asyncio.run(load(**spec))))
