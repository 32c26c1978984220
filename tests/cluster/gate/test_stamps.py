"""Stamps say who acted, as the API server knows it, whatever a request claims; and they come back when dropped."""

import pytest

from cluster.gate import objects
from cluster.gate.scene import Scene
from cluster.gate.stamping import stamps, without
from cluster.person import Object

BOB = {
    "requested-by": "bob",
    "requested-by-groups": "engineers,system:authenticated",
    "spec-changed-by": "bob",
    "spec-changed-by-groups": "engineers,system:authenticated",
}
ALICE = {"approved-by": "alice", "approved-by-groups": "platform-leads,on-call,system:authenticated"}
LIES = {f"modelreuse.io/{name}": "alice" for name in (*BOB, *ALICE, "rejected-by")}


def approved(scene: Scene) -> Object:
    """A check of bob's that alice approved."""
    check = scene.check()
    scene.offer(check)
    return scene["alice"].annotate(check, approve=scene.offered)


def test_creation_is_stamped(scene: Scene) -> None:
    assert stamps(scene.check()) == BOB


def test_claims_at_creation_are_overwritten(scene: Scene) -> None:
    assert stamps(scene.check(annotations=LIES)) == BOB


def test_creation_by_server_side_apply_is_stamped(scene: Scene) -> None:
    check = objects.check(scene.namespace, scene.name, annotations=LIES)
    assert stamps(scene["bob"].apply(check)) == BOB


def test_creation_under_a_generated_name_is_stamped(scene: Scene) -> None:
    check = objects.check(scene.namespace, "unused", generateName=f"{scene.name}-")
    del check["metadata"]["name"]
    assert stamps(scene["bob"].create(check)) == BOB


def test_claims_in_an_update_are_overwritten(scene: Scene) -> None:
    check = scene.check()
    assert stamps(scene["bob"].patch(check, {"metadata": {"annotations": LIES}})) == BOB


def test_each_change_of_the_spec_is_stamped(scene: Scene) -> None:
    changed = scene["alice"].patch(scene.check(), {"spec": {"suspend": True}})
    assert stamps(changed) == BOB | {
        "spec-changed-by": "alice",
        "spec-changed-by-groups": "platform-leads,on-call,system:authenticated",
    }


def test_a_change_of_labels_is_no_change_of_the_spec(scene: Scene) -> None:
    changed = scene["alice"].patch(scene.check(), {"metadata": {"labels": {"line": "8"}}})
    assert stamps(changed) == BOB


def test_an_approval_is_stamped(scene: Scene) -> None:
    assert stamps(approved(scene)) == BOB | ALICE


def test_claims_in_an_approval_are_overwritten(scene: Scene) -> None:
    check = scene.check()
    scene.offer(check)
    lies = {"approved_by": "carol", "approved_by_groups": "system:masters"}
    assert stamps(scene["alice"].annotate(check, approve=scene.offered, **lies)) == BOB | ALICE


def test_a_rejection_is_stamped(scene: Scene) -> None:
    check = scene.check()
    scene.offer(check)
    rejected = scene["carol"].annotate(check, reject=scene.offered, rejected_by="bob")
    assert stamps(rejected) == BOB | {"rejected-by": "carol"}


def test_a_comma_in_a_group_makes_no_second_group(scene: Scene) -> None:
    bob = scene["admin"].speaking_for("bob", "a,system:masters", "100%")
    check = bob.create(objects.check(scene.namespace, scene.name))
    assert stamps(check)["requested-by-groups"] == "a%2Csystem:masters,100%25,system:authenticated"


def test_replacing_with_the_approval_but_without_stamps_restores_them(scene: Scene) -> None:
    assert stamps(scene["bob"].replace(without(approved(scene), *BOB, *ALICE))) == BOB | ALICE


def test_replacing_without_any_annotation_restores_requester_and_drops_the_approval(scene: Scene) -> None:
    replaced = scene["bob"].replace(without(approved(scene)))
    assert stamps(replaced) == BOB
    assert "modelreuse.io/approve" not in replaced["metadata"]["annotations"]


def test_a_forced_apply_that_knows_no_annotations_keeps_the_approval(scene: Scene) -> None:
    approved(scene)
    applied = scene["bob"].apply(objects.check(scene.namespace, scene.name))
    assert stamps(applied) == BOB | ALICE


def test_replacing_another_approver_for_the_stamped_one_fails_silently(scene: Scene) -> None:
    assert stamps(scene["bob"].annotate(approved(scene), approved_by="carol")) == BOB | ALICE


def test_an_empty_approval_is_none(scene: Scene) -> None:
    assert stamps(scene["bob"].annotate(approved(scene), approve="")) == BOB


@pytest.mark.parametrize(("by", "kept"), [("bob", True), ("alice", False)])
def test_a_rejection_is_dropped_only_by_who_may_decide(scene: Scene, by: str, kept: bool) -> None:
    check = scene.check()
    scene.offer(check)
    rejected = scene["carol"].annotate(check, reject=scene.offered)
    replaced = scene[by].replace(without(rejected))
    assert ("modelreuse.io/reject" in replaced["metadata"]["annotations"]) is kept
    assert stamps(replaced) == BOB | ({"rejected-by": "carol"} if kept else {})
