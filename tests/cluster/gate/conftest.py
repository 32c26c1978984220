"""People with their roles before a gate in force, and a scene for each attempt."""

import secrets
from collections.abc import Mapping

import pytest

from cluster.fake_trainer import install
from cluster.gate.in_force import people_at_the_gate
from cluster.gate.people import make_namespace
from cluster.gate.scene import Scene
from cluster.person import Object, Person


@pytest.fixture(scope="session")
def team(admin: Person) -> str:
    """A namespace that no earlier run has used."""
    name = f"team-{secrets.token_hex(3)}"
    make_namespace(admin, name)
    return name


@pytest.fixture(scope="session")
def people(admin: Person, chart: list[Object], team: str) -> Mapping[str, Person]:
    """Everybody, facing a gate that is in force: every policy has refused, or stamped, once."""
    install(admin)
    return people_at_the_gate(admin, team)


@pytest.fixture
def scene(people: Mapping[str, Person], team: str) -> Scene:
    """A scene of its own for each test."""
    return Scene.new(people, team)
