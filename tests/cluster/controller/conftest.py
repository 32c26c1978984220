"""The gate in force, a team per test, and the operator in both shapes: as a process, and look by look."""

import secrets
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from cluster.controller.looks import Looks
from cluster.controller.operator_process import OperatorProcess
from cluster.controller.team import NODE, Team
from cluster.gate import objects
from cluster.gate.people import OPERATOR, gather, make_namespace
from cluster.person import Object, Person, RefusedError
from cluster.waiting import until
from localcluster import Cluster
from modelreuse.cluster import Client, connect


@pytest.fixture(scope="session")
def gate_in_force(admin: Person, chart: list[Object]) -> None:
    """What only the operator may do is refused to others; that stamps are written, the chart's fixture has seen."""
    namespace = f"probe-{secrets.token_hex(3)}"
    make_namespace(admin, namespace)
    admin.apply({"apiVersion": "v1", "kind": "Node", "metadata": {"name": NODE}})

    def refused() -> bool:
        try:
            admin.create(objects.job(namespace, f"mrc-{secrets.token_hex(3)}"), dryRun="All")
        except RefusedError:
            return True
        return False

    operator = admin.speaking_for(OPERATOR, "system:serviceaccounts")
    group, resource = "admissionregistration.k8s.io", "validatingadmissionpolicies"
    until(lambda: operator.may("list", group, resource, ""), "the operator has its rights")
    until(refused, "reserved Jobs are refused")


@pytest.fixture
def team(admin: Person, gate_in_force: None) -> Team:
    """A namespace and people that no other test knows."""
    return _team(admin)


@pytest.fixture(scope="session")
def shared_team(admin: Person, gate_in_force: None) -> Team:
    """A namespace for tests that don't mind the others' objects; each names its own after itself."""
    return _team(admin)


def _team(admin: Person) -> Team:
    namespace = f"team-{secrets.token_hex(3)}"
    make_namespace(admin, namespace)
    return Team(namespace, gather(admin, namespace))


@pytest.fixture(scope="session")
def operators_kubeconfig(control_plane: Cluster) -> Path:
    """By which the operator reaches the cluster as its own service account."""
    return control_plane.kubeconfig(OPERATOR, ["system:serviceaccounts", "system:authenticated"])


@pytest.fixture
def operator(team: Team, operators_kubeconfig: Path, tmp_path: Path) -> Iterator[OperatorProcess]:
    """The operator for the team's namespace, not started yet."""
    process = OperatorProcess(operators_kubeconfig, team.namespace, tmp_path / "operator.log")
    yield process
    process.end()
    if process.log.exists():
        sys.stdout.write(process.log.read_text())


@pytest.fixture
def running(operator: OperatorProcess) -> OperatorProcess:
    """The operator at work."""
    operator.start()
    return operator


@pytest.fixture(scope="module")
def shared_operator(
    shared_team: Team, operators_kubeconfig: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OperatorProcess]:
    """The operator at work for the shared namespace."""
    log = tmp_path_factory.mktemp("operator") / "operator.log"
    process = OperatorProcess(operators_kubeconfig, shared_team.namespace, log)
    process.start()
    yield process
    process.end()


@pytest.fixture
async def client(
    gate_in_force: None, operators_kubeconfig: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Client]:
    """The operator's connection."""
    monkeypatch.setenv("KUBECONFIG", str(operators_kubeconfig))
    client = await connect()
    yield client
    await client.close()


@pytest.fixture
def looks(team: Team, client: Client) -> Looks:
    """The operator without its watches, one look at a time."""
    return Looks(client, team.namespace)
