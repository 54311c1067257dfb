"""How hard hypothesis looks, by HYPOTHESIS_PROFILE: `default` for every run, `nightly` for long searches, `mutants`."""

import os

from hypothesis import HealthCheck, Phase, settings

_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]

settings.register_profile("default", deadline=None, derandomize=True, suppress_health_check=_SLOW)
settings.register_profile(
    "nightly", deadline=None, derandomize=False, max_examples=10_000, print_blob=True, suppress_health_check=_SLOW
)
# A mutant only has to be noticed: looking for its smallest example takes longer than finding it.
settings.register_profile(
    "mutants",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=_SLOW,
    phases=[Phase.explicit, Phase.generate],
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))
