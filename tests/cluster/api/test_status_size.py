"""A status at its largest is stored as it is; how large that may be, tests/unit/api/test_status_size.py says."""

import pytest

from cluster.api import resources
from cluster.person import Object, Person
from modelreuse.api import ModelReuseCheck
from modelreuse.api.names import OPERATOR_USER
from unit.api.largest import largest

SMALLEST = resources.examples()["tests/cluster/api/valid/smallest-check.yaml[0]"]


@pytest.fixture
def schema(custom_resources: list[Object]) -> Object:
    """Of a check's status."""
    definition = next(each for each in custom_resources if each["spec"]["names"]["kind"] == "ModelReuseCheck")
    status: Object = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["status"]
    return status


def test_a_status_with_everything_at_its_maximum_is_stored(schema: Object, admin: Person) -> None:
    check = SMALLEST | {"metadata": {"namespace": "default", "name": "largest"}}
    status = largest(schema)
    admin.create(check)
    operator = admin.speaking_for(OPERATOR_USER, "system:masters")
    stored = operator.patch(check, {"status": status}, part="status")
    admin.delete(check)
    assert stored["status"] == status
    assert ModelReuseCheck.parse(stored).status.to_wire() == status
