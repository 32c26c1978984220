"""From approval to exactly one Job: intent, record and launch, each in a plan of its own."""

import dataclasses

import pytest

from modelreuse.api import Failure
from modelreuse.api.names import APPROVE
from unit.decisions import scenes
from unit.decisions.scenes import (
    RIGHTS,
    Scene,
    condition,
    created,
    intended,
    launched,
    policy,
    profile,
    recorded,
    sha,
    spec,
)

GATE = Failure(reason="GateMissing", message="ValidatingAdmissionPolicy modelreuse-decisions is not installed")


def voided(scene: Scene) -> str:
    """The message with which an approval was voided; nothing was created, and never will be under this digest."""
    plan = scene.plan()
    retraining = plan.status.retraining
    assert plan.create == ()
    assert retraining is not None
    assert retraining.result == "Failed"
    assert retraining.failure is not None
    assert retraining.failure.reason == "ApprovalVoided"
    assert not retraining.launched
    assert condition(plan, "Approved").status == "False"
    assert condition(plan, "Approved").reason == "ApprovalVoided"
    healed = scene.then(plan).but(policies=intended().policies, gate=None, rights=RIGHTS)
    assert "retraining" not in {role for look in (healed.plan(), healed.then().plan()) for role in created(look)}
    message = condition(plan, "Approved").message
    again = "kubectl annotate modelreusecheck digits -n line7 --overwrite modelreuse.io/assess=after-5ca1ab1e"
    assert message.endswith(f"; assess again: {again}")
    assert "modelreuse.io/approve=" not in message
    return message


def test_the_intent_comes_first_and_alone() -> None:
    plan = scenes.approved().plan()
    assert plan.status.retraining is not None
    assert plan.status.retraining.intent.digest == scenes.approved().digest
    assert not plan.status.retraining.launched
    assert plan.create == ()


def test_the_record_comes_before_the_job() -> None:
    plan = intended().plan()
    assert created(plan) == ["RetrainingRecord"]
    assert plan.status.retraining is not None
    assert not plan.status.retraining.launched


def test_the_record_is_asked_for_until_it_is_seen() -> None:
    assert intended().plan().create == intended().then(dataclasses.replace(intended().plan(), create=())).plan().create


def test_the_job_comes_last_and_status_says_so_in_the_same_plan() -> None:
    plan = recorded().plan()
    assert created(plan) == ["retraining"]
    assert plan.status.retraining is not None
    assert plan.status.retraining.launched
    assert plan.status.retraining.job is not None
    assert plan.status.retraining.job.name == plan.create[0]["metadata"]["name"]


@pytest.mark.parametrize("station", [intended, recorded])
@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"policies": (policy(limits={"steps": 5000}),)}, "no longer what was approved"),
        ({"policies": (policy(limits={"steps": 1}),)}, "no longer what was approved"),
        ({"policies": (policy(), policy("late"))}, "no longer what was approved"),
        ({"policies": ()}, "no RetrainPolicy selects this namespace"),
        ({"profiles": (profile(pue="1.5"),)}, "no longer what was approved"),
        ({"profiles": ()}, "there is no"),
        ({"gate": GATE}, "is not installed"),
        ({"gate_state": "interrupted, and put back"}, "no longer what was approved"),
        ({"rights": None}, "rights"),
        ({"rights": dataclasses.replace(RIGHTS, approver_may_approve=False)}, "no longer has the verb approve"),
        ({"rights": dataclasses.replace(RIGHTS, requester_may_create_jobs=False)}, "may no longer create Jobs"),
        ({"spec": spec(objective={"target": {"relative": "0.91"}})}, "no longer what was approved"),
        ({"spec": spec(retraining=None)}, "advisory"),
        ({"spec": spec(models=[{"name": "other", "uri": "pvc://models/o.pt2"}])}, "spec.models"),
    ],
)
def test_what_changes_between_intent_and_launch_voids_the_approval(
    station: object, change: dict[str, object], why: str
) -> None:
    assert why in voided(station().but(**change))  # type: ignore[operator]


