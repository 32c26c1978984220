"""Records whose check is gone get the one outcome that is left."""

from datetime import timedelta

from modelreuse.api import Failure, RetrainingRecord
from modelreuse.decisions import ObservedPod, governing, is_open, lost, orphans
from unit.decisions import scenes
from unit.decisions.scenes import NOW, UID, pod, profile

RULES = governing((scenes.policy(),), {"hall-2": profile()}, {})
NONE = Failure(reason="NoPolicy", message="no policy")


def open_record() -> RetrainingRecord:
    return scenes.launched().records[0]


def running(**changes: object) -> ObservedPod:
    return pod(None, started_at=NOW - timedelta(minutes=10), finished_at=None, **changes)


def test_a_record_of_a_check_that_is_gone_is_an_orphan() -> None:
    assert orphans([open_record()], None) == [open_record()]


def test_a_record_of_a_check_that_was_replaced_under_its_name_is_an_orphan() -> None:
    assert orphans([open_record()], "another-uid") == [open_record()]


def test_a_record_of_a_living_check_is_none() -> None:
    assert orphans([open_record()], UID) == []


def test_a_record_that_has_its_outcome_is_none() -> None:
    ended = scenes.completed().records[0]
    assert not is_open(ended)
    assert orphans([ended], None) == []


def test_an_import_owes_the_operator_nothing() -> None:
    record = open_record()
    imported = record.model_copy(update={"spec": record.spec.model_copy(update={"source": "Imported"})})
    assert orphans([imported], None) == []


def test_what_is_left_to_say_is_that_it_was_lost() -> None:
    todo = lost(open_record(), [], RULES, {}, NOW)
    assert todo.record == open_record().metadata.name
    assert todo.outcome.to_wire() == {"finishedAt": "2026-05-04T12:00:00Z", "result": "Lost"}


def test_pod_time_that_can_still_be_seen_is_charged() -> None:
    outcome = lost(open_record(), [running()], RULES, {}, NOW).outcome
    assert outcome.pod_seconds == 600
    # Ten minutes of one core of 10 W, at a PUE of 1.4.
    assert (float(outcome.energy_wh or 0), outcome.energy_basis) == (2.33333, "Estimated")


def test_without_a_profile_there_is_pod_time_but_no_energy() -> None:
    outcome = lost(open_record(), [running()], NONE, {}, NOW).outcome
    assert (outcome.pod_seconds, outcome.energy_wh) == (600, None)


def test_a_pod_that_never_started_took_no_time() -> None:
    pending = pod(None, started_at=None, finished_at=None)
    assert lost(open_record(), [pending], RULES, {}, NOW).outcome.pod_seconds is None
