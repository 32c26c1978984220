"""The benchmark's figures on judged retrainings made by hand: what is right, what is wrong, by how much."""

import math
from dataclasses import replace

import numpy as np
import pytest

from bench.prediction import deciding, figures
from bench.prediction.__main__ import seen_rounds, unseen_rounds
from bench.prediction.judging import BASELINES, Guess, Judged, one_round
from bench.prediction.study_cases import FROM_LABELS, TIERS, case_of
from study.grid import Arm
from study.records import Record
from unit.prediction.pretended import development
from unit.study.rows import ROW

GUESS = Guess(0.0, 0.9, 20.0, 3.0, 10.0, 40.0, 5.0, 80.0, 1.0)


QUALITY = (0.8, 0.9, 0.95)
USUAL_QUALITY = 0.85


def one(high: int | None, guess: Guess = GUESS, **row: object) -> Judged:
    """A retraining that met its target within the five steps before `high`; at once (0), never (None)."""
    low = 600 if high is None else max(high - 5, 0)
    record = Record(replace(ROW, steps_low=low, steps_high=high, **row), {}, {})  # type: ignore[arg-type]
    baselines = dict.fromkeys(BASELINES, replace(GUESS, point=40.0))
    return Judged(record, case_of(record, "L2"), guess, baselines, None, "m", QUALITY, USUAL_QUALITY)


def said(point: float = 20.0, **changes: float) -> Guess:
    return replace(GUESS, point=point, **changes)


def test_the_median_factor_is_symmetric() -> None:
    # The middles are 17.5, 37.5 and 97.5.
    every = [one(20, said(35.0)), one(40, said(37.5)), one(100, said(97.5 / 4))]
    assert figures.median_factor(every) == pytest.approx(2)


def test_what_is_met_at_once_is_no_number_of_steps_to_predict() -> None:
    assert [each.case.high for each in figures.later([one(0), one(5), one(10), one(None)])] == [10]


def test_the_baseline_is_the_best_one() -> None:
    points = dict(zip(BASELINES, (17.5 * 8, 17.5 * 4, 17.5 / 8), strict=True))
    every = [replace(one(20, said(17.5 * 2)), baselines={name: said(point) for name, point in points.items()})]
    ratio, errors = figures.error_over_best_baseline(every)
    assert ratio == pytest.approx(0.5)
    assert errors["model"] == pytest.approx(math.log(2))


def test_auc_by_hand() -> None:
    chances = [(20, 0.9), (None, 0.5), (20, 0.4), (None, 0.1)]
    every = [one(high, said(met_in_time=chance)) for high, chance in chances]
    assert figures.reach_auc(every) == pytest.approx(0.75)


@pytest.mark.parametrize(
    ("high", "low_end", "high_end", "held"),
    [(20, 10, 40, True), (20, 18, 40, False), (20, 1, 17, False), (None, 1, math.inf, True), (None, 1, 600, False)],
)
def test_coverage_by_hand(high: int | None, low_end: float, high_end: float, held: bool) -> None:
    assert figures.is_covered(one(high), low_end, high_end) is held


def test_coverage_varies_with_the_groups() -> None:
    sure = [one(20, shift=shift) for shift in ("gaussian", "rotation", "patch")]
    assert figures.coverage(sure) == (1, 1, 1)
    share, low, high = figures.coverage([*sure, *[one(200, shift="dead")] * 3])
    assert share == 0.5
    assert low < 0.5 < high


def test_an_interval_score_punishes_width_and_misses() -> None:
    narrow, wide, missed = said(low=15, high=20), said(low=5, high=60), said(low=30, high=36)
    scores = [figures.interval_score([one(20, guess)]) for guess in (narrow, wide, missed)]
    assert scores[0] < scores[1] < scores[2]
    assert scores[0] == pytest.approx(math.log(21 / 16))
    assert scores[2] == pytest.approx(math.log(37 / 31) + 10 * math.log(31 / 18.5))


def test_answering_only_the_sure_ones_is_judged_by_their_errors() -> None:
    every = [one(20, said(17.5 * 2, spread=0.1)), one(20, said(17.5 * 8, spread=2.0))]
    assert figures.risk_coverage(every, 0.5) == pytest.approx(math.log(2) / (math.log(16) / 2))


def arms(**told: tuple[int | None, Guess]) -> list[Judged]:
    return [one(*told[arm.name], arm=arm, step_cpu_seconds=1.0) for arm in Arm]


def decided(**told: tuple[int | None, Guess]) -> deciding.Decision:
    (found,) = deciding.decisions(arms(**told))
    return found


def test_the_cheapest_arm_costs_nothing_more() -> None:
    found = decided(FINE_TUNE=(50, said(40)), RETRAIN=(20, said(20)), FROM_SCRATCH=(100, said(90)))
    assert (found.recommended, found.best, found.paid, found.least) == ("Retrain", "Retrain", 20, 20)
    assert deciding.regret([found]) == deciding.wrong_rate([found]) == 0


