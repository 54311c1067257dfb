"""Inputs near sound ones: cut, repeated, spliced and overwritten, from hypothesis or from plain random numbers."""

import random

from hypothesis import strategies as st

from tests.fuzz.targets import TOKENS, Target

MAX_BYTES = 200_000


def mutated(rng: random.Random, target: Target) -> bytes:
    """A few random edits of a sound input of the target."""
    data = bytearray(rng.choice(target.seeds))
    for _ in range(rng.choice((1, 1, 2, 3, 8))):
        edit(data, rng.randrange(7), rng.randint(0, len(data)), rng.choice((1, 2, 8, 64)), rng)
    return bytes(data[:MAX_BYTES])


def edit(data: bytearray, kind: int, at: int, size: int, rng: random.Random) -> None:
    """One edit in place."""
    span = slice(at, at + size)
    if kind == 0:
        del data[span]
    elif kind == 1:
        data[at:at] = rng.randbytes(size)
    elif kind == 2:
        data[span] = rng.randbytes(len(data[span]))
    elif kind == 3:
        data[at:at] = rng.choice(TOKENS)
    elif kind == 4:
        data[span] = rng.choice(TOKENS)
    elif kind == 5:
        data[at:at] = data[rng.randint(0, len(data)) :][: size * 8]
    elif at < len(data):
        data[at] ^= 1 << rng.randrange(8)


def inputs(target: Target) -> st.SearchStrategy[bytes]:
    """Any bytes, a run of tokens, or a sound input with edits."""
    edited = st.randoms(use_true_random=False).map(lambda rng: mutated(rng, target))
    spliced = st.lists(st.sampled_from(TOKENS), max_size=12).map(b"".join)
    return st.one_of(edited, edited, st.binary(max_size=300), spliced, st.sampled_from(target.seeds))
