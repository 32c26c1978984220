"""A scheduled assessment never voids what waits for approval, unless it recommends something else."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from unit.decisions import scenes
from unit.decisions.scenes import NOW, Scene, assessed, created, measured, score, sha, spec, summary

HOURLY = "0 * * * *"
ANOTHER = "f00d" * 8
KEEP = {"scores": [score("initial_accuracy_reference", "0.95"), score("initial_accuracy_new", "0.95")]}
OTHER_BYTES = {"hashes": {"model": sha("1"), "reference": sha("2"), "new": sha("7"), "evaluation": sha("4")}}


def waiting(**changes: Any) -> Scene:
    """Assessed at noon, offered, with a schedule for every hour."""
    return assessed(spec=spec(schedule=HOURLY) | changes)


def screening(scene: Scene) -> Scene:
    """The scheduled assessment's Job is created, and its UID in status."""
    return scene.but(nonce=ANOTHER).later(hours=1).then().then()


def job(scene: Scene) -> str:
    name: str = scene.status["screening"]["models"][0]["job"]["name"]
    return name


def answered(scene: Scene, answer: dict[str, Any] | None = None) -> Scene:
    name = job(scene)
    return scene.answered(name, summary(scene.jobs[name].task or "", **(answer or {}))).then()


def test_it_begins_when_it_is_due_and_not_before() -> None:
    assert created(waiting().later(minutes=59).plan()) == []
    todo = waiting().but(nonce=ANOTHER).later(hours=1).plan()
    assert created(todo) == ["assessment"]
    assert todo.status.screening is not None
    assert todo.status.screening.nonce == ANOTHER
    assert todo.create[0]["metadata"]["name"] not in waiting().jobs


def test_the_operator_wakes_for_it() -> None:
    assert waiting().plan().wake_at == NOW + timedelta(hours=1)
    assert assessed(
        spec=spec(schedule="30 9 * * *") | {"timeZone": "Asia/Tokyo"}
    ).plan().wake_at == datetime.fromisoformat("2026-05-05T00:30:00+00:00")


def test_a_person_who_waits_is_not_forgotten_over_it() -> None:
    scene = assessed(spec=spec(schedule="0 0 1 1 *"))
    assert scene.plan().wake_at == datetime.fromisoformat(scene.status["approval"]["expiresAt"])


def test_while_it_runs_the_offer_stands_and_can_be_approved() -> None:
    scene = screening(waiting())
    assert scene.digest == waiting().digest
    assert scene.condition("Approved")["reason"] == "AwaitingApproval"
    assert scene.condition("Ready")["status"] == "True"
    assert scenes.approve(scene).then().status["retraining"]["intent"]["digest"] == waiting().digest


@pytest.mark.parametrize("answer", [None, OTHER_BYTES, {"measured": measured(stepSeconds="0.06")}])
def test_the_same_advice_leaves_the_offer_as_it_is(answer: dict[str, Any] | None) -> None:
    scene = answered(screening(waiting()), answer)
    assert scene.digest == waiting().digest
    assert scene.status["approval"] == waiting().status["approval"]
    assert "screening" not in scene.status
    assert scene.status["screenedAt"] == "2026-05-04T13:00:00Z"
    assert job(screening(waiting())) not in scene.then().jobs, "its Job is deleted"
    assert scenes.approve(scene).settled().status["retraining"]["launched"]


@pytest.mark.parametrize("answer", [KEEP, {"layers": ["fc1", "fc2"]}])
def test_other_advice_takes_over_and_voids_it(answer: dict[str, Any]) -> None:
    before = scenes.approve(screening(waiting())).without_annotation("modelreuse.io/approve")
    scene = answered(before, answer)
    assert scene.status["nonce"] == ANOTHER
    assert "screening" not in scene.status
    assert scene.status.get("approval", {}).get("digest") != waiting().digest
    assert scene.status["history"][0]["digest"] == waiting().digest
    late = scenes.approve(scene, digest=waiting().digest)
    assert "retraining" not in late.settled().status


@pytest.mark.parametrize("message", ["nonsense", None])
def test_one_that_failed_recommends_nothing(message: str | None) -> None:
    scene = screening(waiting())
    for _ in range(3):
        answered_scene = scene.answered(job(scene), message)
        todo = answered_scene.plan()
        scene = answered_scene.then(todo)
        if "screening" not in scene.status:
            break
        scene = scene.then()
    assert "screening" not in scene.status
    assert scene.digest == waiting().digest
    (event,) = todo.events
    assert (event.type, event.message.startswith("scheduled assessment: Job ")) == ("Warning", True)


def test_it_is_repeated_where_that_may_help() -> None:
    scene = screening(waiting())
    first = job(scene)
    again = scene.without_job(first).then()
    assert again.status["screening"]["models"][0]["attempt"] == 2
    assert job(again) != first


