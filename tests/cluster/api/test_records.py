"""A record says at once what was known, and once how it ended."""

from collections.abc import Iterator

import pytest

from cluster.gate import objects
from cluster.person import Object, Person, RefusedError
from modelreuse.api.names import OPERATOR_USER


@pytest.fixture
def operator(admin: Person, custom_resources: list[Object]) -> Person:
    """The operator, with every right, so that only the schema can refuse."""
    return admin.speaking_for(OPERATOR_USER, "system:masters")


@pytest.fixture
def record(operator: Person, admin: Person) -> Iterator[Object]:
    """A record without an outcome."""
    stored = operator.create(objects.record("default", "schema-rules", "Operator"))
    yield stored
    admin.delete(stored)


def test_its_spec_cannot_change(operator: Person, record: Object) -> None:
    with pytest.raises(RefusedError, match="spec can't change once it is recorded"):
        operator.patch(record, {"spec": {"maxSteps": 1}})


def test_its_outcome_can_be_set(operator: Person, record: Object) -> None:
    assert operator.patch(record, {"outcome": objects.outcome()})["outcome"]["steps"] == 50


@pytest.mark.parametrize("change", [{"steps": 51}, {"energyWh": "1"}, None])
def test_its_outcome_is_set_once(operator: Person, record: Object, change: Object | None) -> None:
    operator.patch(record, {"outcome": objects.outcome()})
    with pytest.raises(RefusedError, match="outcome is set once"):
        operator.patch(record, {"outcome": change})
