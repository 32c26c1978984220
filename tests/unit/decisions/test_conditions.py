"""Conditions: what tools and people read, at every station."""

from collections.abc import Callable

import pytest

from modelreuse.api import Failure
from modelreuse.decisions import Event
from unit.decisions import scenes
from unit.decisions.scenes import Scene, approve, condition, has_condition, offered, policy, result, spec

STATIONS = {
    "new": lambda: Scene().then(),
    "assessing": scenes.assessing,
    "offered": scenes.offered,
    "intended": scenes.intended,
    "recorded": scenes.recorded,
    "launched": scenes.launched,
    "retrained": scenes.retrained,
    "completed": scenes.completed,
    "advisory": lambda: scenes.assessed(spec=spec(retraining=None)),
    "ungoverned": lambda: scenes.assessed(policies=()),
    "suspended": lambda: Scene(spec=spec(suspend=True)).then(),
    "voided": lambda: scenes.intended().but(policies=()).then(),
    "lost": lambda: scenes.launched().without_job(scenes.launched().training).then(),
    "rejected": lambda: offered().annotated(reject=offered().digest).then(),
    "refused": lambda: refused(Scene().then()).then(),
}
BUSY = {"new", "assessing", "intended", "recorded", "launched", "retrained", "refused"}
ALWAYS = {"Ready", "Assessed", "RetrainingRecommended", "Approved", "Retrained", "PromotionAllowed"}


def refused(scene: Scene) -> Scene:
    """The assessment's Job couldn't be created, just now."""
    name = scene.assessment["job"]["name"]
    return scene.without_job(name).refused(name)


@pytest.mark.parametrize("station", STATIONS)
def test_ready_says_whether_something_goes_on(station: str) -> None:
    scene = STATIONS[station]()
    expected = ALWAYS | ({"Reconciling"} if station in BUSY else set())
    assert scene.kinds == expected
    assert (scene.condition("Ready")["status"] == "False") == (station in BUSY)


@pytest.mark.parametrize("station", STATIONS)
def test_every_condition_has_a_reason_a_message_and_the_generation(station: str) -> None:
    for each in STATIONS[station]().status["conditions"]:
        assert each["reason"]
        assert each["message"], each["type"]
        assert each["observedGeneration"] == 1


def test_waiting_for_a_person_is_ready() -> None:
    assert offered().condition("Ready") | {"status": "True", "reason": "AwaitingApproval"} == offered().condition(
        "Ready"
    )
    assert offered().condition("Approved")["status"] == "False"


def test_before_anything_is_assessed_nobody_misses_a_policy() -> None:
    def reasons(scene: Scene) -> list[str]:
        return [scene.condition(kind)["reason"] for kind in ("RetrainingRecommended", "Approved")]

    assert reasons(Scene(policies=()).then()) == ["NotAssessed", "NotAssessed"]
    assert reasons(scenes.assessed(policies=())) == ["NoPolicy", "NoPolicy"]


def test_who_approved_is_told() -> None:
    assert scenes.intended().condition("Approved")["message"] == f"petra approved {offered().digest}"


def test_a_failed_assessment_is_stalled_and_no_longer_reconciling() -> None:
    scene = scenes.assessing()
    name = scene.assessment["job"]["name"]
    scene = scene.answered(name, "no summary").then()
    assert scene.kinds == ALWAYS | {"Stalled"}
    assert scene.condition("Stalled")["reason"] == "UnreadableAnswer"


def test_a_condition_keeps_its_time_while_its_status_stays() -> None:
    later = approve(offered().later(hours=1)).then()
    assert later.condition("Assessed")["lastTransitionTime"] == "2026-05-04T12:00:00Z"
    assert later.condition("Approved")["lastTransitionTime"] == "2026-05-04T13:00:00Z"


def test_a_changed_reason_alone_moves_no_time() -> None:
    rejected = offered().later(hours=1).annotated(reject=offered().digest).then()
    assert rejected.condition("Approved")["reason"] == "Rejected"
    assert rejected.condition("Approved")["lastTransitionTime"] == "2026-05-04T12:00:00Z"


def test_the_generation_that_was_seen_is_said() -> None:
    edited = offered().edited(suspend=True).then()
    assert edited.status["observedGeneration"] == 2
    assert {each["observedGeneration"] for each in edited.status["conditions"]} == {2}


def test_what_holds_up_an_approved_retraining_is_what_ready_says() -> None:
    scene = scenes.launched()
    waiting = Failure(reason="Unschedulable", message="0/3 nodes are available")
    plan = scene.with_job(scene.training, pods=(scenes.pod(None, waiting=waiting),)).plan()
    for kind in ("Ready", "Reconciling"):
        assert (condition(plan, kind).reason, condition(plan, kind).message) == (waiting.reason, waiting.message)


def test_conditions_of_others_are_dropped() -> None:
    other = {"type": "Mine", "status": "True", "reason": "X", "lastTransitionTime": "2026-05-04T12:00:00Z"}
    scene = offered()
    plan = scene.but(status=scene.status | {"conditions": [other]}).plan()
    assert not has_condition(plan, "Mine")


# --- events ----------------------------------------------------------------------------------------------------------


def told(scene: Scene) -> list[tuple[str, str]]:
    return [(event.type, event.reason) for event in scene.plan().events]


def test_a_new_check_is_no_news() -> None:
    assert told(Scene()) == []
    assert told(offered().annotated(assess="again").but(nonce="f00d" * 8)) == []


def test_news_is_told_once() -> None:
    assert told(approve(offered())) == [("Normal", "Approved")]
    assert told(offered()) == []


def test_nothing_is_told_of_what_goes_on_as_planned() -> None:
    for station in (scenes.intended, scenes.recorded, scenes.launched):
        assert told(station()) == []


