"""The study's retrainings as the product sees past ones, by what is known before: the tier of evidence.

| tier | known |
|---|---|
| L0 | scores without labels on the new data |
| L1 | the study's scores: labels on its audit sample |
| L2 | initial error and cross-entropy on the whole labelled evaluation data, other scores as L1 |
| L3 | and the quality after 10 and 25 steps of the same retraining |
"""

from modelreuse.costs import Case, Situation
from study.protocol import CAP
from study.records import Record

TIERS = ("L0", "L1", "L2", "L3")
FROM_LABELS = frozenset(
    {"initial_error", "initial_cross_entropy", "resque_dist_labelled", "resque_task_labelled", "lda_error", "logme"}
)


def case_of(record: Record, tier: str) -> Case:
    """One retraining at this tier; shifts are held out by group of mechanisms."""
    row = record.row
    situation = Situation(
        action=str(row.arm),
        recipe=row.recipe,
        scores=_scores(record, tier),
        target=row.target,
        samples=row.samples,
        trainable_share=row.trained_share,
        model=row.variant.partition(".")[0],
        data_set=row.data_set,
        mechanism=row.shift,
    )
    resolution = 0.5 / row.evaluation_samples
    quality = (max(row.attainable_quality - resolution, 0.0), min(row.attainable_quality + resolution, 1.0))
    return Case(situation, row.steps_low, row.steps_high, CAP, row.group, quality)


def _scores(record: Record, tier: str) -> dict[str, float]:
    row = record.row
    known = {name: value for name, value in record.scores.items() if "." not in name}
    if tier == "L0":
        return {name: value for name, value in known.items() if name not in FROM_LABELS}
    if tier in {"L2", "L3"}:
        known |= {"initial_error": 1 - row.initial_quality, "initial_cross_entropy": row.loss_0}
    if tier == "L3":
        known |= {"pilot_quality_10": row.quality_10, "pilot_quality_25": row.quality_25}
    return known
