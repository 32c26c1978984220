"""What must go on working with the gate in force: Kubernetes itself, editors, robots, deletion."""

import pytest

from cluster.gate import objects
from cluster.gate.people import make_namespace
from cluster.gate.scene import Scene
from cluster.gate.stamping import stamps
from cluster.person import Object, RefusedError
from cluster.waiting import until

STATUS = {"recommendation": {"action": "Reuse", "model": "current", "reason": "Fits", "message": "keep it"}}


def is_gone(scene: Scene, obj: Object) -> bool:
    try:
        scene["admin"].get(obj)
    except RefusedError as error:
        return error.status == 404
    return False


# --- checks


def test_editors_may_ask_for_another_assessment(scene: Scene) -> None:
    asked = scene["bella"].annotate(scene.check(), assess="2")
    assert asked["metadata"]["annotations"]["modelreuse.io/assess"] == "2"


def test_the_requester_may_revoke_what_others_approved(scene: Scene) -> None:
    check = scene.check()
    scene.offer(check)
    scene["alice"].annotate(check, approve=scene.offered)
    revoked = scene["bob"].annotate(check, approve=None)
    assert [key for key in revoked["metadata"]["annotations"] if "approve" in key] == []


def test_a_status_update_of_the_operator_leaves_an_approval_alone(scene: Scene) -> None:
    check = scene.check()
    scene.offer(check)
    scene["alice"].annotate(check, approve=scene.offered)
    assert stamps(scene.offer(check))["approved-by"] == "alice"


def test_status_in_a_write_of_the_object_itself_is_dropped(scene: Scene) -> None:
    wanted = objects.check(scene.namespace, scene.name)
    created = scene["mallory"].create(wanted | {"status": STATUS})
    assert "status" not in created
    assert "status" not in scene["mallory"].replace(created | {"status": STATUS})


def test_a_status_update_sets_no_annotations(scene: Scene) -> None:
    """So the operator can't approve by the one thing that it may write."""
    check = scene.check()
    scene.offer(check)
    approval = {"metadata": {"annotations": {"modelreuse.io/approve": scene.offered}}, "status": STATUS}
    written = scene["operator"].patch(check, approval, part="status")
    assert "modelreuse.io/approve" not in written["metadata"]["annotations"]


@pytest.mark.parametrize("crowd", [{"big": "x" * 250_000}, {f"k{number}": "x" for number in range(5_000)}])
def test_a_check_crowded_with_annotations_can_still_be_approved(scene: Scene, crowd: dict[str, str]) -> None:
    check = scene.check(annotations=crowd)
    scene.offer(check)
    assert stamps(scene["alice"].annotate(check, approve=scene.offered))["approved-by"] == "alice"


def test_an_editor_may_delete_an_approved_check(scene: Scene) -> None:
    check = scene.check()
    scene.offer(check)
    scene["alice"].annotate(check, approve=scene.offered)
    scene["bella"].delete(check)
    assert is_gone(scene, check)


# --- records


def test_an_import_is_stamped_with_the_importer(scene: Scene) -> None:
    record = objects.record(scene.namespace, scene.name, "Imported")
    record["metadata"]["annotations"] = {"modelreuse.io/imported-by": "pat"}
    assert scene["ivan"].create(record)["metadata"]["annotations"] == {"modelreuse.io/imported-by": "ivan"}


def test_writing_a_record_back_unchanged_works_as_storage_migration_does(scene: Scene) -> None:
    record = scene.record()
    assert scene["bob"].replace(record)["spec"] == record["spec"]


def test_a_foreground_deletion_of_a_record_ends(scene: Scene) -> None:
    record = scene.record()
    scene["pat"].delete(record, propagationPolicy="Foreground")
    until(lambda: is_gone(scene, record), "the garbage collector lets the record go")


# --- Jobs and pods


def test_whoever_may_delete_jobs_may_delete_ours(scene: Scene) -> None:
    job = scene.job()
    scene["bella"].delete(job, propagationPolicy="Background")
    assert is_gone(scene, job)


@pytest.mark.parametrize("propagation", ["Background", "Foreground"])
def test_the_operator_may_delete_what_a_new_spec_superseded(scene: Scene, propagation: str) -> None:
    job = scene.job(labels={"modelreuse.io/check": scene.name})
    scene["operator"].delete(job, propagationPolicy=propagation)
    until(lambda: is_gone(scene, job), "the Job is gone")


