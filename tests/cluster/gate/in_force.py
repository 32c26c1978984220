"""The gate in force: every policy has refused, or stamped, once."""

from collections.abc import Mapping
from functools import partial

import pytest

from cluster.gate.attempt import Attempt
from cluster.gate.attempts import ALL, PROBES
from cluster.gate.people import gather
from cluster.gate.scene import Scene
from cluster.gate.stamping import stamping_works
from cluster.person import Person, RefusedError
from cluster.waiting import until


def people_at_the_gate(admin: Person, team: str) -> Mapping[str, Person]:
    """Everybody, facing a gate that is in force."""
    everybody = gather(admin, team)
    admin.apply({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"}})
    until(lambda: stamping_works(Scene.new(everybody, team)), "stamps are written")
    by_id = {attempt.id: attempt for attempt in ALL}
    for policy, probe in PROBES.items():
        until(partial(_refuses, by_id[probe], everybody, team), f"{policy} is enforced")
    return everybody


def _refuses(attempt: Attempt, people: Mapping[str, Person], team: str) -> bool:
    try:
        attempt.is_refused(Scene.new(people, team))
    except (AssertionError, RefusedError, pytest.fail.Exception):
        return False
    return True
