"""Trainers that fail or don't tell the truth: each ends in a stated condition, and nothing of it can be promoted."""

from dataclasses import dataclass

import pytest

from e2e.lies import STORIES, Training


@dataclass(frozen=True)
class Verdict:
    """What is said of a trainer's work; `told` is in the sentence."""

    retrained: str
    promotion: str
    told: str
    succeeded: bool = False


VERDICTS = {
    "names-another-digest": Verdict("WrongAnswer", "RetrainingFailed", "names another digest"),
    "points-outside": Verdict("WrongAnswer", "RetrainingFailed", "the artefact lies outside the plan's output"),
    "says-no-json": Verdict("UnreadableAnswer", "RetrainingFailed", "is not a valid TrainingResult"),
    "fails": Verdict("BackoffLimitExceeded", "RetrainingFailed", "backoff limit"),
    "dawdles": Verdict("BackoffLimitExceeded", "RetrainingFailed", "backoff limit"),
    "copies-the-old-model": Verdict("Retrained", "NotImproved", "the policy asks for a gain of 0.05", succeeded=True),
    "swaps-the-file": Verdict("Retrained", "ArtifactMismatch", "", succeeded=True),
}


ALL = [pytest.param(VERDICTS[lie], id=lie, marks=pytest.mark.story.with_args(story)) for lie, story in STORIES.items()]


@pytest.mark.parametrize("verdict", ALL)
def test_nothing_of_it_can_be_promoted_and_the_conditions_say_why(verdict: Verdict, end: Training):
    seen = end.seen
    said = seen.message("PromotionAllowed" if verdict.succeeded else "Retrained")

    assert seen.condition("Retrained") == ("True" if verdict.succeeded else "False", verdict.retrained)
    assert seen.condition("PromotionAllowed") == ("False", verdict.promotion)
    assert verdict.told in said


@pytest.mark.parametrize("verdict", ALL)
def test_it_had_its_one_try_and_is_on_record(verdict: Verdict, end: Training):
    (record,) = end.seen.records

    assert len(end.town.created_jobs(end.namespace, "retraining")) == 1
    assert record["outcome"]["result"] == ("Succeeded" if verdict.succeeded else "Failed")
    assert ("newQuality" in record["outcome"]) == (verdict.promotion == "NotImproved")
