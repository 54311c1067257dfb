"""`penstock simulate`: fleets of simulated devices against a running platform, or as rows on stdout."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from penstock.app.cli.options import ConfigOption, DataOption, JsonOption, UrlOption, settings_from

__all__ = ["install"]


def install(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(simulate)


FleetOption = Annotated[
    str,
    typer.Option(help="demo, buildings, ems, batteries, events, joined by +; settings as in ems:meters=500,step=1s."),
]
ToOption = Annotated[
    str, typer.Option(help="http (POST /v1/readings), nats (frames on the bus) or stdout (NDJSON rows).")
]
HistoryOption = Annotated[
    str | None,
    typer.Option(metavar="DURATION", help="Start so far in the past and catch up, such as 7d.", show_default=False),
]
DurationOption = Annotated[
    str | None,
    typer.Option(metavar="DURATION", help="Stop after so much simulated time (default: Ctrl-C).", show_default=False),
]
SpeedupOption = Annotated[
    float | None,
    typer.Option(
        help="Simulated seconds per second of --history (default: as fast as possible).",
        min=0.001,
        show_default=False,
    ),
]
StepOption = Annotated[str, typer.Option(metavar="DURATION", help="How often what is due is sent.")]
SeedOption = Annotated[int, typer.Option(help="The same seed gives the same data.")]
OutOfOrderOption = Annotated[float, typer.Option(help="Share of rows that come 5-300 s late.", min=0, max=1)]
DuplicatesOption = Annotated[float, typer.Option(help="Share of rows sent twice.", min=0, max=1)]
CorrectionsOption = Annotated[float, typer.Option(help="Share of rows sent wrong, then right.", min=0, max=1)]
BurstOption = Annotated[str, typer.Option(metavar="FACTOR[:LENGTH[:EVERY]]", help="Such as 10:10s:60s; 1 for none.")]
TruthOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Write what a store must hold afterwards, as Parquet.", show_default=False),
]


def simulate(
    fleet: FleetOption = "demo",
    to: ToOption = "http",
    history: HistoryOption = None,
    duration: DurationOption = None,
    speedup: SpeedupOption = None,
    step: StepOption = "1s",
    seed: SeedOption = 7,
    out_of_order: OutOfOrderOption = 0.02,
    duplicates: DuplicatesOption = 0.0075,
    corrections: CorrectionsOption = 0.0,
    burst: BurstOption = "1",
    truth: TruthOption = None,
    data: DataOption = None,
    url: UrlOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Simulate devices: late, repeated and bursting, repeatable by seed.

    Sends to the running platform until Ctrl-C, or until --duration. The summary tells what was sent.
    """
    from penstock.app.fleetrun import Plan, parse_burst, run_plan
    from penstock.model.time import parse_duration
    from penstock.sources.simulate import Faults, parse_fleet

    factor, length, every = parse_burst(burst)
    plan = Plan(
        fleets=parse_fleet(fleet),
        faults=Faults(out_of_order, duplicates, corrections, factor, length, every),
        to=to,
        seed=seed,
        history=parse_duration(history) if history else 0,
        duration=parse_duration(duration) if duration else None,
        speedup=speedup or float("inf"),
        step=parse_duration(step),
        truth=truth,
    )
    run_plan(plan, settings_from(config, data=data, url=url), as_json=as_json)
