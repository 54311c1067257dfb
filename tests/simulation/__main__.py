"""Run worlds: `python -m tests.simulation --seeds 0-5000`, or tell one: `--trace SEED`."""

import argparse
import gc
import sys
import time

from tests.simulation.world import World


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", default="0-1000", help="FIRST-LAST, the last included")
    parser.add_argument("--trace", type=int, metavar="SEED", help="run one world and print what happens in it")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after so long")
    asked = parser.parse_args()
    if asked.trace is not None:
        outcome = World(asked.trace, keep_trace=True).run()
        print(*outcome.trace, *outcome.violations, sep="\n")
        return bool(outcome.violations)
    first, _, last = asked.seeds.partition("-")
    began, worlds, failing, virtual = time.process_time(), 0, [], 0.0
    gc.disable()  # worlds are small and die young; cycles are collected every hundred of them
    for seed in range(int(first), int(last or first) + 1):
        outcome = World(seed).run()
        worlds, virtual = worlds + 1, virtual + outcome.seconds
        if outcome.violations:
            failing.append(seed)
            print(f"seed {seed}:", *outcome.violations[:5], sep="\n  ", flush=True)
        if worlds % 100 == 0:
            gc.collect()
        if time.process_time() - began > asked.seconds:
            break
    took = time.process_time() - began
    print(f"{worlds} worlds, {len(failing)} failing, {virtual / 3600:.1f} virtual hours in {took:.1f} s of CPU")
    return bool(failing)


if __name__ == "__main__":
    sys.exit(main())
