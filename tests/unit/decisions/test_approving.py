"""The approval: what a person is told, and which annotations count."""

import dataclasses
from collections.abc import Callable

import pytest

from modelreuse.api import Failure
from modelreuse.api.names import APPROVED_BY, REQUESTED_BY, SPEC_CHANGED_BY
from unit.decisions import scenes
from unit.decisions.scenes import RIGHTS, Scene, approve, approved, condition, offered, policy


def refused(scene: Scene) -> tuple[str, str]:
    """Reason and message of the condition, after making sure that nothing was started."""
    plan = scene.plan()
    assert plan.status.retraining is None
    assert plan.create == ()
    found = condition(plan, "Approved")
    assert found.status == "False"
    return found.reason, found.message


def accepted(scene: Scene) -> bool:
    retraining = scene.plan().status.retraining
    return retraining is not None and retraining.result is None


def test_a_valid_approval_is_accepted_with_names_and_time() -> None:
    plan = approved().plan()
    assert plan.create == ()
    assert plan.status.approval is not None
    assert (plan.status.approval.by, plan.status.approval.groups, plan.status.approval.at) == (
        "petra",
        "leads",
        scenes.NOW,
    )
    assert condition(plan, "Approved").status == "True"


def test_waiting_prints_the_complete_command_and_what_it_would_cost() -> None:
    reason, message = refused(offered())
    assert reason == "AwaitingApproval"
    command = "kubectl annotate modelreusecheck digits -n line7 --overwrite modelreuse.io/approve="
    assert message.endswith(f"approve: {command}{offered().digest}")
    assert message.startswith("FineTune current: [1..>1000] steps (Assumed), ")
    assert "; nobody has approved this; " in message
    assert "gCO2e" in message
    assert "EUR" in message


def test_the_command_fits_for_the_longest_names() -> None:
    scene = scenes.assessed(name="a" * 253)
    assert scene.condition("Approved")["message"].endswith(f"approve={scene.digest}")


def test_an_approval_of_something_else_is_not_one() -> None:
    reason, message = refused(approve(offered(), scenes.sha("9")))
    assert reason == "AwaitingApproval"
    assert "something else" in message
    assert offered().digest in message


@pytest.mark.parametrize("change", [str.upper, lambda digest: digest[:-1], lambda digest: f" {digest}"])
def test_an_approval_must_name_the_digest_exactly(change: object) -> None:
    refused(approve(offered(), change(offered().digest)))  # type: ignore[operator]


def test_an_approval_of_what_was_on_offer_before_a_policy_changed_is_not_one() -> None:
    refused(approved().but(policies=(policy(limits={"steps": 5000}),)))


def test_an_approval_counts_until_the_second_before_it_expires() -> None:
    assert accepted(approved().later(hours=23, minutes=59, seconds=59))
    reason, message = refused(approved().later(hours=24))
    assert reason == "Expired"
    command = "kubectl annotate modelreusecheck digits -n line7 --overwrite modelreuse.io/assess=after-5ca1ab1e"
    assert message.endswith(f"assess again: {command}")


def rejected(scene: Scene) -> Scene:
    return scene.annotated(reject=scene.digest, rejected_by="otto")


@pytest.mark.parametrize("station", [offered, approved])
def test_a_rejection_says_by_whom_and_when_and_what_to_do(station: Callable[[], Scene]) -> None:
    reason, message = refused(rejected(station()))
    assert reason == "Rejected"
    assert message.startswith("rejected by otto, 2026-05-04T12:00:00Z; assess again: kubectl annotate ")
    assert rejected(station()).plan().status.rejected == "otto, 2026-05-04T12:00:00Z"


def test_a_rejected_digest_is_consumed_whatever_is_annotated_later() -> None:
    scene = rejected(offered()).then().without_annotation("modelreuse.io/reject").later(hours=1)
    assert refused(approve(scene)) == refused(rejected(offered()))
    milder = approve(scene).but(policies=(policy(limits={"steps": 5000}),))
    assert refused(milder)[0] == "Rejected"


def test_a_declined_assessment_is_kept_as_it_was_declined() -> None:
    scene = rejected(offered()).then()
    without = scene.but(policies=(), profiles=(), gate=Failure(reason="GateMissing", message="gone")).later(days=3)
    for key in ("assessments", "prediction", "recommendation", "summary", "approval", "rejected"):
        assert without.then().status[key] == scene.status[key]
    assert refused(without)[0] == "Rejected"
    assert scene.plan().wake_at is None


