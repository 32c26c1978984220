"""The operator notices when the gate isn't what was shipped."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from cluster.controller.looks import TEMPLATES, Looks
from cluster.controller.team import Team
from cluster.person import JSON_PATCH, Object, Person
from localcluster import Cluster
from modelreuse.cluster import NAMES_ALONE, Client, Gate, connect, read_manifests
from modelreuse.cluster.gate import FRESH

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)
ADMISSION = "admissionregistration.k8s.io/v1"
SHELLS: Object = {
    "apiVersion": ADMISSION,
    "kind": "ValidatingAdmissionPolicyBinding",
    "metadata": {"name": "modelreuse-shells"},
}


@pytest.fixture
def shells(admin: Person, chart: list[Object], gate_in_force: None) -> Iterator[Object]:
    """A binding that a test may harm; whole again afterwards."""
    (shipped,) = (
        each for each in chart if (each["kind"], each["metadata"]["name"]) == (SHELLS["kind"], "modelreuse-shells")
    )
    yield SHELLS
    admin.apply(shipped)
    stored = admin.get(SHELLS)
    if stored["spec"] != shipped["spec"]:
        admin.replace({**stored, "spec": shipped["spec"]})


async def test_the_gate_as_installed_stands(client: Client, admin: Person) -> None:
    assert await Gate(client, read_manifests(TEMPLATES)).failure(NOW) is None
    assert await Gate(client, NAMES_ALONE).failure(NOW) is None


async def test_a_narrowed_binding_is_noticed(client: Client, admin: Person, shells: Object) -> None:
    narrow = {"spec": {"matchResources": {"namespaceSelector": {"matchLabels": {"gate": "on"}}}}}
    admin.patch(shells, narrow)
    failure = await Gate(client, read_manifests(TEMPLATES)).failure(NOW)
    assert failure is not None
    assert failure.reason == "GateAltered"
    assert "ValidatingAdmissionPolicyBinding modelreuse-shells differs" in failure.message


async def test_a_binding_that_only_audits_is_noticed(client: Client, admin: Person, shells: Object) -> None:
    change = [{"op": "replace", "path": "/spec/validationActions", "value": ["Audit"]}]
    admin.patch(shells, change, kind=JSON_PATCH)
    failure = await Gate(client, NAMES_ALONE).failure(NOW)
    assert failure is not None
    assert failure.reason == "GateAltered"


async def test_a_missing_binding_is_noticed_at_the_next_fresh_look(
    client: Client, admin: Person, shells: Object
) -> None:
    gate = Gate(client, NAMES_ALONE)
    assert await gate.failure(NOW) is None
    admin.delete(shells)
    assert await gate.failure(NOW + FRESH / 2) is None  # the last look still counts
    failure = await gate.failure(NOW + FRESH / 2, fresh=True)
    assert failure is not None
    assert failure.reason == "GateMissing"


async def test_a_missing_policy_withdraws_the_offer(looks: Looks, team: Team, shells: Object) -> None:
    team.govern()
    check = team.check()
    team["admin"].delete(shells)
    await looks.resync()
    looks.later = timedelta(minutes=1)
    await looks.settle(check)
    assert looks.observed[-1].gate is not None
    assert looks.observed[-1].gate.reason == "GateMissing"


async def test_a_gate_that_can_not_be_read_does_not_count(
    control_plane: Cluster, gate_in_force: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(control_plane.kubeconfig("eve")))
    client = await connect()
    failure = await Gate(client, NAMES_ALONE).failure(NOW)
    await client.close()
    assert failure is not None
    assert failure.reason == "GateUnknown"
    assert 'User "eve" cannot list resource' in failure.message


async def test_a_gate_that_was_taken_away_and_put_back_is_another_state(
    client: Client, admin: Person, shells: Object
) -> None:
    gate = Gate(client, read_manifests(TEMPLATES))
    assert await gate.failure(NOW) is None
    before = gate.state
    assert await gate.failure(NOW, fresh=True) is None
    assert gate.state == before
    stored = admin.get(shells)
    admin.delete(shells)
    del stored["metadata"]["resourceVersion"], stored["metadata"]["uid"]
    admin.create(stored)
    assert await gate.failure(NOW, fresh=True) is None
    assert gate.state != before


async def test_a_gate_that_was_altered_and_mended_is_another_state(
    client: Client, admin: Person, shells: Object
) -> None:
    gate = Gate(client, read_manifests(TEMPLATES))
    assert await gate.failure(NOW) is None
    before = gate.state
    for actions in (["Audit"], ["Deny", "Audit"]):
        change = [{"op": "replace", "path": "/spec/validationActions", "value": actions}]
        admin.patch(shells, change, kind=JSON_PATCH)
    assert await gate.failure(NOW, fresh=True) is None
    assert gate.state != before
