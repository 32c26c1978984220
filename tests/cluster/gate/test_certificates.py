"""People and the operator as they really log in, by certificate and by token, where other tests impersonate them."""

from collections.abc import Callable, Iterator

import pytest

from cluster.gate import objects
from cluster.gate.scene import Scene
from cluster.gate.stamping import stamps
from cluster.person import Person, RefusedError
from localcluster import Cluster

ALL_RIGHTS = "system:masters"


@pytest.fixture
def log_in(control_plane: Cluster) -> Iterator[Callable[..., Person]]:
    """Somebody with a certificate of this name and these groups."""
    people = []

    def by_certificate(name: str, *groups: str) -> Person:
        people.append(Person.from_kubeconfig(control_plane.kubeconfig(name, groups)))
        return people[-1]

    yield by_certificate
    for person in people:
        person.hang_up()


def test_an_approval_is_stamped_with_name_and_groups(scene: Scene, log_in: Callable[..., Person]) -> None:
    check = scene.check()
    scene.offer(check)
    approved = stamps(log_in("alice", "platform-leads").annotate(check, approve=scene.offered))
    assert (approved["approved-by"], approved["approved-by-groups"]) == ("alice", "platform-leads,system:authenticated")


@pytest.mark.parametrize("requester", ["alice ", " alice", "ALICE"])
def test_nobody_approves_what_the_same_name_otherwise_spelled_requested(
    scene: Scene, log_in: Callable[..., Person], requester: str
) -> None:
    check = log_in(requester, ALL_RIGHTS).create(objects.check(scene.namespace, scene.name))
    scene.offer(check)
    with pytest.raises(RefusedError, match="neither its requester"):
        scene["alice"].annotate(check, approve=scene.offered)


@pytest.mark.parametrize("approver", ["carol ", " carol", "carol  c", "carol\u200b"])
def test_a_name_that_looks_like_another_cannot_approve(
    scene: Scene, log_in: Callable[..., Person], approver: str
) -> None:
    check = scene.check()
    scene.offer(check)
    with pytest.raises(RefusedError, match="printable ASCII characters"):
        log_in(approver, ALL_RIGHTS).annotate(check, approve=scene.offered)


def test_a_name_of_two_words_can_approve(scene: Scene, log_in: Callable[..., Person]) -> None:
    check = scene.check()
    scene.offer(check)
    approved = log_in("Carol Jones", ALL_RIGHTS).annotate(check, approve=scene.offered)
    assert stamps(approved)["approved-by"] == "Carol Jones"


def test_the_operator_writes_status_by_its_token(scene: Scene, control_plane: Cluster) -> None:
    named = {"namespace": "modelreuse-system", "name": "operator"}
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": named}
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    issued = scene["admin"].post_to(account, "token", request)
    operator = Person.from_token(control_plane.kubeconfig(), issued["status"]["token"])
    status = {"recommendation": {"action": "Reuse", "model": "current", "reason": "Fits", "message": "keep it"}}
    written = operator.patch(scene.check(), {"status": status}, part="status")
    operator.hang_up()
    assert written["status"]["recommendation"]["reason"] == "Fits"