def test_after_a_rejection_a_new_assessment_starts_afresh() -> None:
    scene = rejected(offered()).then()
    again = scene.annotated(assess="after-5ca1ab1e").but(nonce="f00d" * 8).then().then()
    assert "rejected" not in again.status
    row = again.status["history"][0]
    said = "[1..>1000] steps (Assumed); rejected by otto, 2026-05-04T12:00:00Z"
    assert (row["digest"], row["message"]) == (scene.digest, said)
    assert row["outcome"] == "Rejected"
    name = again.assessment["job"]["name"]
    anew = again.answered(name, scenes.summary(again.jobs[name].task or "")).then()
    assert anew.condition("Approved")["reason"] == "AwaitingApproval"
    assert accepted(approve(anew))


def test_a_rejection_of_something_else_is_ignored() -> None:
    assert accepted(approved().annotated(reject=scenes.sha("9"), rejected_by="otto"))


def test_a_rejection_by_nobody_known_is_one_too() -> None:
    assert refused(offered().annotated(reject=offered().digest))[0] == "Rejected"


@pytest.mark.parametrize("stamp", [REQUESTED_BY, SPEC_CHANGED_BY, APPROVED_BY])
def test_an_approval_without_every_stamp_is_not_valid(stamp: str) -> None:
    assert refused(approved().without_annotation(stamp))[0] == "ApprovalNotValid"
    assert refused(approved().but(annotations={**approved().annotations, stamp: ""}))[0] == "ApprovalNotValid"


@pytest.mark.parametrize("name", ["erika", "Erika", " erika", "ERIKA "])
@pytest.mark.parametrize("role", ["requested_by", "spec_changed_by"])
def test_requester_and_last_editor_cannot_approve_under_any_spelling(name: str, role: str) -> None:
    scene = offered().annotated(requested_by="someone", spec_changed_by="someone-else").annotated(**{role: "erika"})
    assert refused(approve(scene, by=name))[0] == "ApprovalNotValid"


def test_a_requester_with_capitals_cannot_approve_either() -> None:
    scene = offered().annotated(requested_by="Erika@Example.org", spec_changed_by="otto")
    assert refused(approve(scene, by="erika@example.org"))[0] == "ApprovalNotValid"


@pytest.mark.parametrize(
    "name",
    ["system:serviceaccount:line7:bot", "system:admin", "system:masters", " system:admin", "System:Admin"],
)
def test_what_is_no_person_cannot_approve(name: str) -> None:
    reason, message = refused(approve(offered(), by=name))
    assert reason == "ApprovalNotValid"
    assert "not a person" in message


@pytest.mark.parametrize("right", [field.name for field in dataclasses.fields(RIGHTS)])
def test_whoever_lost_a_right_in_between_stops_the_launch(right: str) -> None:
    assert refused(approved().but(rights=dataclasses.replace(RIGHTS, **{right: False})))[0] == "ApprovalNotValid"


def test_rights_that_could_not_be_asked_for_are_missing_rights() -> None:
    assert refused(approved().but(rights=None))[0] == "ApprovalNotValid"


def test_a_suspended_check_launches_nothing() -> None:
    scene = approved().edited(suspend=True)
    assert scene.plan().status.retraining is None
    assert accepted(scene.edited(suspend=False))


def test_a_suspended_check_says_so_and_is_ready() -> None:
    plan = offered().edited(suspend=True).plan()
    assert (condition(plan, "Ready").status, condition(plan, "Ready").reason) == ("True", "Suspended")


@pytest.mark.parametrize("who", ["requested_by", "spec_changed_by", "approved_by", "rejected_by"])
def test_names_of_any_length_make_a_sentence(who: str) -> None:
    scene = approved().annotated(**{who: "x" * 5000})
    if who == "rejected_by":
        scene = scene.annotated(reject=scene.digest)
    assert scene.plan().status.conditions


@pytest.mark.parametrize("who", ["requested_by", "approved_by"])
def test_a_name_that_no_record_holds_approves_nothing(who: str) -> None:
    assert refused(approved().annotated(**{who: "x" * 513}))[0] == "ApprovalNotValid"


@pytest.mark.parametrize("who", ["requested_by", "spec_changed_by", "approved_by"])
def test_a_name_as_long_as_a_record_can_hold_is_one(who: str) -> None:
    assert accepted(approved().annotated(**{who: "x" * 512}))


def test_an_approver_in_many_groups_can_approve() -> None:
    groups = ",".join(f"group-number-{number}" for number in range(500))
    scene = approved().annotated(approved_by_groups=groups).settled()
    assert len(scene.jobs) == 2
    recorded = scene.records[0].spec.approval
    assert recorded is not None
    assert recorded.approved_by_groups.endswith(",...")
    assert groups.startswith(recorded.approved_by_groups.removesuffix(",..."))


def test_as_many_groups_as_a_record_can_hold_are_all_recorded() -> None:
    groups = f"first,{'x' * 1018}"
    recorded = approved().annotated(approved_by_groups=groups).settled().records[0].spec.approval
    assert recorded is not None
    assert recorded.approved_by_groups == groups