@pytest.mark.parametrize("station", [intended, recorded])
def test_an_action_that_is_no_longer_wanted_voids_the_approval(station: object) -> None:
    without = spec()["retraining"] | {"actions": ["Retrain"]}
    said = voided(station().but(spec=spec(retraining=without)))  # type: ignore[operator]
    assert "spec.retraining.actions doesn't list FineTune" in said


@pytest.mark.parametrize("station", [intended, recorded])
def test_time_that_runs_out_between_intent_and_launch_voids_the_approval(station: object) -> None:
    assert "could be approved until" in voided(station().later(hours=24))  # type: ignore[operator]


@pytest.mark.parametrize("station", [intended, recorded])
def test_a_rejection_between_intent_and_launch_voids_the_approval(station: object) -> None:
    scene: Scene = station()  # type: ignore[operator]
    assert "otto rejected" in voided(scene.annotated(reject=scene.digest, rejected_by="otto"))


@pytest.mark.parametrize("station", [intended, recorded])
def test_an_approval_that_is_withdrawn_before_the_launch_is_void(station: object) -> None:
    assert "the approval was withdrawn" in voided(station().without_annotation(APPROVE))  # type: ignore[operator]


@pytest.mark.parametrize("station", [intended, recorded])
def test_an_approval_that_comes_to_be_the_editors_own_is_void(station: object) -> None:
    voided(station().annotated(spec_changed_by="petra"))  # type: ignore[operator]


@pytest.mark.parametrize("station", [intended, recorded])
def test_suspending_between_intent_and_launch_holds_it_back(station: object) -> None:
    scene: Scene = station().edited(suspend=True)  # type: ignore[operator]
    plan = scene.plan()
    assert plan.create == ()
    assert plan.status.retraining is not None
    assert plan.status.retraining.result is None
    assert (condition(plan, "Ready").status, condition(plan, "Ready").reason) == ("True", "Suspended")
    assert created(scene.edited(suspend=False).plan()) != []


def test_a_voided_approval_with_a_record_ends_the_record() -> None:
    plan = recorded().but(policies=()).plan()
    assert plan.outcome is not None
    assert (plan.outcome.outcome.result, plan.outcome.outcome.steps) == ("Failed", None)


def test_a_record_under_the_offered_digest_means_that_it_was_consumed() -> None:
    scene = scenes.approved().but(records=recorded().records)
    plan = scene.plan()
    assert plan.status.retraining is None
    assert condition(plan, "Stalled").reason == "DigestConsumed"


def test_a_record_of_the_same_name_in_another_namespace_is_another_record() -> None:
    record = recorded().records[0]
    elsewhere = record.model_copy(update={"metadata": record.metadata.model_copy(update={"namespace": "elsewhere"})})
    assert scenes.approved().but(records=(elsewhere,)).plan().status.retraining is not None
    assert created(intended().but(records=(elsewhere,)).plan()) == ["RetrainingRecord"]


def test_a_record_that_has_ended_launches_nothing() -> None:
    ended = scenes.completed().records
    plan = intended().but(records=ended).plan()
    assert plan.create == ()
    assert plan.status.retraining is not None
    assert plan.status.retraining.failure is not None
    assert plan.status.retraining.failure.reason == "DigestConsumed"


def test_a_record_of_another_digest_under_our_name_launches_nothing() -> None:
    record = recorded().records[0]
    assert record.spec.approval is not None
    approval = record.spec.approval.model_copy(update={"digest": sha("9")})
    forged = record.model_copy(update={"spec": record.spec.model_copy(update={"approval": approval})})
    plan = intended().but(records=(forged,)).plan()
    assert plan.create == ()
    assert plan.status.retraining is not None
    assert plan.status.retraining.result == "Failed"