def test_the_answer_is_told_with_what_it_leads_to() -> None:
    scene = scenes.assessing()
    name = scene.assessment["job"]["name"]
    scene = scene.answered(name, scenes.summary(scene.jobs[name].task or ""))
    assert told(scene) == [("Normal", "Assessed"), ("Normal", "FineTune"), ("Normal", "AwaitingApproval")]
    assert told(scene.edited(suspend=True)) == told(scene)
    assert told(scene.but(policies=())) == [("Normal", "Assessed"), ("Normal", "NoPolicy")]


def test_advice_is_no_trouble_whatever_it_is() -> None:
    scene = scenes.assessing()
    name = scene.assessment["job"]["name"]
    good = [scenes.score("initial_accuracy_reference", "0.95"), scenes.score("initial_accuracy_new", "0.95")]
    kept = scene.answered(name, scenes.summary(scene.jobs[name].task or "", scores=good))
    assert told(kept) == [("Normal", "Assessed"), ("Normal", "Reuse")]


def test_what_is_held_up_is_a_warning_once() -> None:
    scene = refused(Scene().then())
    assert told(scene) == [("Warning", "Forbidden")]
    assert told(scene.then().later(seconds=60)) == []


@pytest.mark.parametrize(
    ("scene", "events"),
    [
        (lambda: offered().annotated(reject=offered().digest), [("Normal", "Rejected")]),
        (lambda: offered().later(days=2), [("Normal", "Expired")]),
        (lambda: approve(offered()).but(rights=None), [("Warning", "ApprovalNotValid")]),
        (lambda: scenes.intended().but(policies=()), [("Warning", "ApprovalVoided")]),
        (lambda: scenes.launched().failed(scenes.launched().training), [("Warning", "BackoffLimitExceeded")]),
    ],
)
def test_an_end_is_told_once_and_only_trouble_is_a_warning(
    scene: Callable[[], Scene], events: list[tuple[str, str]]
) -> None:
    assert told(scene()) == events
    assert told(scene().then()) == []


def test_an_offer_is_told_with_its_command() -> None:
    scene = scenes.assessing()
    name = scene.assessment["job"]["name"]
    plan = scene.answered(name, scenes.summary(scene.jobs[name].task or "")).plan()
    told = next(event for event in plan.events if event.reason == "AwaitingApproval")
    assert told.type == "Normal"
    assert "kubectl annotate" in told.message


def test_a_stall_is_a_warning() -> None:
    scene = scenes.assessing()
    plan = scene.answered(scene.assessment["job"]["name"], "no summary").plan()
    assert [(event.type, event.reason) for event in plan.events] == [("Warning", "UnreadableAnswer")]


def test_the_verdict_is_told() -> None:
    scene = scenes.retrained()
    plan = scene.answered(scene.verification, scenes.verified(scene.jobs[scene.verification].task or "")).plan()
    assert plan.events == (
        Event(type="Normal", reason="Verified", message=condition(plan, "PromotionAllowed").message),
    )


# --- the clock -------------------------------------------------------------------------------------------------------


def test_an_offer_wakes_at_its_expiry() -> None:
    assert offered().plan().wake_at == offered().now.replace(day=5)
    assert offered().later(days=1).plan().wake_at is None
    assert offered().later(days=2).plan().wake_at is None


def test_nothing_to_approve_needs_no_clock() -> None:
    assert scenes.completed().plan().wake_at is None
    assert scenes.assessed(spec=spec(retraining=None)).plan().wake_at is None


def test_what_was_held_up_is_looked_at_again() -> None:
    scene = refused(Scene().then())
    assert scene.plan().wake_at == scene.now.replace(minute=1)
    assert scene.later(seconds=20).plan().wake_at == scene.now.replace(minute=1)
    for asked_again in (scene.later(seconds=60), scene.later(seconds=90)):
        assert asked_again.plan().wake_at == asked_again.later(seconds=60).now


# --- nothing new, nothing to do --------------------------------------------------------------------------------------


@pytest.mark.parametrize("station", STATIONS)
def test_looking_again_changes_nothing(station: str) -> None:
    scene = STATIONS[station]().settled()
    plan = scene.plan()
    assert plan.status == scene.check.status
    assert (plan.create, plan.outcome, plan.events) == ((), None, ())


@pytest.mark.parametrize("station", STATIONS)
def test_time_alone_changes_nothing_before_the_wake_up(station: str) -> None:
    scene = STATIONS[station]().settled()
    wake_at = scene.plan().wake_at
    just_before = scene.later(seconds=59) if wake_at else scene.later(days=400)
    assert just_before.plan().status == scene.check.status


@pytest.mark.parametrize("station", STATIONS)
def test_the_same_observation_gives_the_same_plan(station: str) -> None:
    scene = STATIONS[station]()
    assert scene.plan() == scene.plan()


def test_a_plan_takes_one_step_of_a_retraining() -> None:
    scene = scenes.approved()
    for expected in ((), ("RetrainingRecord",), ("retraining",), ()):
        plan = scene.plan()
        assert tuple(scenes.created(plan)) == expected
        scene = scene.then(plan)


def test_a_target_missed_by_the_trainer_is_no_failed_retraining() -> None:
    scene = scenes.launched()
    plan = scene.answered(scene.training, result(scene.digest, targetReached=False)).plan()
    assert condition(plan, "Retrained").status == "True"


def test_the_profile_may_go_after_the_end() -> None:
    plan = scenes.completed().but(policies=(policy(costProfile="gone"),)).plan()
    assert condition(plan, "PromotionAllowed").reason == "CostProfileMissing"
    assert condition(plan, "Approved").status == "True"
