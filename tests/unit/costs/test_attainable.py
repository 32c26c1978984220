"""The quality that a retraining can reach: learnt from what was verified; a stop at the target hides the rest."""

import math

import numpy as np
import pytest

from modelreuse.api import Basis
from modelreuse.costs import Case, Experience, Interval
from modelreuse.costs.student import quantile
from unit.costs.worlds import CAP, situation


def law(error: float) -> float:
    """Log odds of the attainable quality, shifts and luck aside."""
    return 2.5 - 3 * error


def odds(log_odds: float) -> float:
    return 1 / (1 + math.exp(-log_odds))


def verified(error: float, quality: float, shift: str, stopped_at: float | None = None) -> Case:
    """A training that went to its cap, or stopped once it was as good as that."""
    stopped = stopped_at is not None and quality > stopped_at
    found = (stopped_at, 1.0) if stopped and stopped_at else (max(quality - 0.005, 0), min(quality + 0.005, 1))
    high = 100 if stopped else None
    return Case(situation(error, mechanism=shift), 95 if stopped else CAP, high, CAP, shift, found)


def world(seed: int, *, shifts: int = 10, per_shift: int = 20, stopped_at: float | None = None) -> list[Case]:
    random = np.random.default_rng(seed)
    cases = []
    for number in range(shifts):
        own = 0.3 * random.standard_normal()
        for _ in range(per_shift):
            error = float(random.uniform(0.1, 0.9))
            quality = odds(law(error) + own + 0.2 * float(quantile(random.random())))
            cases.append(verified(error, quality, f"shift-{number}", stopped_at))
    return cases


def attainable(cases: list[Case], error: float = 0.4, **changes: object) -> Interval:
    found = Experience(cases).attainable(situation(error, **changes))  # type: ignore[arg-type]
    assert found is not None
    return found


@pytest.mark.parametrize("error", [0.2, 0.5, 0.8])
def test_a_known_law_is_found(error: float) -> None:
    found = attainable(world(0), error)
    assert found.estimate == pytest.approx(odds(law(error)), abs=0.06)
    assert found.basis == Basis.ESTIMATED


def test_intervals_hold_as_often_as_they_say_on_shifts_that_they_have_not_seen() -> None:
    held = []
    for seed in range(8):
        known = Experience(world(seed))
        for case in world(100 + seed, shifts=12, per_shift=4):
            fresh = situation(case.situation.scores["initial_error"], mechanism=f"new {case.shift}")
            found = known.attainable(fresh)
            low, high = case.quality or (0.0, 0.0)
            held.append(found is not None and found.low <= (low + high) / 2 <= found.high)
    assert 0.7 <= np.mean(held) <= 0.92


def test_what_stopped_at_its_target_does_not_say_that_no_more_was_possible() -> None:
    stopped = attainable(world(1, stopped_at=0.8), 0.1)
    assert stopped.estimate == pytest.approx(odds(law(0.1)), abs=0.07)
    capped = [
        Case(case.situation, case.low, case.high, CAP, case.shift, (0.795, 0.805) if case.high else case.quality)
        for case in world(1, stopped_at=0.8)
    ]
    assert (attainable(capped, 0.1).estimate or 1) < (stopped.estimate or 0) - 0.03


def test_too_few_shifts_support_no_interval() -> None:
    assert attainable(world(2, shifts=3, per_shift=30)).basis == Basis.ASSUMED


def test_without_thirty_verified_records_there_is_no_figure() -> None:
    cases = world(3, shifts=10, per_shift=3)
    assert Experience(cases).attainable(situation(0.4)) is not None
    assert Experience(cases[:-1]).attainable(situation(0.4)) is None


def test_of_an_unknown_recipe_there_is_no_figure() -> None:
    assert Experience(world(4)).attainable(situation(0.4, recipe="other")) is None


def test_without_labels_the_believed_error_counts() -> None:
    free = {"estimated_accuracy": 0.3, "confidence": 0.6, "resque_dist": 0.2}
    good = free | {"estimated_accuracy": 0.8, "confidence": 0.9}
    known = world(5)
    assert (attainable(known, scores=good).estimate or 0) > (attainable(known, scores=free).estimate or 1) + 0.1


@pytest.mark.parametrize("quality", [(0.5, 0.5), (0.6, 0.5), (-0.1, 0.5), (0.9, 1.1)])
def test_what_is_no_interval_of_qualities_is_refused(quality: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="not an interval of qualities"):
        Case(situation(), 5, 10, 10, "s", quality)
