"""Deterministic simulation: the real gate, admission and commit loop in a world where everything else is made up.

One seed decides everything: the order in which ready tasks run, every delay, every fault and every request. Time is
virtual, so an hour of outage takes milliseconds. `python -m tests.simulation --seeds 0-5000` runs many worlds,
`--trace SEED` tells one of them, and seeds that once failed are kept in `seeds.txt`.

The faults of a world are a random subset of all faults, as in swarm testing (Groce et al., ISSTA 2012): a world with
everything at once would hide what needs a quiet moment.
"""