def test_a_dearer_arm_costs_the_difference() -> None:
    found = decided(FINE_TUNE=(30, said(10)), RETRAIN=(20, said(20)), FROM_SCRATCH=(100, said(90)))
    assert (found.recommended, found.paid, found.least) == ("FineTune", 30, 20)
    assert deciding.regret([found]) == pytest.approx(0.5)
    assert deciding.wrong_rate([found]) == 1


def test_an_arm_that_misses_is_paid_until_its_upper_end_and_then_the_best_one_too() -> None:
    found = decided(FINE_TUNE=(None, said(10)), RETRAIN=(20, said(20)), FROM_SCRATCH=(100, said(90)))
    assert (found.recommended, found.paid) == ("FineTune", 40 + 20)


def test_an_arm_that_would_reach_it_after_its_upper_end_has_missed() -> None:
    found = decided(FINE_TUNE=(None, said(30)), RETRAIN=(60, said(20)), FROM_SCRATCH=(90, said(90)))
    assert (found.recommended, found.paid, found.least) == ("Retrain", 40 + 60, 60)


def test_where_nothing_reaches_the_target_nothing_should_be_started() -> None:
    hopeless = said(met_in_time=0.2)
    found = decided(FINE_TUNE=(None, hopeless), RETRAIN=(None, hopeless), FROM_SCRATCH=(None, hopeless))
    assert (found.recommended, found.best, found.paid) == ("none", "none", 0)


def test_what_meets_the_target_is_kept() -> None:
    sure = said(met_at_start=0.9)
    found = decided(FINE_TUNE=(0, sure), RETRAIN=(0, sure), FROM_SCRATCH=(50, said()))
    assert (found.recommended, found.best, found.paid) == ("Reuse", "Reuse", 0)


def test_each_tier_knows_what_it_may() -> None:
    scores = {"initial_error": 0.3, "lda_error": 0.1, "arm": 0.2, "arm.raw": 0.3, "confidence": 0.8}
    record = Record(ROW, scores, scores | {"lda_error": 0.05, "initial_cross_entropy": 1.0})
    known = {tier: set(case_of(record, tier).situation.scores) for tier in TIERS}
    assert known["L0"] == {"arm", "confidence"}
    assert not known["L0"] & FROM_LABELS
    assert known["L1"] == {"initial_error", "lda_error", "arm", "confidence"}
    assert known["L2"] == known["L1"] | {"initial_cross_entropy"}
    assert known["L3"] == known["L2"] | {"pilot_quality_10", "pilot_quality_25"}
    assert [case_of(record, tier).situation.scores["lda_error"] for tier in ("L1", "L2")] == [0.1, 0.05]


def test_a_past_retraining_tells_a_few_of_its_looks_until_it_stopped() -> None:
    right = tuple(min(step, 90) for step in range(0, 613, 5))
    row = replace(
        ROW, correct=right, evaluation_samples=100, initial_quality=0.0, target=0.8, steps_low=75, steps_high=80
    )
    found = case_of(Record(row, {}, {}), "L2").milestones
    assert [(each.target, each.low, each.high) for each in found] == [
        (0.717157, 60, 90), (0.6, 40, 60), (0.434315, 40, 60), (0.2, 15, 20),
    ]  # fmt: skip


def test_rounds_share_neither_group_nor_seed() -> None:
    known = development(share=0.3)
    rounds = unseen_rounds(known)
    assert sum(len(tested) for _, tested in rounds) == len(known)
    for fitted, tested in rounds:
        assert not {each.row.group for each in fitted} & {each.row.group for each in tested}
        assert not {each.row.seed for each in fitted} & {each.row.seed for each in tested}
    for fitted, tested in seen_rounds(known):
        assert not {each.row.severity for each in fitted} & {each.row.severity for each in tested}
        assert not {each.row.seed for each in fitted} & {each.row.seed for each in tested}


def test_a_round_predicts_an_invented_law_better_than_the_free_baselines() -> None:
    fitted, tested = unseen_rounds(development(share=0.6))[0]
    every = one_round(fitted, tested, "L2")
    assert len(every) == len(tested)
    reached = figures.later(every)
    ratio, errors = figures.error_over_best_baseline(reached)
    assert errors["model"] < 0.8 * errors["geometric mean"]
    assert ratio < 1.3
    assert figures.c_index(every) > 0.8
    assert np.isfinite([each.guess.low for each in every]).all()


def test_errors_of_the_attainable_quality_by_hand() -> None:
    # Said to be 0.90; a constant says 0.85.
    every = [one(20, said(), attainable_quality=quality) for quality in (0.88, 0.96, 0.94, 0.70)]
    assert figures.quality_mae_points(every) == pytest.approx((2 + 6 + 4 + 20) / 4)
    assert figures.quality_mae_ratio(every) == pytest.approx((2 + 6 + 4 + 20) / (3 + 11 + 9 + 15))
    assert figures.quality_coverage(every) == pytest.approx(2 / 4)
