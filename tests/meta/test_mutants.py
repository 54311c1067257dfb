"""Mutants are patches of the sources, which move on."""

from __future__ import annotations

import pytest

from tests.mutants.bench import patched
from tests.mutants.catalogue import MUTANTS


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_the_text_that_a_mutant_replaces_is_there_once(mutant):
    assert patched(mutant)
