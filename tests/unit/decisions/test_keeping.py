"""Whether a model can be kept, by what is known of it: a table in which every case has a twin that ends otherwise."""

from decimal import Decimal

import pytest

from modelreuse.api import EvidenceTier, JobReference, ModelAssessment, ReuseThresholds, ScoreStatus
from modelreuse.decisions.keeping import Judgement, judged

BOTH = ReuseThresholds(max_quality_loss=Decimal("0.05"), max_resque_dist=Decimal("0.2"))
QUALITY = ReuseThresholds(max_quality_loss=Decimal("0.05"))
DISTANCE = ReuseThresholds(max_resque_dist=Decimal("0.2"))


def assessment(tier: EvidenceTier | None, labelled: int, samples: int = 1000, **scores: str) -> ModelAssessment:
    rows = [ScoreStatus(name=name, value=Decimal(value), labels="Given") for name, value in scores.items()]
    return ModelAssessment(
        model="current",
        job=JobReference(name="job"),
        evidence=tier,
        samples=samples,
        labelled=labelled,
        scores=rows,
    )


def of(tier: EvidenceTier | None, labelled: int, reuse: ReuseThresholds = BOTH, **scores: str) -> tuple[str, str]:
    rows = {"initial_accuracy_reference": "0.9", "resque_dist": "0.1"} | scores
    judgement = judged(assessment(tier, labelled, **{name: value for name, value in rows.items() if value}), reuse)
    return judgement.verdict.value, judgement.reason


def near(new: str) -> dict[str, str]:
    return {"initial_accuracy_new": new}


def far(**scores: str) -> dict[str, str]:
    return {"resque_dist": "0.4"} | scores


KEEP, ADAPT = ("Keep", "WithinThresholds"), ("Adapt", "BeyondThresholds")
LABELS, SMALL, MISSING = (("Unsettled", reason) for reason in ("LabelsNeeded", "AuditTooSmall", "ScoreMissing"))

TABLE = [
    # L0: whatever confidence guesses, nothing is kept, and a guess that is tolerated speaks against adapting.
    ("L0", 0, BOTH, {}, LABELS),
    ("L0", 0, BOTH, {"estimated_accuracy": "0.9"}, LABELS),
    ("L0", 0, BOTH, {"estimated_accuracy": "0.4"}, LABELS),
    ("L0", 0, BOTH, far(), ADAPT),
    ("L0", 0, BOTH, far(estimated_accuracy="0.85"), LABELS),
    ("L0", 0, BOTH, far(estimated_accuracy="0.8499"), ADAPT),
    ("L0", 0, BOTH, {"initial_accuracy_reference": "", "estimated_accuracy": "0.9"}, LABELS),
    ("L0", 0, QUALITY, far(estimated_accuracy="0.4"), LABELS),
    ("L0", 0, DISTANCE, far(estimated_accuracy="0.85"), LABELS),
    ("L0", 0, BOTH, {"resque_dist": ""}, MISSING),
    # Fewer labels than an audit's count as none.
    ("L0", 49, BOTH, near("0.9"), LABELS),
    ("L0", 49, BOTH, near("0.1"), LABELS),
    # L1: 0.05 are tolerated from 0.9. Of 100 labels 0.99 right are 0.946..0.998, 0.9 are 0.826..0.945.
    ("L1", 100, BOTH, near("0.99"), KEEP),
    ("L1", 100, BOTH, near("0.9"), SMALL),
    ("L1", 1000, BOTH, near("0.9"), KEEP),
    ("L1", 100, BOTH, near("0.82"), SMALL),
    ("L1", 1000, BOTH, near("0.82"), ADAPT),
    ("L1", 100, BOTH, near("0.6"), ADAPT),
    ("L1", 100, BOTH, far(**near("0.99")), ADAPT),
    ("L1", 100, BOTH, {"resque_dist": "", **near("0.99")}, MISSING),
    # L2: the loss is what it is.
    ("L2", 1000, BOTH, near("0.85"), KEEP),
    ("L2", 1000, BOTH, near("0.8499"), ADAPT),
    ("L2", 1000, BOTH, far(**near("0.9")), ADAPT),
    ("L2", 1000, BOTH, {"resque_dist": "0.2", **near("0.9")}, KEEP),
    ("L2", 1000, QUALITY, far(**near("0.9")), KEEP),
    ("L2", 1000, DISTANCE, near("0.85"), KEEP),
    ("L2", 1000, DISTANCE, near("0.8499"), ADAPT),
    ("L2", 1000, BOTH, {"resque_dist": "", **near("0.9")}, MISSING),
    ("L2", 1000, BOTH, {"initial_accuracy_reference": "", **near("0.9")}, LABELS),
    ("L2", 1000, BOTH, {}, LABELS),
    ("L1", 0, BOTH, near("0.9"), LABELS),
    # L3: a pilot makes no error rate surer than its labels do.
    ("L3", 100, BOTH, near("0.99"), KEEP),
    ("L3", 100, BOTH, near("0.9"), SMALL),
    ("L3", 100, BOTH, near("0.6"), ADAPT),
    # An answer that tells no tier is of none.
    (None, 1000, BOTH, near("0.9"), LABELS),
]


