"""The gate in force: policies enforced, people with their roles, a scene for each attempt."""

import secrets
from collections.abc import Mapping
from functools import partial

import pytest

from cluster.gate.attempt import Attempt
from cluster.gate.attempts import ALL, PROBES
from cluster.gate.people import gather, make_namespace
from cluster.gate.scene import Scene
from cluster.gate.stamping import stamping_works
from cluster.person import Object, Person, RefusedError
from cluster.waiting import until


@pytest.fixture(scope="session")
def team(admin: Person) -> str:
    """A namespace that no earlier run has used."""
    name = f"team-{secrets.token_hex(3)}"
    make_namespace(admin, name)
    return name


@pytest.fixture(scope="session")
def people(admin: Person, chart: list[Object], team: str) -> Mapping[str, Person]:
    """Everybody, facing a gate that is in force: every policy has refused, or stamped, once."""
    everybody = gather(admin, team)
    admin.apply({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"}})
    until(lambda: stamping_works(Scene.new(everybody, team)), "stamps are written")
    by_id = {attempt.id: attempt for attempt in ALL}
    for policy, probe in PROBES.items():
        refuses = partial(_refuses, by_id[probe], everybody, team)
        until(refuses, f"{policy} is enforced")
    return everybody


@pytest.fixture
def scene(people: Mapping[str, Person], team: str) -> Scene:
    """A scene of its own for each test."""
    return Scene.new(people, team)


def _refuses(attempt: Attempt, people: Mapping[str, Person], team: str) -> bool:
    try:
        attempt.is_refused(Scene.new(people, team))
    except (AssertionError, RefusedError, pytest.fail.Exception):
        return False
    return True
