"""How often keeping a model was recommended that should not be kept: the study's development settings.

Assessed by the rules of the product, without labels (L0) and with the study's audit sample (L1), under a policy that
tolerates a loss of 5 points; the truth is the loss on all of the labelled evaluation data.
"""

from decimal import Decimal

from bench.prediction.study_cases import FROM_LABELS
from modelreuse.api import ModelAssessment, ReuseThresholds, ScoreStatus, decimal
from modelreuse.decisions.keeping import Verdict, judged
from modelreuse.worker.rows import IN_SUMMARY
from study.grid import Arm
from study.records import Record, development

TOLERATED = Decimal("0.05")
TIERS = ("L0", "L1")


def rates() -> tuple[dict[str, float], dict[str, object]]:
    """The share of models recommended for reuse that lost more than is tolerated; and what became of all.

    Raises OSError without scored records.
    """
    # A training from scratch begins with another model: its initial quality is not that of the model in use.
    settings = {one.row.setting: one for one in development() if one.scores and one.row.arm is not Arm.FROM_SCRATCH}
    if not settings:
        raise OSError("no records with scores: run `make study` and `make study-scores`")
    detail: dict[str, object] = {"settings": len(settings)}
    policy = ReuseThresholds(max_quality_loss=TOLERATED)
    kept, wrongly = 0, 0
    for tier in TIERS:
        verdicts = [(judged(assessed(one, tier), policy), one) for one in settings.values()]
        counts = {
            f"{verdict}, {truth}": sum(
                judgement.verdict == verdict and lost_too_much(one) == (truth == "lost more")
                for judgement, one in verdicts
            )
            for verdict in Verdict
            for truth in ("lost more", "within")
        }
        detail[tier] = counts
        wrongly += counts[f"{Verdict.KEEP}, lost more"]
        kept += counts[f"{Verdict.KEEP}, lost more"] + counts[f"{Verdict.KEEP}, within"]
    return {"false_reuse_rate": wrongly / max(kept, 1), "reuse_recommended": float(kept)}, detail


def lost_too_much(record: Record) -> bool:
    """Whether the model truly lost more than is tolerated."""
    return record.row.reference_quality - record.row.initial_quality > float(TOLERATED)


def assessed(record: Record, tier: str) -> ModelAssessment:
    """As the check's status would have it."""
    known = {name: value for name, value in record.scores.items() if "." not in name}
    if tier == "L0":
        known = {name: value for name, value in known.items() if name not in FROM_LABELS}
    else:
        known["initial_accuracy_new"] = 1 - known["initial_error"]
    known["initial_accuracy_reference"] = 1 - record.scores["initial_error.reference"]
    return ModelAssessment.model_validate(
        {
            "model": "current",
            "job": {"name": "none"},
            "samples": record.row.samples,
            "labelled": record.row.audit if tier == "L1" else 0,
            "evidence": tier,
            "scores": [
                ScoreStatus(name=name, value=decimal(known[name]), labels="Unused")
                for name in IN_SUMMARY
                if name in known
            ],
        }
    )
