"""Kubernetes 1.30 to 1.35 have no MutatingAdmissionPolicy: the client sends the stamps, and untrue ones are refused."""

from collections.abc import Iterator, Mapping

import pytest

from cluster.gate import objects
from cluster.gate.attempt import Attempt
from cluster.gate.attempts.without_stamping import APPROVED, ATTEMPTS, full, unstamped_is_refused
from cluster.gate.scene import Scene
from cluster.gate.stamping import stamping_works
from cluster.person import Object, Person, RefusedError
from cluster.waiting import until


@pytest.fixture(scope="module", autouse=True)
def no_stamping(admin: Person, people: Mapping[str, Person], chart: list[Object], team: str) -> Iterator[None]:
    """Takes the bindings of the mutating policies away, and puts them back."""
    bindings = [each for each in chart if each["kind"] == "MutatingAdmissionPolicyBinding"]
    for binding in bindings:
        admin.delete(binding)
    until(lambda: unstamped_is_refused(Scene.new(people, team)), "creations without stamps are refused")
    yield
    for binding in bindings:
        admin.apply(binding)
    until(lambda: stamping_works(Scene.new(people, team)), "stamps are written again")


_by_id = pytest.mark.parametrize("attempt", ATTEMPTS, ids=[attempt.id for attempt in ATTEMPTS])


@_by_id
def test_bypass_is_refused(attempt: Attempt, scene: Scene) -> None:
    attempt.is_refused(scene)


@_by_id
def test_legal_twin_works(attempt: Attempt, scene: Scene) -> None:
    attempt.twin_works(scene)


def test_a_check_from_before_the_gate_cannot_be_approved(scene: Scene, admin: Person, chart: list[Object]) -> None:
    """Nobody can say who asked for it."""
    binding = next(
        each
        for each in chart
        if each["kind"] == "ValidatingAdmissionPolicyBinding" and each["metadata"]["name"] == "modelreuse-identity"
    )
    admin.delete(binding)

    def created() -> Object | None:
        try:
            return scene["bob"].create(objects.check(scene.namespace, scene.name))
        except RefusedError:
            return None

    try:
        check = until(created, "an unstamped check can be created without the policy")
    finally:
        admin.apply(binding)
        until(lambda: unstamped_is_refused(Scene.new(scene.people, scene.namespace)), "the policy is back")
    scene.offer(check)
    with pytest.raises(RefusedError, match="nobody knows who requested it"):
        scene["alice"].patch(check, {"metadata": {"annotations": full({"approve": scene.offered, **APPROVED})}})
