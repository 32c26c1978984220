"""A retraining Job that is deleted while it runs: its result is lost, and nobody's looking again starts another."""

from dataclasses import dataclass

import pytest

from demo.figures import condition
from e2e.team import Seen, Team, trainer_of
from e2e.town import Town

NAMESPACE = "lost"


@dataclass(frozen=True)
class Loss:
    """The state after the loss, and after everything that made the operator look again."""

    town: Town
    digest: str
    lost: Seen
    later: Seen
    assessed_again: Seen


def lose(town: Town) -> Loss:
    team = Team.gather(town, NAMESPACE, labels={"environment": "production"})
    check = team.example()
    trainer_of(check)["command"] = ["python", "/mnt/modelreuse/pvc/code/liar.py", "dawdles"]
    team.request(check)
    digest = team.approve()
    job = team.running("retraining")
    town.ada.delete({"apiVersion": "batch/v1", "kind": "Job", **job}, propagationPolicy="Background")
    lost = team.ended()
    town.grace.annotate(team.named(), approve=None)
    town.grace.annotate(team.named(), approve=digest)
    town.end_operator(grace_seconds=30)
    for suspend in (True, False):  # a change that leaves the digest as it is, and shows that the operator has looked
        generation = town.ada.patch(team.named(), {"spec": {"suspend": suspend}})["metadata"]["generation"]
        team.until("digits", lambda seen, wanted=generation: seen["status"]["observedGeneration"] == wanted)
    later = team.see()
    town.ada.annotate(team.named(), assess="once-more")
    team.until("digits", lambda seen: seen["status"].get("approval", {}).get("digest", digest) != digest)
    return Loss(town, digest, lost, later, team.see())


pytestmark = pytest.mark.story.with_args(lose)


def test_the_result_is_lost_and_nothing_can_be_promoted(end: Loss):
    assert end.lost.condition("Retrained") == ("False", "ResultLost")
    assert end.lost.condition("PromotionAllowed") == ("False", "RetrainingFailed")


def test_the_digest_stays_consumed(end: Loss):
    (record,) = end.lost.records

    assert record["spec"]["approval"]["digest"] == end.digest
    assert record["outcome"]["result"] == "Lost"
    assert end.later.records == end.lost.records


def test_approving_again_and_a_restarted_operator_change_nothing(end: Loss):
    assert end.later.condition("Retrained") == ("False", "ResultLost")
    assert "retraining" not in end.later.jobs


def test_a_new_assessment_needs_a_new_approval(end: Loss):
    assert condition(end.assessed_again.check, "Approved")["reason"] == "AwaitingApproval"
    assert end.assessed_again.records == end.lost.records


def test_only_one_retraining_job_was_ever_created(end: Loss):
    assert len(end.town.created_jobs(NAMESPACE, "retraining")) == 1