@pytest.mark.parametrize(("tier", "labelled", "reuse", "scores", "expected"), TABLE)
def test_the_evidence_decides(
    tier: EvidenceTier | None, labelled: int, reuse: ReuseThresholds, scores: dict[str, str], expected: tuple[str, str]
) -> None:
    assert of(tier, labelled, reuse, **scores) == expected


def test_every_tier_with_labels_can_keep_and_adapt_and_none_without_can_keep() -> None:
    verdicts = {(tier, expected[0]) for tier, *_, expected in TABLE}
    assert {tier for tier, verdict in verdicts if verdict == "Keep"} == {"L1", "L2", "L3"}
    assert {tier for tier, verdict in verdicts if verdict == "Adapt"} == {"L0", "L1", "L2", "L3"}


def why(tier: EvidenceTier, labelled: int, samples: int = 1000, standard: str | None = None, **scores: str) -> str:
    rows = {"initial_accuracy_reference": "0.9", "resque_dist": "0.1"} | scores
    return judgement(tier, labelled, samples, standard, **rows).why


def judgement(tier: EvidenceTier, labelled: int, samples: int, standard: str | None, **rows: str) -> Judgement:
    return judged(assessment(tier, labelled, samples, **rows), BOTH, None if standard is None else Decimal(standard))


def test_an_audit_that_is_too_small_tells_its_interval_and_how_many_labels_would_do() -> None:
    told = why("L1", 100, initial_accuracy_new="0.89")
    assert told.startswith(
        "by 100 labels quality fell by 0.01 (-0.0375 to 0.0863, 95 %); more than 0.05 can't be ruled"
    )
    assert "labels on 350 random new samples would settle it: were the error 11 %" in told


def test_what_an_audit_must_tell_apart_follows_from_what_confidence_guesses() -> None:
    clear = why("L0", 0, resque_dist="0.1", estimated_accuracy="0.4")
    assert clear.startswith("the representations have hardly moved, but")
    assert "labels on 50 random new samples would settle it: were the error 60 %" in clear
    assert "against 15 % tolerated" in clear
    close = why("L0", 0, resque_dist="0.1", estimated_accuracy="0.86")
    assert "labels on all 1000 new samples would settle it" in close


def test_where_nobody_counted_the_samples_they_are_too_few() -> None:
    uncounted = assessment("L0", 0, initial_accuracy_reference="0.9", resque_dist="0.1").model_copy(
        update={"samples": None}
    )
    assert "the 0 new samples are too few to settle it" in judged(uncounted, BOTH).why


def test_a_model_that_takes_anothers_place_must_be_as_good_as_that_was() -> None:
    rows = {"initial_accuracy_reference": "0.7", "initial_accuracy_new": "0.7", "resque_dist": "0.1"}
    assert judgement("L2", 1000, 1000, None, **rows).verdict == "Keep"
    assert judgement("L2", 1000, 1000, "0.75", **rows).verdict == "Keep"
    assert judgement("L2", 1000, 1000, "0.7501", **rows).verdict == "Adapt"
    assert judgement("L2", 1000, 1000, "0.1", **rows).verdict == "Keep"
    unknown = {name: value for name, value in rows.items() if name != "initial_accuracy_reference"}
    assert judgement("L2", 1000, 1000, "0.75", **unknown).verdict == "Unsettled"
