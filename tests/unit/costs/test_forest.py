"""Trees: what features do together, and what became of the cases in a leaf."""

import numpy as np
import pytest

from modelreuse.costs import Case, Situation
from modelreuse.costs.forest import LEAST_LEAF, LEAST_LEAF_OF_STEPS, Forest
from unit.costs.worlds import CAP, reached, situation

FEATURES = ("initial_error", "distance")


def at(error: float, distance: float) -> Situation:
    return situation(scores={"initial_error": error, "resque_dist": distance})


def crossed(count: int = 400) -> list[Case]:
    """20 steps where both scores are low or both are high, 200 where only one is: no sum of slopes is like that."""
    random = np.random.default_rng(0)
    cases = []
    for number in range(count):
        error, distance = random.random(2)
        steps = (200 if (error > 0.5) != (distance > 0.5) else 20) * np.exp(0.2 * random.standard_normal())
        cases.append(reached(float(steps), at(error, distance), shift=str(number % 8)))
    return cases


@pytest.fixture(scope="module")
def forest() -> Forest:
    return Forest.learnt(crossed(), FEATURES)


@pytest.mark.parametrize(
    ("error", "distance", "steps"), [(0.2, 0.2, 20), (0.8, 0.8, 20), (0.2, 0.8, 200), (0.8, 0.2, 200)]
)
def test_what_two_scores_mean_together_is_found(forest: Forest, error: float, distance: float, steps: float) -> None:
    assert float(forest.outlook([at(error, distance)], [CAP]).point()[0]) == pytest.approx(steps, rel=0.35)


def test_every_leaf_has_cases_enough_to_say_something(forest: Forest) -> None:
    x = forest.design.matrix([case.situation for case in crossed()])
    for trees, least in ((forest.met, LEAST_LEAF), (forest.steps, LEAST_LEAF_OF_STEPS)):
        for tree in trees:
            _, counts = np.unique(tree.leaf_of(x), return_counts=True)
            assert counts.min() >= least
            assert len(counts) > 10


def test_the_same_cases_grow_the_same_trees(forest: Forest) -> None:
    again = Forest.learnt(crossed(), FEATURES).outlook([at(0.3, 0.6)], [CAP])
    assert again.centre.tolist() == forest.outlook([at(0.3, 0.6)], [CAP]).centre.tolist()


def test_a_share_that_never_reaches_the_target_is_the_share_that_is_told() -> None:
    hopeless = [Case(case.situation, CAP, None, CAP, case.shift) for case in crossed(100)]
    outlook = Forest.learnt(crossed(300) + hopeless, ()).outlook([at(0.3, 0.6)] * 2, [CAP, CAP // 3])
    assert float(outlook.reaches[0, 0]) == pytest.approx(0.75, abs=0.01)
    # The odds, 3 to 1, in proportion to the cap.
    assert float(outlook.reaches[0, 1]) == pytest.approx(0.5, abs=0.02)


def test_what_was_met_from_the_start_takes_no_steps() -> None:
    cases = [Case(at(0.01 * number, 0.5), 0, 0, CAP, str(number)) for number in range(20)]
    outlook = Forest.learnt(cases, FEATURES).outlook([at(0.1, 0.5)], [CAP])
    assert float(outlook.met_in_time[0]) == pytest.approx(1)
    assert np.isfinite(outlook.centre).all()


def test_a_target_that_was_never_met_is_no_number_of_steps() -> None:
    cases = [Case(at(0.01 * number, 0.5), CAP, None, CAP, str(number)) for number in range(20)]
    outlook = Forest.learnt(cases, FEATURES).outlook([at(0.1, 0.5)], [CAP])
    assert float(outlook.met_in_time[0]) < 0.01
    assert np.isfinite(outlook.centre).all()
    assert np.isfinite(outlook.scale).all()


def test_other_cases_are_seen_through_the_same_columns(forest: Forest) -> None:
    few = forest.refitted(crossed(40))
    assert few.design is forest.design
    assert float(few.outlook([at(0.2, 0.8)], [CAP]).point()[0]) > 40
