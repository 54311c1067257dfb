"""Measure Penstock, and the peers that this machine has, side by side.

python -m bench                      everything, in a few minutes
python -m bench --seconds 60         the sustained figures
python -m bench doors versus         some parts only
python -m bench --peers victoriametrics --url influxdb-2=http://host:8086#token versus
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from bench import backlog, cache, doors, growth, late, limits, live, queries, versus
from bench.load import Load
from bench.peers import LOCAL, present
from bench.peers.penstock import DOORS
from bench.report import facts, line, save


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; all of them when none is named")
    parser.add_argument("--seconds", type=float, default=12.0, help="that a load lasts")
    parser.add_argument("--connections", type=int, default=4, help="of the load client")
    parser.add_argument("--rounds", type=int, default=3, help="of the comparison, interleaved")
    parser.add_argument(
        "--doors", default="arrow,tcp-arrow,json,tcp-json,line,tcp-line,ems", help=f"of {', '.join(DOORS)}"
    )
    parser.add_argument("--peers", default=",".join(LOCAL), help="that are compared where they are installed")
    parser.add_argument("--url", action="append", default=[], help="NAME=URL[#TOKEN] of a peer that runs already")
    parser.add_argument("--rows", type=int, default=6_000_000, help="readings of the history that is asked about")
    parser.add_argument("--events", type=int, default=1_000_000, help="of the history")
    parser.add_argument("--repeats", type=int, default=50, help="of each question")
    parser.add_argument("--sensors", default="1000,10000,100000", help="numbers of sensors of the growth table")
    parser.add_argument("--late", default="0,0.01,0.1", help="shares of late rows")
    options = parser.parse_args()
    if unknown := [part for part in options.parts if part not in PARTS]:
        parser.error(f"{', '.join(unknown)}: not one of {', '.join(PARTS)}")
    return options


def _load(options: argparse.Namespace) -> Load:
    return Load(seconds=options.seconds, connections=options.connections)


def _idle(_: argparse.Namespace, __: dict[str, Any]) -> Any:
    return doors.idle()


def _doors(options: argparse.Namespace, _: dict[str, Any]) -> Any:
    return doors.measure(options.doors.split(","), _load(options))


def _versus(options: argparse.Namespace, _: dict[str, Any]) -> Any:
    makers, absent = present(options.peers.split(","), options.url)
    return versus.measure(makers, absent, _load(options), options.rounds)


def _queries(options: argparse.Namespace, found: dict[str, Any]) -> Any:
    makers, absent = present(options.peers.split(","), options.url)
    rates = {system["system"]: system["rate"] for system in found.get("versus", [])}
    return queries.measure(
        makers, absent, rows=options.rows, events=options.events, repeats=options.repeats, rates=rates
    )


def _growth(options: argparse.Namespace, _: dict[str, Any]) -> Any:
    return growth.measure([int(size) for size in options.sensors.split(",")], _load(options), options.rows)


def _late(options: argparse.Namespace, _: dict[str, Any]) -> Any:
    return late.measure([float(share) for share in options.late.split(",")], _load(options))


def _backlog(options: argparse.Namespace, _: dict[str, Any]) -> Any:
    return backlog.measure(_load(options))


def _live(options: argparse.Namespace, _: dict[str, Any]) -> Any:
    return live.measure(seconds=options.seconds)


def _cache(_: argparse.Namespace, __: dict[str, Any]) -> Any:
    return cache.measure()


def _limits(_: argparse.Namespace, __: dict[str, Any]) -> Any:
    return limits.measure()


PARTS: dict[str, Callable[[argparse.Namespace, dict[str, Any]], Any]] = {
    "idle": _idle,
    "doors": _doors,
    "versus": _versus,
    "queries": _queries,
    "growth": _growth,
    "late": _late,
    "backlog": _backlog,
    "limits": _limits,
    "live": _live,
    "cache": _cache,
}
"""Part → what measures it from the options and what was found so far."""


def main() -> None:
    options = _options()
    found: dict[str, Any] = {"facts": facts()}
    line(", ".join(f"{name} {value}" for name, value in found["facts"].items()))
    for part in options.parts or PARTS:
        found[part] = PARTS[part](options, found)
    line(f"\nwritten to {save(found)}")


if __name__ == "__main__":
    main()
