"""A status at its largest is stored; at the sizes that occur it stays small."""

import pytest

from cluster.api import resources
from cluster.api.largest import at_most, in_practice, largest, size
from cluster.person import Object, Person
from modelreuse.api import ModelReuseCheck
from modelreuse.api.names import OPERATOR_USER

KIB = 1024
SMALLEST = resources.examples()["tests/cluster/api/valid/smallest-check.yaml[0]"]


@pytest.fixture
def schema(custom_resources: list[Object]) -> Object:
    """Of a check's status."""
    definition = next(each for each in custom_resources if each["spec"]["names"]["kind"] == "ModelReuseCheck")
    status: Object = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["status"]
    return status


def test_a_status_with_everything_at_its_maximum_is_stored(schema: Object, admin: Person) -> None:
    check = SMALLEST | {"metadata": {"namespace": "default", "name": "largest"}}
    status = largest(schema, at_most)
    admin.create(check)
    operator = admin.speaking_for(OPERATOR_USER, "system:masters")
    stored = operator.patch(check, {"status": status}, part="status")
    admin.delete(check)
    assert stored["status"] == status
    assert size(status) <= 512 * KIB
    assert ModelReuseCheck.parse(stored).status.to_wire() == status


def test_four_candidates_with_every_list_full_stay_below_64_kib(schema: Object) -> None:
    status = largest(schema, in_practice)
    status["assessments"] = status["assessments"][:4]
    status["prediction"]["costs"] = status["prediction"]["costs"][: 3 * 4]
    assert size(status) <= 64 * KIB
