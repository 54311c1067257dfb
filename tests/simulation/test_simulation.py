"""Worlds keep their promises; a broken broker or commit loop is found out; a seed is the whole world."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from penstock.model.errors import Unavailable
from penstock.pipeline.gate import Gate
from penstock.pipeline.runner import Runner
from tests.simulation.faults import FAULTS
from tests.simulation.world import World

WORLDS = int(os.environ.get("PENSTOCK_WORLDS", "240"))
CHUNKS = 8
KEPT = [
    int(line.split()[0])
    for line in (Path(__file__).parent / "seeds.txt").read_text().splitlines()
    if line.strip() and not line.startswith("#")
]


def _broken(seeds, **world) -> dict[int, list[str]]:
    found = {seed: World(seed, **world).run().violations for seed in seeds}
    return {seed: violations for seed, violations in found.items() if violations}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_a_world_keeps_every_promise_whatever_goes_wrong(chunk):
    assert _broken(range(chunk, WORLDS, CHUNKS)) == {}


def test_seeds_that_once_found_a_bug_find_none_now():
    assert _broken(KEPT) == {}


def test_a_seed_replays_exactly_in_another_process():
    here = [World(seed).run().digest for seed in range(6)]
    program = "from tests.simulation.world import World\nprint([World(s).run().digest for s in range(6)])"
    for hash_seed in ("1", "2"):
        ran = subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
            timeout=50,
        )
        assert ran.stdout.strip() == repr(here)


def test_worlds_differ_and_together_meet_every_fault():
    worlds = [World(seed) for seed in range(60)]
    assert set().union(*(world.plan.faults for world in worlds)) == set(FAULTS)
    assert len({World(seed).run().digest for seed in range(6)}) == 6


def test_a_broker_that_acknowledges_before_it_syncs_is_found_to_lose_data():
    broken = _broken(range(60), sync_interval=120.0)
    assert any("acknowledged and not committed" in text for found in broken.values() for text in found)


async def _ack_first(self, lane, work, settle=Runner._settle):
    await asyncio.gather(*(entry.delivery.ack() for entry in work), return_exceptions=True)
    await settle(self, lane, work)


async def _answer_first(self, lane, frame, send=Gate._send):
    try:
        await send(self, lane, frame)
    except Unavailable:
        return


@pytest.mark.parametrize(
    ("owner", "name", "wrong"),
    [(Runner, "_settle", _ack_first), (Gate, "_send", _answer_first)],
    ids=["ack-before-commit", "answer-without-puback"],
)
def test_a_pipeline_that_vouches_too_early_is_found_to_lose_data(monkeypatch, owner, name, wrong):
    monkeypatch.setattr(owner, name, wrong)
    found = [text for violations in _broken(range(40)).values() for text in violations]
    assert any(text.startswith("I1") for text in found)
