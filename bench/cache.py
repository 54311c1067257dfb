"""What giving answers out again saves: questions as dashboards ask them, whose ranges end now, over HTTP.

Each question is asked over one kept connection as fast as it is answered. The server says of every answer how it came
(`X-Penstock-Cache`), so hits and misses are told apart in one run.
"""

from __future__ import annotations

import json
import time
from typing import Any

from bench.history import make
from bench.load import running
from bench.peers.local import Http
from bench.peers.penstock import KEY, Penstock
from bench.report import heading, line, percentile

ROWS = 6_000_000
_QUERY = {"start": "-24h", "window": "15m", "fetch": {"rooms": {"where": {"site": "site03"}, "by": ["room"]}}}
QUESTIONS: dict[str, tuple[str, str, bytes | None]] = {
    "GET /v1/sites/site03/agg (last hour, 1-minute windows)": ("GET", "/v1/sites/site03/agg", None),
    "POST /v1/query, -24h, 15-minute windows by room": ("POST", "/v1/query", json.dumps(_QUERY).encode()),
    "GET /v1/latest?site=site03": ("GET", "/v1/latest?site=site03", None),
}


def measure(requests: int = 3_000, rows: int = ROWS) -> list[dict[str, Any]]:
    """Each question `requests` times, on one fresh platform that holds `rows` readings."""
    heading(
        f"Answers given out again: {requests:,} requests a question, {rows:,} readings",
        f"{'':58} {'hits':>6}   {'hit p50 / p95 ms':>18}   {'miss p50 / p95 ms':>18}   ratio of p50",
    )
    found: list[dict[str, Any]] = []
    with running(Penstock) as platform:
        assert isinstance(platform, Penstock)
        end = int(time.time() * 1_000)
        for body in make(rows, end - end % 30_000).lines():
            platform.write(body)
        platform.settle()
        http = Http(platform.url, {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"})
        for name, asked in QUESTIONS.items():
            took = _ask(http, *asked, requests)
            hits, misses = took["hit"], took["miss"]
            figures = {
                "hits": len(hits) / requests,
                "hit_p50_ms": percentile(hits, 0.5),
                "hit_p95_ms": percentile(hits, 0.95),
                "miss_p50_ms": percentile(misses, 0.5),
                "miss_p95_ms": percentile(misses, 0.95),
            }
            line(
                f"{name:58} {figures['hits']:6.1%}   {figures['hit_p50_ms']:8.2f} / {figures['hit_p95_ms']:7.2f}   "
                f"{figures['miss_p50_ms']:8.2f} / {figures['miss_p95_ms']:7.2f}   "
                f"{figures['miss_p50_ms'] / figures['hit_p50_ms']:.1f}"
            )
            found.append({"question": name} | figures)
        http.close()
    return found


def _ask(http: Http, method: str, path: str, body: bytes | None, requests: int) -> dict[str, list[float]]:
    """Outcome → ms of each answer."""
    took: dict[str, list[float]] = {}
    for _ in range(requests):
        began = time.perf_counter()
        http.send(method, path, body)
        took.setdefault(http.answered["x-penstock-cache"], []).append(1e3 * (time.perf_counter() - began))
    return took
