"""Predictions held against what came out."""

import math

import pytest

from modelreuse.api import Pilot, RetrainingRecord
from modelreuse.costs import Ended, Hindsight, cases_of, looking_back
from modelreuse.costs.hindsight import ALARM, LEAST_CLAIMS, RECENT, at_most, holds
from unit.costs.past import cost, record


def ended(*records: RetrainingRecord) -> Hindsight:
    """Each of which knew all that came before it in this list."""
    return looking_back([Ended(each, records[:place]) for place, each in enumerate(records)])


def claimed(held: int, missed: int) -> Hindsight:
    wide, narrow = cost(50, 200, 100), cost(10, 20, 15)
    return ended(*[record(number, predicted=wide if number < held else narrow) for number in range(held + missed)])


@pytest.mark.parametrize(
    ("interval", "steps", "more", "inside"),
    [
        ((50, 200), 100, {}, True),
        ((50, 200), 49, {}, False),
        ((50, 200), 202, {}, False),
        ((50, 200), 205, {"evaluatedEvery": 10}, True),  # met between 195 and 205
        ((50, 1000), 1000, {"reached": False}, True),  # >1000
        ((50, 900), 1000, {"reached": False}, False),
        ((50, 900), 800, {"reached": False}, True),  # stopped early: nothing speaks against 900
        ((50, 1000), 1000, {}, True),
        ((500, 1000), 20, {}, False),
    ],
)
def test_an_interval_holds_what_came_out_between_its_ends(
    interval: tuple[int, int], steps: int, more: dict, inside: bool
) -> None:
    one = record(0, steps, predicted=cost(*interval), **more)
    (case,) = cases_of([one])
    assert one.spec.predicted is not None
    assert holds(one.spec.predicted, case) is inside


def test_half_of_the_points_are_within_the_median_factor() -> None:
    points = (50, 100, 400)
    found = ended(*[record(n, 100, predicted=cost(1, 999, each), evaluatedEvery=1) for n, each in enumerate(points)])
    assert found.judged == 3
    assert found.median_factor == pytest.approx(99.5 / 50, rel=1e-6)


def test_only_what_was_claimed_from_records_counts_as_an_interval() -> None:
    found = ended(
        record(0, predicted=cost(1, 1000, 100, "Assumed")), record(1, predicted=cost(50, 200, 100)), record(2)
    )
    assert (found.claims, found.held, found.judged) == (1, 1, 2)


def test_what_was_met_from_the_start_was_not_trained() -> None:
    assert ended(record(0, 0, predicted=cost(50, 200, 100))) == Hindsight()


def test_only_the_latest_are_looked_at() -> None:
    old = [record(number, predicted=cost(1, 2, 2)) for number in range(30)]
    new = [record(number, predicted=cost(50, 200, 100)) for number in range(30, 30 + RECENT)]
    found = ended(*old, *new)
    assert (found.claims, found.held, found.judged) == (RECENT, RECENT, RECENT)


@pytest.mark.parametrize(("held", "of", "drifted"), [(0, LEAST_CLAIMS - 1, None), (2, 8, True), (3, 8, False)])
def test_few_intervals_show_no_drift_unless_nearly_all_failed(held: int, of: int, drifted: bool | None) -> None:
    assert claimed(held, of - held).has_drifted is drifted


def test_twenty_of_which_chance_would_hardly_miss_nine_have_drifted() -> None:
    assert claimed(11, 9).has_drifted is True
    assert claimed(12, 8).has_drifted is False
    assert claimed(20, 0).has_drifted is False


def test_the_alarm_is_the_exact_binomial_distribution() -> None:
    assert at_most(20, 20, 0.8) == pytest.approx(1)
    assert at_most(0, 3, 0.8) == pytest.approx(0.2**3)
    assert at_most(1, 2, 0.8) == pytest.approx(0.2**2 + 2 * 0.2 * 0.8)
    assert at_most(11, 20, 0.8) < ALARM < at_most(12, 20, 0.8)


def test_the_best_free_guess_is_judged_on_the_same_by_what_was_known_then() -> None:
    # Steps grow with the initial error, and the predictions did not see that.
    errors = [0.1 + 0.8 * (number * 7 % 30) / 30 for number in range(30)]
    law = [round(math.exp(3 + 3 * error)) for error in errors]
    known = [record(n, law[n], error=errors[n], evaluatedEvery=1) for n in range(24)]
    late = [record(n, law[n], error=errors[n], predicted=cost(1, 999, 100), evaluatedEvery=1) for n in range(24, 30)]
    found = ended(*known, *late)
    assert found.judged == 6
    assert found.baseline == "initial error"
    assert (found.baseline_median_factor or 9) < 1.3 < (found.median_factor or 0)


def test_without_comparable_records_there_is_no_free_guess() -> None:
    found = ended(*[record(number, predicted=cost(50, 200, 100)) for number in range(4)])
    assert (found.judged, found.baseline, found.baseline_median_factor) == (4, None, None)


def test_no_prediction_is_judged_by_a_pilot() -> None:
    one = record(9, 25, predicted=cost(25, 25, 25))
    pilot = one.model_copy(update={"spec": one.spec.model_copy(update={"pilot": Pilot()})})
    assert ended(one).judged == 1
    assert ended(pilot) == ended()
