"""An operator that dies in the middle: another one goes on where it was, and nothing happens twice."""

from dataclasses import dataclass

import pytest

from e2e.team import Seen, Team
from e2e.town import Town

NAMESPACE = "restarts"


@dataclass(frozen=True)
class Interrupted:
    """How it ended, and the Jobs that ran while the operator was away."""

    town: Town
    seen: Seen
    assessment: str
    retraining: str


def interrupt(town: Town) -> Interrupted:
    team = Team.gather(town, NAMESPACE, labels={"environment": "production"})
    team.request(team.example())
    assessment = team.running("assessment")
    town.end_operator(grace_seconds=30)
    team.approve()
    retraining = team.running("retraining")
    town.end_operator(grace_seconds=0)
    return Interrupted(town, team.ended(), *(job["metadata"]["name"] for job in (assessment, retraining)))


pytestmark = pytest.mark.story.with_args(interrupt)


def test_the_flow_goes_on_to_its_end(end: Interrupted):
    assert end.seen.condition("Retrained") == ("True", "Retrained")
    assert end.seen.condition("PromotionAllowed") == ("True", "Verified")
    assert [record["outcome"]["result"] for record in end.seen.records] == ["Succeeded"]


def test_every_job_was_created_once(end: Interrupted):
    assert end.town.created_jobs(NAMESPACE, "assessment") == [end.assessment]
    assert end.town.created_jobs(NAMESPACE, "retraining") == [end.retraining]
    assert len(end.town.created_jobs(NAMESPACE, "verification")) == 1
