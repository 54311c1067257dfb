"""The catalogue of mutants follows the code: every patch applies, every test that it names exists."""

import pytest

from tests.mutants.bench import ROOT, patched
from tests.mutants.catalogue import MUTANTS


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_patch_applies_and_its_tests_exist(mutant):
    compile(patched(mutant), mutant.file, "exec")
    assert mutant.tests
    for test in mutant.tests:
        path, _, name = test.partition("::")
        assert not name or f"def {name}(" in (ROOT / path).read_text(), test


def test_names_are_unique():
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= 12
