"""What hostile clients and broken clocks can put in front of the rules: a plan is made, and nobody gains by it."""

from datetime import timedelta
from typing import Any

import pytest

from modelreuse.api.names import (
    APPROVE,
    APPROVED_BY,
    APPROVED_BY_GROUPS,
    ASSESS,
    REJECT,
    REJECTED_BY,
    REQUESTED_BY,
    SPEC_CHANGED_BY,
)
from unit.api.largest import size
from unit.decisions import scenes
from unit.decisions.scenes import NOW, Scene, approved, condition, created, launched, offered, policy

HUGE = "x" * 250_000
STAMPS = [APPROVE, APPROVED_BY, APPROVED_BY_GROUPS, ASSESS, REJECT, REJECTED_BY, REQUESTED_BY, SPEC_CHANGED_BY]


@pytest.mark.parametrize("annotation", STAMPS)
@pytest.mark.parametrize("station", [offered, approved, launched])
def test_a_quarter_of_a_megabyte_in_an_annotation_breaks_nothing(annotation: str, station: Any) -> None:
    scene: Scene = station()
    attacked = scene.but(annotations={**scene.annotations, annotation: HUGE})
    todo = attacked.plan()
    assert size(todo.status.to_wire()) <= 64 * 1024
    if annotation not in {APPROVED_BY_GROUPS, ASSESS, REJECT, REJECTED_BY, SPEC_CHANGED_BY}:
        assert station is launched or todo.status.retraining is None


def test_an_unknown_annotation_of_a_quarter_of_a_megabyte_is_not_read() -> None:
    scene = approved().but(annotations={**approved().annotations, "example.com/x": HUGE})
    assert scene.plan().status == approved().plan().status


NAMES = ["petra", "PETRA", " petra", "petra ", "Petra"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("role", [REQUESTED_BY, SPEC_CHANGED_BY])
def test_who_asked_or_edited_under_a_name_that_differs_in_case_or_space_can_not_approve(role: str, name: str) -> None:
    scene = approved().but(annotations={**approved().annotations, role: name})
    assert scene.plan().status.retraining is None
    assert condition(scene.plan(), "Approved").reason == "ApprovalNotValid"


@pytest.mark.parametrize("by", ["system:admin", "System:Admin", " system:serviceaccount:a:b", "SYSTEM:NODE:n"])
def test_software_can_not_approve_however_it_is_spelled(by: str) -> None:
    scene = approved().but(annotations={**approved().annotations, APPROVED_BY: by})
    assert scene.plan().status.retraining is None


# --- names at their limits --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a", "a" * 253, ".".join(["a" * 62] * 4), "a-" * 126 + "a"])
def test_a_check_whose_name_is_as_long_as_can_be_runs_the_whole_flow(name: str) -> None:
    budget = policy(budget={"energyKwh": "1"})
    scene = scenes.approve(scenes.assessed(name=name, policies=(budget,)))
    for _ in range(6):
        scene = scene.then()
    assert scene.status["retraining"]["launched"]
    for job in scene.jobs:
        assert len(job) <= 63
    assert [each.check for each in scene.policies[0].status.reservations] == [name]


def test_two_checks_whose_long_names_differ_at_the_end_share_nothing() -> None:
    one, other = (scenes.assessing(name="a" * 252 + letter, uid=f"uid-{letter}") for letter in ("b", "c"))
    assert not one.jobs.keys() & other.jobs.keys()


# --- clocks -----------------------------------------------------------------------------------------------------------


def test_a_clock_that_was_set_back_prolongs_no_approval() -> None:
    """What could be approved until then can't for longer, since the end is stored and not computed from now."""
    back = approved().later(hours=-48)
    until = approved().status["approval"]["expiresAt"]
    assert back.then().status["approval"]["expiresAt"] == until


def test_a_clock_that_runs_ahead_voids_rather_than_launches() -> None:
    assert approved().later(hours=24).plan().status.retraining is None


def test_a_pod_that_ended_before_it_began_costs_nothing_and_not_less() -> None:
    scene = launched()
    lie = scene.answered(
        scene.training,
        scenes.result(scene.digest),
        started_at=NOW + timedelta(days=1),
        finished_at=NOW - timedelta(days=1),
    )
    assert lie.plan().status.retraining is not None
    assert lie.then().status["retraining"]["podSeconds"] == "0"


def test_a_job_that_ended_in_the_future_is_ended() -> None:
    scene = launched()
    ahead = scene.answered(scene.training, scenes.result(scene.digest)).with_job(
        scene.training, finished_at=NOW + timedelta(days=365)
    )
    assert ahead.then().status["retraining"]["result"] == "Succeeded"


def test_a_node_whose_clock_is_ahead_charges_no_more_than_the_run_took() -> None:
    """Start and end come from one node's clock, so its skew cancels out."""
    scene = launched()
    skew = timedelta(days=30)
    began, ended = NOW + skew - timedelta(minutes=1), NOW + skew
    told = scene.answered(scene.training, scenes.result(scene.digest), started_at=began, finished_at=ended)
    assert told.then().status["retraining"]["podSeconds"] == "60"


def test_an_approval_launches_once_whatever_the_clock_does() -> None:
    scene = approved()
    launches = 0
    for hours in (0, 0, 0, -5, 3, -30, 20, 0, 0):
        scene = scene.later(hours=hours)
        launches += created(scene.plan()).count("retraining")
        scene = scene.then()
    assert launches == 1
