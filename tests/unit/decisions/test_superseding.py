"""Cleaning up: what stays for its logs, and what goes when others stand in its place."""

from modelreuse.api import ModelReuseCheckStatus
from modelreuse.decisions import Plan
from modelreuse.decisions.superseding import superseded
from unit.decisions import scenes
from unit.decisions.scenes import Scene, task_of, verified

OTHER_NONCE = "0ddba11" * 4
UNREACHABLE = {"reason": "Unreachable", "field": "spec.data", "message": "no answer", "retryable": True}


def deleted(plan: Plan) -> list[str]:
    return [job.name for job in plan.delete]


def failing_once(scene: Scene, name: str) -> Scene:
    return scene.failed(name, message={"task": scene.jobs[name].task, "error": UNREACHABLE})


def test_an_attempt_goes_when_the_next_one_stands() -> None:
    scene = scenes.assessing()
    first = scene.assessment["job"]["name"]
    again = failing_once(scene, first).plan()
    assert again.create
    assert deleted(again) == []
    scene = failing_once(scene, first).then(again)
    assert deleted(scene.plan()) == [first]
    assert scene.then().plan().delete == ()
    assert first not in scene.then().jobs


def test_what_is_deleted_is_named_by_its_uid() -> None:
    scene = scenes.assessing()
    first = scene.assessment["job"]["name"]
    (job,) = failing_once(scene, first).then().plan().delete
    assert job.uid == f"uid-of-{first}"


def test_an_attempt_stays_while_the_next_one_is_refused() -> None:
    scene = scenes.assessing()
    first = scene.assessment["job"]["name"]
    plan = failing_once(scene, first).plan()
    second = plan.status.assessments[0].job.name
    held = failing_once(scene, first).then(plan).without_job(second).refused(second)
    assert deleted(held.plan()) == []
    assert first in held.then().jobs


def test_the_last_assessment_stays_for_its_logs() -> None:
    for station in (scenes.offered, scenes.launched, scenes.retrained, scenes.completed):
        assert station().plan().delete == ()


def test_an_assessment_goes_with_all_its_kind_when_the_next_one_stands() -> None:
    done = scenes.completed()
    old, verification, training = done.assessment["job"]["name"], done.verification, done.training
    scene = done.annotated(assess="again").but(nonce=OTHER_NONCE)
    assert deleted(scene.plan()) == []
    scene = scene.then()
    assert set(deleted(scene.plan())) == {old, verification}
    scene = scene.then()
    assert scene.jobs.keys() == {training, scene.assessment["job"]["name"]}


def test_an_assessment_that_still_runs_goes_too() -> None:
    scene = scenes.assessing().edited(objective={"target": {"absolute": "0.5"}}).but(nonce=OTHER_NONCE)
    old = scene.assessment["job"]["name"]
    assert deleted(scene.then().plan()) == [old]


def test_a_verification_goes_when_the_next_attempt_stands() -> None:
    scene = scenes.retrained()
    first = scene.verification
    scene = failing_once(scene, first).then()
    assert deleted(scene.plan()) == [first]
    scene = scene.then()
    task = scene.jobs[scene.verification].task or ""
    assert scene.answered(scene.verification, verified(task)).plan().delete == ()


def test_one_candidate_alone_lets_nothing_go() -> None:
    two = [{"name": "a", "uri": "pvc://m/a.pt2"}, {"name": "b", "uri": "pvc://m/b.pt2"}]
    scene = scenes.assessing().edited(models=two).but(nonce=OTHER_NONCE)
    plan = scene.plan()
    name = next(job["metadata"]["name"] for job in plan.create if task_of(job)["model"]["name"] == "b")
    scene = scene.then(plan).without_job(name).refused(name)
    assert deleted(scene.then().plan()) == []


def test_a_retraining_is_never_deleted() -> None:
    voided = scenes.launched().failed(scenes.launched().training).then()
    training = voided.training
    anew = voided.annotated(assess="again").but(nonce=OTHER_NONCE).then().then().then()
    assert training in anew.jobs


def test_jobs_of_others_are_left_alone() -> None:
    scene = scenes.assessing()
    first = scene.assessment["job"]["name"]
    stranger = failing_once(scene, first).then().with_job(first, owner_uid="another")
    assert stranger.plan().delete == ()


def test_a_status_that_names_no_job_lets_nothing_go() -> None:
    assert superseded(scenes.offered().observed, ModelReuseCheckStatus()) == ()
