"""What is held out is held out whole, and shifts weigh the same."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelreuse.costs import Case
from modelreuse.costs.design import HIERARCHY, PLAIN
from modelreuse.costs.held_out import HeldOut, concordance, rounds, shares, shifts_needed, weighted_quantile
from modelreuse.costs.hurdle import Hurdle
from modelreuse.costs.outlook import STEPS
from modelreuse.costs.student import Array
from modelreuse.costs.weights import Weights
from unit.costs.worlds import reached, situation, world

EVEN = np.array([0.5, 0.5])


def at_one_place(cases: list[Case]) -> Array:
    return np.zeros((len(cases), 0))


def test_a_shift_is_never_in_two_parts() -> None:
    known = world(0, shifts=20, per_shift=3)
    parts = rounds(known)
    assert len({(case.shift, int(part)) for case, part in zip(known, parts, strict=True)}) == 20
    assert len(set(parts.tolist())) == 8


def test_one_shift_alone_cannot_be_held_out() -> None:
    with pytest.raises(ValueError, match="nothing can be held out"):
        rounds(world(0, shifts=1))


def test_shifts_weigh_the_same() -> None:
    known = [reached(9, situation(), shift=shift) for shift in "aaab"]
    assert shares(known) == pytest.approx([1 / 6, 1 / 6, 1 / 6, 1 / 2])


@pytest.mark.parametrize(("level", "needed"), [(0.8, 4), (0.9, 9), (0.5, 1)])
def test_so_many_shifts_can_show_a_coverage(level: float, needed: int) -> None:
    assert shifts_needed(level) == needed


def test_a_weighted_quantile_by_hand() -> None:
    values, weights = np.array([3.0, 1.0, 2.0]), np.array([0.25, 0.5, 0.25])
    assert [weighted_quantile(values, weights, level) for level in (0.5, 0.6, 0.75, 0.76, 1.0)] == [1, 2, 2, 3, 3]


def test_a_useful_feature_beats_the_geometric_mean_and_is_stacked() -> None:
    known = world(1)
    hurdles = [Hurdle.learnt(known, ("initial_error",), HIERARCHY), Hurdle.learnt(known, (), PLAIN)]
    held_out = HeldOut.of(hurdles, known, at_one_place(known))
    one, other = (Weights.only(model, 2) for model in (0, 1))
    assert held_out.best().near.tolist() == one.near.tolist()
    weights = held_out.stacked(EVEN, EVEN).near
    assert weights[STEPS, 0] > 0.9
    assert weights.sum(axis=1) == pytest.approx(1)
    assert held_out.concordance(one) > held_out.concordance(other) + 0.1


def test_models_of_steps_weigh_by_what_so_many_shifts_tell() -> None:
    """Twice the shifts, twice the evidence: the odds of the better model are squared."""
    known = world(1, shifts=6)
    hurdles = [Hurdle.learnt(known, (), HIERARCHY), Hurdle.learnt(known, (), PLAIN)]
    held_out = HeldOut.of(hurdles, known, at_one_place(known))
    scores = held_out.outlook.log_scores(known)[STEPS] @ held_out.shares
    weights = held_out.stacked(EVEN, np.array([0.2, 0.8]))
    near, far = (part[STEPS, 0] / part[STEPS, 1] for part in (weights.near, weights.far))
    assert np.log(near) == pytest.approx(6 * (scores[0] - scores[1]))
    assert far == pytest.approx(near / 4)


def test_a_useless_feature_loses_against_the_geometric_mean() -> None:
    known = world(2, slope=0.0, shift_spread=0.0, shifts=6, per_shift=8)
    noise = np.random.default_rng(0)
    muddled = [
        reached(case.high or 9999, situation(float(noise.random()), case.situation.action), shift=case.shift)
        for case in known
    ]
    hurdles = [Hurdle.learnt(muddled, ("initial_error",), PLAIN), Hurdle.learnt(muddled, (), PLAIN)]
    held_out = HeldOut.of(hurdles, muddled, at_one_place(muddled))
    assert held_out.best().near[:, 1].tolist() == [1, 1, 1]


def test_cases_are_predicted_by_models_that_did_not_see_their_shift() -> None:
    known = world(3, shifts=6)
    strange = [reached(599, one.situation, shift="strange") for one in world(4, shifts=1)]
    hurdle = Hurdle.learnt(known + strange, (), HIERARCHY)
    held_out = HeldOut.of([hurdle], known + strange, at_one_place(known + strange))
    alone = hurdle.refitted(known)
    expected = alone.outlook([case.situation for case in strange], [case.cap for case in strange])
    assert held_out.outlook.centre[:, len(known) :] == pytest.approx(expected.centre)


def test_distances_are_to_cases_of_other_parts() -> None:
    """A case that lies where another of its shift does is far from all that were fitted."""
    known = [reached(9, situation(), shift=shift) for shift in "abbc"]
    places = np.array([[0.0], [7.0], [7.0], [3.0]])
    held_out = HeldOut.of([Hurdle.learnt(known, (), PLAIN)], known, places)
    assert held_out.distance.tolist() == [3, 4, 4, 3]
    assert held_out.among(np.array([False, True, False, True])).distance.tolist() == [4, 3]


@given(st.lists(st.tuples(st.integers(1, 100), st.booleans()), min_size=2, max_size=30))
def test_concordance_by_definition(outcomes: list[tuple[int, bool]]) -> None:
    known = [reached(5 * steps if met else 9999, situation(), cap=500, spacing=5) for steps, met in outcomes]
    ranks = np.array([steps % 7 for steps, _ in outcomes], dtype=float)
    right = pairs = 0.0
    for i, one in enumerate(known):
        for j, other in enumerate(known):
            if one.high is None or (other.high is not None and other.high <= one.high):
                continue
            pairs += 1
            right += 1 if ranks[j] > ranks[i] else 0.5 if ranks[j] == ranks[i] else 0
    assert concordance(ranks, known) == pytest.approx(right / pairs if pairs else 0.5)
