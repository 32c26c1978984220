"""The study's retrainings as the product sees past ones, by what is known before: the tier of evidence.

| tier | known |
|---|---|
| L0 | scores without labels on the new data |
| L1 | the study's scores: labels on its audit sample |
| L2 | scores with labels on all new data |
| L3 | and the quality after 10 and 25 steps of the same retraining |

Past ones also tell some of their looks, as a trainer tells them that stops at its target.
"""

from modelreuse.api import MAX_LOOKS
from modelreuse.api.looks import spread
from modelreuse.costs import Case, Situation
from modelreuse.costs.cases import Milestone, milestones
from study.outcome import IN_A_ROW
from study.protocol import CAP, SPACING
from study.records import Record
from study.row import Row

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
    return Case(situation, row.steps_low, row.steps_high, CAP, row.group, quality, _milestones(row))


def _milestones(row: Row) -> tuple[Milestone, ...]:
    end = CAP if row.steps_high is None else min(row.steps_high + (IN_A_ROW - 1) * SPACING, CAP)
    seen = {place * SPACING: right / row.evaluation_samples for place, right in enumerate(row.correct)}
    kept = spread([step for step in seen if 0 < step <= end], MAX_LOOKS)
    curve = [(step, seen[step]) for step in kept]
    return milestones(curve, row.target, met=row.reached, start=row.initial_quality)


def _scores(record: Record, tier: str) -> dict[str, float]:
    row, seen = record.row, record.labelled if tier in {"L2", "L3"} else record.scores
    known = {name: value for name, value in seen.items() if "." not in name}
    if tier == "L0":
        return {name: value for name, value in known.items() if name not in FROM_LABELS}
    if tier == "L3":
        known |= {"pilot_quality_10": row.quality_10, "pilot_quality_25": row.quality_25}
    return known
