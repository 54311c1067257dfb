"""The load is what its seed says, whatever the process, and holds what the plan promises."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import polars as pl
import pytest

from tests.faults.load import Load
from tests.faults.rows import CANARY, DOORS, Recipe, batch

RECIPE = Recipe(seed=7, base=1_795_000_000_000)


def everything(recipe: Recipe, count: int) -> pl.DataFrame:
    frames = []
    for number in range(count):
        made = batch(recipe, number)
        columns = dict(zip(made.rows._fields, made.rows, strict=True))
        frames.append(
            pl.DataFrame({"batch": [number] * len(made.rows.ts), "tenant": made.tenant, "door": made.door} | columns)
        )
    return pl.concat(frames)


def test_the_same_seed_gives_the_same_rows_in_another_process():
    program = (
        "from tests.faults.rows import *; import zlib\n"
        "b = [batch(Recipe(seed=7, base=1_795_000_000_000), n) for n in range(50)]\n"
        "print(zlib.crc32(b''.join(c.tobytes() for x in b for c in x.rows)))"
    )
    told = {subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout for _ in range(2)}
    assert len(told) == 1


def test_another_seed_gives_other_rows():
    other = batch(Recipe(seed=8, base=RECIPE.base), 0).rows
    assert not np.array_equal(batch(RECIPE, 0).rows.ts, other.ts)


def test_duplicates_late_readings_and_corrections_come_in_their_shares():
    rows = everything(RECIPE, 400)
    fresh = 400 * RECIPE.size
    assert (rows["ts"] % 10 != 0).sum() / fresh == pytest.approx(RECIPE.late, rel=0.2)
    assert (rows["seq"] > 0).sum() / fresh == pytest.approx(RECIPE.corrections * 0.75, rel=0.4)  # not by line protocol
    assert (rows.height - fresh) / fresh == pytest.approx(RECIPE.duplicates + RECIPE.corrections * 0.75, rel=0.3)
    assert set(rows["door"]) == set(DOORS)
    assert (rows.filter(pl.col("door") == "line")["seq"] == 0).all()


def test_readings_of_a_key_without_seq_never_contradict_one_another():
    rows = everything(RECIPE, 400).filter(pl.col("seq") == 0)
    values = rows.group_by("tenant", "sensor", "ts").agg(pl.col("value").n_unique())
    assert (values["value"] == 1).all()


def test_a_value_names_its_tenant():
    rows = everything(RECIPE, 40)
    assert ((rows["value"] // CANARY == 1) == (rows["tenant"] == "default")).all()


def test_due_times_pass_faster_within_a_burst_and_never_go_back():
    load = Load(RECIPE, "", {}, "", 1_000, burst=(10.0, 3.0, 8.0))
    due = np.array([load.due(n) for n in range(1_000)])
    assert (np.diff(due) > 0).all()
    calm, burst = ((due >= 0) & (due < 5)).sum(), ((due >= 5) & (due < 8)).sum()
    assert calm == pytest.approx(5 * 20, abs=2)
    assert burst == pytest.approx(3 * 200, abs=2)


def test_a_load_survives_being_written_down(tmp_path):
    load = Load(RECIPE, "http://x", {"default": "k"}, "ledger", 10, burst=(2.0, 1.0, 4.0))
    assert Load.read(load.write(tmp_path / "load.json")) == load
