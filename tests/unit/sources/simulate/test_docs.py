import re
from dataclasses import fields
from pathlib import Path

from penstock.sources.simulate import Batteries, Buildings, Ems, Faults, SecurityEvents, parse_fleet

PAGE = (Path(__file__).parents[4] / "docs" / "simulator.md").read_text()


def test_the_page_names_every_setting_and_fault():
    for kind in (Buildings, Ems, Batteries, SecurityEvents, Faults):
        for field in fields(kind):
            assert f"`{field.name}`" in PAGE


def test_the_specs_on_the_page_are_understood():
    block = re.search(r"```\n(.*?)```", PAGE, re.DOTALL)
    specs = block[1].split()
    assert len(specs) == 3
    assert all(parse_fleet(spec) for spec in specs)


def test_the_example_on_the_page_runs(capsys):
    exec(re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)[1], {})
    assert "default 1" in capsys.readouterr().out
