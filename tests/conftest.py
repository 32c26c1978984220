"""Properties see the same examples in every run, unless `HYPOTHESIS_PROFILE=thorough` looks for new ones."""

import os

from hypothesis import HealthCheck, settings

settings.register_profile("ci", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile(
    "thorough", settings.get_profile("ci"), derandomize=False, max_examples=2000, stateful_step_count=80
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
