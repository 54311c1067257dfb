"""Fuzz for a while: `python -m tests.fuzz [--seconds 60] [--target NAME] [--atheris]`."""

import argparse
import logging
import random
import sys
import time
import traceback
from pathlib import Path

import structlog

from penstock.model.errors import PenstockError
from tests.fuzz.mutate import mutated
from tests.fuzz.targets import TARGETS, Target

SLOW = 2.0
FOUND = Path("fuzz-found")


def attempt(target: Target, data: bytes) -> str | None:
    """What is wrong with how the target took the input; None if nothing is."""
    began = time.process_time()
    try:
        target.call(data)
    except PenstockError:
        pass
    except Exception:  # noqa: BLE001 - every other error is a finding
        return traceback.format_exc()
    took = time.process_time() - began
    return f"took {took:.1f} s" if took > SLOW else None


def keep(target: Target, data: bytes, what: str) -> None:
    """Write the input where it can be made a test from, and say what it does."""
    FOUND.mkdir(exist_ok=True)
    path = FOUND / f"{target.name}-{abs(hash(data)):x}"
    path.write_bytes(data)
    print(f"{target.name}: {path}\n{what}", flush=True)


def guided(target: Target) -> None:
    """Hand over to atheris, which never returns."""
    import atheris  # noqa: PLC0415 - optional

    def one(data: bytes) -> None:
        if what := attempt(target, data):
            keep(target, data, what)
            raise RuntimeError(what)

    atheris.instrument_all()
    atheris.Setup(sys.argv[:1], one)
    atheris.Fuzz()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--target", choices=sorted(TARGETS), help="only this one")
    parser.add_argument("--seed", type=int, default=time.time_ns())
    parser.add_argument("--atheris", action="store_true", help="guided by coverage (needs atheris), until stopped")
    asked = parser.parse_args()
    targets = [TARGETS[asked.target]] if asked.target else list(TARGETS.values())
    if asked.atheris:
        guided(targets[0])
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    rng, inputs, findings = random.Random(asked.seed), 0, 0
    ends = time.monotonic() + asked.seconds
    while time.monotonic() < ends:
        for target in targets:
            data = mutated(rng, target)
            inputs += 1
            if what := attempt(target, data):
                findings += 1
                keep(target, data, what)
    print(f"{inputs} inputs to {len(targets)} decoders, {findings} findings, seed {asked.seed}")
    return bool(findings)


if __name__ == "__main__":
    sys.exit(main())