def test_the_operator_deletes_one_job_at_a_time(scene: Scene) -> None:
    with pytest.raises(RefusedError, match="cannot deletecollection resource"):
        scene["operator"].delete_all(scene.job())


def test_a_job_of_ours_runs_to_its_end(scene: Scene) -> None:
    """The Job controller makes the pod, its node reports the end, the controllers finish Job and pod."""
    labels = {"modelreuse.io/check": scene.name}
    job = objects.job(scene.namespace, f"mrc-{scene.name}", labels=labels, pod_labels=labels)
    job["spec"]["suspend"] = False
    scene["operator"].create(job)
    in_namespace = objects.pod(scene.namespace, "")

    def made() -> Object | None:
        pods = scene["admin"].list(in_namespace, labelSelector=f"modelreuse.io/check={scene.name}")
        return {"apiVersion": "v1", "kind": "Pod", **pods[0]} if pods else None

    pod = until(made, "the Job controller makes the pod")
    named = {"namespace": scene.namespace, "name": pod["metadata"]["name"]}
    target = {"apiVersion": "v1", "kind": "Node", "name": "n1"}
    scene["admin"].post_to(pod, "binding", {"apiVersion": "v1", "kind": "Binding", "metadata": named, "target": target})
    scene["node"].patch(pod, objects.terminated("{}"), part="status")

    def completed() -> bool:
        conditions = scene["admin"].get(job)["status"].get("conditions", [])
        return any(each["type"] == "Complete" and each["status"] == "True" for each in conditions)

    until(completed, "the Job is complete")
    assert "finalizers" not in scene["admin"].get(pod)["metadata"]


def test_everything_of_ours_goes_with_its_check(scene: Scene) -> None:
    check = scene.check()
    owner = {"apiVersion": check["apiVersion"], "kind": check["kind"], "name": scene.name}
    owner |= {"uid": check["metadata"]["uid"], "controller": True, "blockOwnerDeletion": True}
    job = objects.job(scene.namespace, f"mrc-{scene.name}")
    job["metadata"]["ownerReferences"] = [owner]
    scene["operator"].create(job)
    scene["bella"].delete(check, propagationPolicy="Foreground")
    until(lambda: is_gone(scene, job) and is_gone(scene, check), "the garbage collector removes the Job and the check")


def test_everything_of_ours_goes_with_its_namespace(scene: Scene) -> None:
    name = f"{scene.namespace}-{scene.name}"
    make_namespace(scene["admin"], name)
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    scene["operator"].create(objects.record(name, scene.name, "Operator"))
    scene["admin"].create(objects.check(name, scene.name))
    scene["operator"].create(objects.job(name, f"mrc-{scene.name}"))
    scene["job_controller"].create(objects.pod(name, f"mrc-{scene.name}"))
    scene["admin"].delete(namespace)
    until(lambda: is_gone(scene, namespace), "the namespace with our objects is gone", seconds=60)


# --- limits


def test_a_check_whose_name_is_as_long_as_can_be_is_decided_upon(scene: Scene) -> None:
    longest = ".".join(["a" * 62, "b" * 62, "c" * 62, "d" * 63])
    check = scene["bob"].create(objects.check(scene.namespace, f"{longest[: 253 - len(scene.name)]}{scene.name}"))
    scene.offer(check)
    assert stamps(scene["alice"].annotate(check, approve=scene.offered))["approved-by"] == "alice"


def test_a_quarter_of_a_megabyte_of_annotations_hinders_neither_approval_nor_status(scene: Scene) -> None:
    check = scene.check(annotations={"example.com/big": "x" * 250_000})
    scene.offer(check)
    approved = scene["alice"].annotate(check, approve=scene.offered)
    assert stamps(approved)["approved-by"] == "alice"
    assert scene.offer(check)["status"]["approval"]["digest"] == scene.offered


def test_annotations_that_leave_no_room_for_a_stamp_cost_their_author_the_check_and_nobody_else(scene: Scene) -> None:
    with pytest.raises(RefusedError, match="may not be more than 262144 bytes"):
        scene.check(annotations={"example.com/big": "x" * 262_100})


def test_namespaces_can_be_made_and_relabelled_otherwise(scene: Scene) -> None:
    namespace = f"{scene.namespace}-{scene.name}"
    make_namespace(scene["admin"], namespace)
    reference = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
    labelled = scene["admin"].patch(reference, {"metadata": {"labels": {"x": "y"}}})
    assert labelled["metadata"]["labels"]["x"] == "y"
    scene["admin"].delete(reference)
