"""The systems that Penstock is compared with; what is not on this machine is told, not measured."""

from __future__ import annotations

from collections.abc import Callable

from bench.peers.influx import Influx1, Influx2
from bench.peers.local import Absent
from bench.peers.penstock import Penstock
from bench.peers.port import Peer
from bench.peers.postgres import Postgres
from bench.peers.victoria import VictoriaMetrics

LOCAL: dict[str, Callable[[], Peer]] = {
    "penstock": Penstock,
    "victoriametrics": VictoriaMetrics,
    "influxdb-1": Influx1,
    "influxdb-2": Influx2,
    "postgresql": Postgres,
}


def at_url(text: str) -> Callable[[], Peer]:
    """A peer that runs already: NAME=URL[#TOKEN], as in influxdb-2=http://host:8086#my-token."""
    name, _, rest = text.partition("=")
    url, _, token = rest.partition("#")
    makers: dict[str, Callable[[], Peer]] = {
        "victoriametrics": lambda: VictoriaMetrics(url),
        "influxdb-1": lambda: Influx1(url, token),
        "influxdb-2": lambda: Influx2(url, token),
        "postgresql": lambda: Postgres(url),
    }
    if name not in makers or not url:
        raise SystemExit(f"{text!r} is not NAME=URL with one of {', '.join(makers)}")
    return makers[name]


def present(names: list[str], urls: list[str]) -> tuple[dict[str, Callable[[], Peer]], dict[str, str]]:
    """How to make each peer that is there, and why the others are not."""
    there: dict[str, Callable[[], Peer]] = {}
    absent: dict[str, str] = {}
    for name in names:
        try:
            LOCAL[name]()
        except Absent as reason:
            absent[name] = str(reason)
        else:
            there[name] = LOCAL[name]
    return there | {f"{text.partition('=')[0]} at a URL": at_url(text) for text in urls}, absent
