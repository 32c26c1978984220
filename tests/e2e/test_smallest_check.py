"""A check with nothing but a model and data, where no policy reaches: it assesses, and no more."""

import pytest

from demo.figures import condition
from e2e import tiny
from e2e.team import Seen, Team
from e2e.town import Town


def assess_without_a_policy(town: Town) -> Seen:
    team = Team.gather(town, "nopolicy", labels={})
    tiny.fill(team, town.tiny_model)
    team.request(tiny.smallest(team, "digits"))
    team.until("digits", lambda check: condition(check, "Ready")["status"] == "True")
    return team.see()


pytestmark = pytest.mark.story.with_args(assess_without_a_policy)


def test_it_is_assessed(end: Seen):
    (assessment,) = end.check["status"]["assessments"]

    assert end.condition("Assessed") == ("True", "Assessed")
    assert "resque_dist" in {score["name"] for score in assessment["scores"]}


def test_nothing_can_be_approved_and_the_condition_says_why(end: Seen):
    assert end.condition("Approved") == ("False", "NoPolicy")
    assert "no RetrainPolicy selects this namespace" in end.message("Approved")
    assert "approval" not in end.check["status"]


def test_it_is_ready(end: Seen):
    assert end.condition("Ready") == ("True", "NoPolicy")
    assert end.condition("Stalled") == ("Unknown", "")