def test_a_refused_record_is_waited_for_and_nothing_launched() -> None:
    name = intended().status["retraining"]["record"]
    refused = intended().refused(name)
    plan = refused.plan()
    assert plan.create == ()
    assert condition(plan, "Reconciling").message == "exceeded quota: small"
    assert plan.wake_at is not None
    due = refused.then().later(seconds=60).plan()
    assert created(due) == ["RetrainingRecord"]
    assert due.status == plan.status


def test_a_refused_job_is_a_failed_retraining() -> None:
    scene = recorded().then(dataclasses.replace(recorded().plan(), create=()))
    refused = scene.refused(scene.training, reason="Invalid", message="spec.template: no image")
    plan = refused.plan()
    assert condition(plan, "Retrained").reason == "Invalid"
    assert condition(plan, "Retrained").message == "spec.template: no image"
    assert plan.outcome is not None
    assert plan.outcome.outcome.result == "Failed"
    assert refused.then(plan).but(refusals={}).plan().create == ()


def test_a_launched_job_that_was_never_created_is_lost_and_not_created() -> None:
    scene = recorded().then(dataclasses.replace(recorded().plan(), create=()))
    plan = scene.plan()
    assert plan.create == ()
    assert condition(plan, "Retrained").reason == "ResultLost"
    assert scene.then(plan).plan().create == ()


def test_a_launched_job_that_is_gone_is_lost_and_not_created_again() -> None:
    scene = launched().without_job(launched().training)
    plan = scene.plan()
    assert plan.create == ()
    assert plan.status.retraining is not None
    assert plan.status.retraining.result == "Lost"
    assert condition(plan, "Retrained").message.startswith(f"Job {launched().training} is gone and left no result; ")
    assert plan.outcome is not None
    assert plan.outcome.outcome.result == "Lost"
    assert scene.then(plan).plan().create == ()


def test_a_job_that_was_refused_once_and_stood_later_is_lost_when_it_is_gone() -> None:
    scene = launched().refused(launched().training, reason="Invalid").without_job(launched().training)
    assert condition(scene.plan(), "Retrained").reason == "ResultLost"


def test_a_job_with_another_uid_is_not_the_one_that_was_launched() -> None:
    scene = launched()
    plan = scene.answered(scene.training, scenes.result(scene.digest)).with_job(scene.training, uid="other").plan()
    assert condition(plan, "Retrained").reason == "ResultLost"


@pytest.mark.parametrize("difference", [{"owner_uid": "other"}, {"owner_uid": None}, {"task": sha("9")}])
def test_a_stranger_under_the_jobs_name_is_never_adopted(difference: dict[str, object]) -> None:
    scene = recorded().then()
    plan = scene.with_job(scene.training, **difference).plan()
    assert condition(plan, "Retrained").reason == "NameTaken"
    assert plan.status.retraining is not None
    assert plan.status.retraining.result == "Failed"


def test_the_uid_of_the_job_goes_into_status() -> None:
    assert "uid" not in recorded().then().status["retraining"]["job"]
    assert launched().status["retraining"]["job"]["uid"] == f"uid-of-{launched().training}"


def test_a_launched_retraining_runs_on_whatever_changes_around_it() -> None:
    scene = launched().but(policies=(), profiles=(), gate=GATE, rights=None).later(days=30)
    plan = scene.plan()
    assert plan.create == ()
    assert plan.status.retraining is not None
    assert plan.status.retraining.result is None
    assert condition(plan, "Retrained").reason == "Retraining"


def test_a_model_that_leaves_the_spec_while_it_is_retrained_breaks_nothing() -> None:
    scene = launched().edited(models=[{"name": "other", "uri": "pvc://models/o.pt2"}])
    assert condition(scene.plan(), "Retrained").reason == "Retraining"
    assert condition(launched().edited(retraining=None).plan(), "Retrained").reason == "Retraining"


def test_a_job_in_a_queue_says_so() -> None:
    scene = launched().with_job(launched().training, suspended=True)
    assert condition(scene.plan(), "Ready").reason == "Suspended"
    assert condition(scene.plan(), "Reconciling").status == "True"
