"""For all suites: properties see the same examples in every run, unless HYPOTHESIS_PROFILE=thorough looks for more."""

import os

import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

settings.register_profile("ci", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile(
    "thorough", settings.get_profile("ci"), derandomize=False, max_examples=2000, stateful_step_count=80
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


class OneClusterAtATime(LoadScopeScheduling):
    """Deals out single tests, but all that share a cluster to one process, where they run one after the other."""

    def _split_scope(self, nodeid: str) -> str:
        return "cluster" if nodeid.startswith(("tests/cluster/", "tests/e2e/")) else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> OneClusterAtATime:
    """Used where suites run side by side (`make test`)."""
    return OneClusterAtATime(config, log)
