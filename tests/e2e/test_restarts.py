"""An operator that dies in the middle: another one goes on where it was, and nothing happens twice.

The check asks for a pilot, so what people approve is first that, and then what it was for.
"""

from dataclasses import dataclass

import pytest

from cluster.person import Object
from e2e.team import Seen, Team
from e2e.town import Town

NAMESPACE = "restarts"


@dataclass(frozen=True)
class Interrupted:
    """How it ended, and the Jobs that ran while the operator was away."""

    town: Town
    pilot: str
    """The digest under which it was approved."""
    piloted: Object
    """The check, once that had ended."""
    seen: Seen
    assessment: str
    retraining: str


def interrupt(town: Town) -> Interrupted:
    team = Team.gather(town, NAMESPACE, labels={"environment": "production"})
    check = team.example()
    check["spec"]["retraining"]["pilot"] = {"steps": 25}
    team.request(check)
    assessment = team.running("assessment")
    town.end_operator(grace_seconds=30)
    pilot = team.approve()
    piloted = team.until("digits", lambda seen: seen["status"].get("pilot", {}).get("finishedAt"))
    team.approve()
    retraining = team.running("retraining")
    town.end_operator(grace_seconds=0)
    names = (job["metadata"]["name"] for job in (assessment, retraining))
    return Interrupted(town, pilot, piloted, team.ended(), *names)


pytestmark = pytest.mark.story.with_args(interrupt)


def test_the_flow_goes_on_to_its_end(end: Interrupted):
    assert end.seen.condition("Retrained") == ("True", "Retrained")
    assert end.seen.condition("PromotionAllowed") == ("True", "Verified")
    assert [record["outcome"]["result"] for record in end.seen.records] == ["Succeeded", "Succeeded"]


def test_every_job_was_created_once(end: Interrupted):
    assert end.town.created_jobs(NAMESPACE, "assessment") == [end.assessment]
    assert end.town.created_jobs(NAMESPACE, "retraining")[1:] == [end.retraining]
    assert len(end.town.created_jobs(NAMESPACE, "verification")) == 1


def test_the_pilot_was_seen_and_recorded_and_left_nothing_to_promote(end: Interrupted):
    pilot = end.piloted["status"]["pilot"]
    (record,) = (each for each in end.seen.records if "pilot" in each["spec"])

    assert "failure" not in pilot
    assert [each["step"] for each in pilot["evaluations"]] == [10, 25]
    assert pilot["digest"] == record["spec"]["approval"]["digest"] == end.pilot
    assert record["outcome"]["evaluations"] == pilot["evaluations"]
    assert "newQuality" not in record["outcome"]


def test_what_it_was_for_was_approved_by_a_digest_of_its_own(end: Interrupted):
    assert end.seen.check["status"]["approval"]["digest"] != end.pilot
    assert end.piloted["status"]["assessments"][0]["evidence"] == "L3"