def test_one_that_could_not_assess_every_candidate_recommends_nothing() -> None:
    two = [{"name": "current", "uri": "pvc://models/c.pt2"}, {"name": "other", "uri": "pvc://models/o.pt2"}]
    scene = screening(waiting(models=two))
    good, bad = (each["job"]["name"] for each in scene.status["screening"]["models"])
    error = {"reason": "NotFound", "field": "spec.models", "message": "no such file"}
    scene = scene.answered(good, summary(scene.jobs[good].task or "", **KEEP))
    todo = scene.answered(bad, {"task": scene.jobs[bad].task, "error": error}).plan()
    assert todo.status.nonce == scenes.NONCE
    assert [(event.type, event.reason) for event in todo.events] == [("Warning", "NotFound")]


def test_without_a_policy_the_newest_assessment_counts() -> None:
    scene = answered(screening(assessed(spec=spec(schedule=HOURLY), policies=())), OTHER_BYTES)
    assert scene.status["nonce"] == ANOTHER
    assert scene.assessment["hashes"]["new"] == sha("7")


def test_what_nobody_waits_for_is_replaced() -> None:
    kept = assessed(KEEP, spec=spec(schedule=HOURLY))
    assert kept.status["recommendation"]["action"] == "Reuse"
    scene = answered(screening(kept), KEEP)
    assert scene.status["nonce"] == ANOTHER
    assert scene.status["history"][0]["action"] == "Reuse"


def test_an_offer_that_has_expired_is_replaced() -> None:
    scene = screening(waiting().later(hours=24))
    assert answered(scene).status["nonce"] == ANOTHER


def test_a_rejected_offer_is_replaced() -> None:
    rejected = waiting().annotated(reject=waiting().digest, rejected_by="otto").then()
    assert answered(screening(rejected)).status["nonce"] == ANOTHER


def test_an_offer_is_replaced_from_the_moment_at_which_it_expires() -> None:
    scene = screening(waiting().later(hours=22))
    expires = datetime.fromisoformat(scene.status["approval"]["expiresAt"])
    assert answered(scene.but(now=expires - timedelta(seconds=1))).status["nonce"] == scenes.NONCE
    assert answered(scene.but(now=expires)).status["nonce"] == ANOTHER


def test_what_was_retrained_is_assessed_anew_though_its_advice_is_the_same() -> None:
    scene = scenes.approve(waiting()).settled()
    ended = scene.failed(scene.training).settled()
    assert answered(screening(ended)).status["nonce"] == ANOTHER


def test_an_approval_in_the_meantime_ends_it() -> None:
    scene = scenes.approve(screening(waiting())).then()
    assert "screening" not in scene.then().status


def test_nothing_is_screened_while_a_retraining_runs() -> None:
    scene = scenes.approve(waiting()).then().then().then()
    assert scene.status["retraining"]["launched"]
    todo = scene.later(hours=3).plan()
    assert (todo.create, todo.status.screening, todo.status.screened_at) == ((), None, None)


def test_a_suspended_check_is_not_screened() -> None:
    todo = waiting().edited(suspend=True).later(hours=5).plan()
    assert (todo.create, todo.status.screening, todo.status.nonce) == ((), None, scenes.NONCE)


def test_without_a_schedule_nothing_is_screened() -> None:
    todo = assessed().later(hours=5).plan()
    assert (todo.create, todo.status.screening) == ((), None)


def test_what_was_missed_comes_once() -> None:
    scene = answered(screening(waiting().later(hours=7)))
    assert scene.plan().status.screening is None
    assert scene.plan().wake_at == NOW + timedelta(hours=9)


def test_an_answer_counts_only_from_the_job_that_status_names() -> None:
    scene = screening(waiting())
    forged = scene.with_job(job(scene), uid="another")
    name = job(scene)
    told = forged.answered(name, summary(forged.jobs[name].task or "", **KEEP)).then()
    assert told.status["recommendation"] == waiting().status["recommendation"]
    assert told.status["screening"]["models"][0]["attempt"] == 2


def test_a_stranger_under_its_name_ends_it_quietly() -> None:
    scene = waiting().but(nonce=ANOTHER).later(hours=1).then()
    todo = scene.with_job(job(scene), owner_uid="somebody").plan()
    assert todo.status.screening is None
    assert "Stalled" not in {each.type for each in todo.status.conditions}
    assert [(event.type, event.reason) for event in todo.events] == [("Warning", "NameTaken")]


def test_a_new_assessment_by_hand_ends_it() -> None:
    scene = screening(waiting()).annotated(assess="now").but(nonce="beef" * 8).then()
    assert scene.status["nonce"] == "beef" * 8
    assert "screening" not in scene.status


def test_one_that_takes_longer_than_its_turn_goes_on() -> None:
    running = screening(waiting())
    later = running.but(nonce="beef" * 8).later(hours=3).then()
    assert later.status["screening"] == running.status["screening"]
    assert later.plan().wake_at == datetime.fromisoformat(later.status["approval"]["expiresAt"])


def test_a_policy_that_goes_at_that_moment_voids_nothing_by_itself() -> None:
    scene = screening(waiting())
    name = job(scene)
    gone = scene.answered(name, summary(scene.jobs[name].task or "", **KEEP)).but(policies=()).then()
    assert gone.status["nonce"] == scenes.NONCE
    assert gone.but(policies=scene.policies).then().digest == waiting().digest
