"""A distribution of steps with its two ends: met already, and never within the cap."""

import math

import numpy as np
import pytest

from modelreuse.costs import Case
from modelreuse.costs.forecasting import factors, intervals
from modelreuse.costs.held_out import nominal_z
from modelreuse.costs.outlook import Outlook
from modelreuse.costs.student import below
from unit.costs.worlds import situation


def outlook(met: float = 0.0, reaches: float = 1.0, steps: float = 100, scale: float = 0.3, cap: int = 600) -> Outlook:
    one = [np.array([[value]]) for value in (met, reaches, math.log(steps), scale)]
    return Outlook(*one, np.log([cap]), np.ones((3, 1, 1)))


def case(low: int, high: int | None, cap: int = 600) -> Case:
    return Case(situation(), low, high, cap, "s")


def cdf(at: Outlook, steps: float) -> float:
    """Probability of at most so many steps: of not having to say that they were not enough."""
    stop = max(round(steps), 0)
    return 1 - float(np.exp(at.log_score([case(stop, None, max(stop, 1))])[0]))


def test_the_three_parts_add_up() -> None:
    at = outlook(met=0.2, reaches=0.5)
    assert cdf(at, 0) == pytest.approx(0.2, abs=1e-3)
    assert cdf(at, 600) == cdf(at, 9000) == pytest.approx(0.2 + 0.8 * 0.5)
    assert float(at.met_in_time[0]) == pytest.approx(0.6)


def test_the_median_of_what_is_reached_is_the_point() -> None:
    assert float(outlook(met=0.3, reaches=0.2).point()[0]) == pytest.approx(100, rel=0.02)


def steps_at(at: Outlook, z: float) -> float:
    return float(at.steps_at(np.array([[z]]))[0, 0])


def test_lower_ends_are_of_what_reaches_the_target_upper_ends_of_all() -> None:
    one, other = outlook(reaches=0.95), outlook(met=0.4, reaches=0.6)
    assert steps_at(one, -1.0) == pytest.approx(steps_at(other, -1.0))
    assert steps_at(one, 0.5) < 150
    assert math.isinf(steps_at(other, 0.5))


@pytest.mark.parametrize("z", [-2.0, -0.5, -0.1])
def test_a_lower_end_is_where_so_many_of_those_that_reach_it_have_reached_it(z: float) -> None:
    reached = cdf(outlook(), steps_at(outlook(reaches=0.3), z)) / cdf(outlook(), 600)
    assert reached == pytest.approx(float(below(np.array(z))), abs=0.01)


@pytest.mark.parametrize("z", [0.1, 0.5, 1.0])
def test_an_upper_end_is_where_so_many_of_all_have_reached_it(z: float) -> None:
    at = outlook(reaches=0.9)
    assert cdf(at, steps_at(at, z)) == pytest.approx(float(below(np.array(z))), abs=0.01)


def test_steps_grow_with_z() -> None:
    ends = [steps_at(outlook(met=0.2, reaches=0.7), z) for z in np.linspace(-4, 4, 33)]
    assert ends == sorted(ends)


def test_each_part_is_the_weighted_mean_of_what_models_say_of_it() -> None:
    one, other = outlook(met=0.2, reaches=0.9, steps=30), outlook(reaches=0.5, steps=300)
    both = Outlook.mixed([one, other], np.array([[1.0, 0], [0, 1.0], [0.25, 0.75]])[:, :, None])
    quick, slow = (cdf(outlook(steps=steps), 100) for steps in (30, 300))
    assert float(both.met_at_start[0]) == pytest.approx(0.2)
    assert float(both.met_in_time[0]) == pytest.approx(0.2 + 0.8 * 0.5)
    assert float(both._reached_later(np.log([[100.0]]))[0, 0]) == pytest.approx(0.25 * quick + 0.75 * slow)


def factor_of(at: Outlook) -> float:
    """Of its interval at a z of 1."""
    return float(factors(at, 1.0, intervals(at, 1.0))[0])


def test_an_interval_beyond_the_cap_is_as_wide_as_that_of_those_that_reach_the_target() -> None:
    low, high = (steps_at(outlook(), z) for z in (-1.0, 1.0))
    assert factor_of(outlook()) == pytest.approx(high / low)
    assert factor_of(outlook(met=0.3, reaches=0.2)) == pytest.approx(high / low)
    assert factor_of(outlook(reaches=0.95)) > high / low


def test_what_a_model_expects_beyond_the_cap_lies_at_the_cap() -> None:
    at = outlook(steps=900, cap=600)
    assert float(at.point()[0]) == pytest.approx(600, rel=0.03)
    assert cdf(at, 599) < 0.2
    assert cdf(at, 600) == pytest.approx(1)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0, 0, 0.2), (600, None, 0.8 * 0.5), (0, 600, 0.8 * 0.5)],
)
def test_an_outcome_scores_its_probability(low: int, high: int | None, expected: float) -> None:
    assert math.exp(float(outlook(met=0.2, reaches=0.5).log_score([case(low, high)])[0])) == pytest.approx(
        expected, rel=1e-3
    )


def test_all_outcomes_together_are_certain() -> None:
    at = outlook(met=0.2, reaches=0.5)
    ends = [case(0, 0), case(600, None), *(case(low, low + 5) for low in range(0, 600, 5))]
    assert sum(math.exp(float(at.log_score([each])[0])) for each in ends) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(("low", "high"), [(0, 5), (45, 50), (95, 100), (400, 405), (600, None), (300, None)])
@pytest.mark.parametrize("met", [0.02, 0.3])
def test_conformity_is_the_least_z_whose_interval_holds_the_outcome(low: int, high: int | None, met: float) -> None:
    at = outlook(met=met, reaches=0.7)
    z = float(at.conformity([case(low, high)])[0])

    def holds(z: float) -> bool:
        ends = intervals(at, z)[0]
        return bool(ends[1] > low) if high is None else bool(ends[0] <= (low + high) / 2 <= ends[1])

    assert holds(z + 0.02)
    assert z < 0.02 or not holds(z - 0.02)


def test_what_may_not_be_reached_weighs_more() -> None:
    burdens = [float(at.burden()[0]) for at in (outlook(met=0.9), outlook(), outlook(steps=200), outlook(reaches=0.3))]
    assert burdens == sorted(burdens)


def test_a_level_that_the_model_is_right_about_is_its_own() -> None:
    ends = intervals(outlook(cap=10**6), nominal_z(0.8))[0]
    assert [cdf(outlook(cap=10**6), float(end)) for end in ends] == pytest.approx([0.1, 0.9], abs=0.01)
