"""Figures stay honest under every computation: ends in order, nothing firmer than what it was made of."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelreuse.api import Basis
from modelreuse.costs import Case, Experience, Interval, Situation
from modelreuse.costs.forecasting import intervals
from modelreuse.costs.quantities import Draws
from unit.costs.worlds import situation

FIRM_TO_LOOSE = [Basis.MEASURED, Basis.ESTIMATED, Basis.REPORTED, Basis.ASSUMED]
figures = st.floats(0, 1e9, allow_nan=False)


@st.composite
def intervals_(draw: st.DrawFn) -> Interval:
    low, middle, high = sorted(draw(st.tuples(figures, figures, figures)))
    return Interval(low, high, draw(st.sampled_from(FIRM_TO_LOOSE)), draw(st.sampled_from([middle, None])))


def looseness(value: Interval | Draws) -> int:
    return FIRM_TO_LOOSE.index(value.basis)


@given(intervals_(), intervals_())
def test_no_computation_makes_a_figure_firmer(one, other) -> None:
    random = np.random.default_rng(0)
    drawn, more = one.drawn(random), other.drawn(random)
    for result in (one.times(other), one.plus(other), other.times(one), other.plus(one), drawn.times(more),
                   drawn.plus(more)):  # fmt: skip
        assert looseness(result) == max(looseness(one), looseness(other))
        assert (result.estimate is None) == (one.estimate is None or other.estimate is None)


@given(intervals_(), intervals_(), st.floats(0, 1), st.floats(0, 1))
def test_whatever_lies_within_the_parts_lies_within_the_whole(one, other, p, q) -> None:
    x = min(one.low + p * (one.high - one.low), one.high)
    y = min(other.low + q * (other.high - other.low), other.high)
    for result, value in ((one.times(other), x * y), (one.plus(other), x + y)):
        assert result.low * (1 - 1e-12) <= value <= result.high * (1 + 1e-12)


@given(intervals_(), intervals_())
def test_draws_stay_within_the_worst_case(one, other) -> None:
    random = np.random.default_rng(0)
    drawn, more = one.drawn(random), other.drawn(random)
    for worst, values in ((one.times(other), drawn.times(more)), (one.plus(other), drawn.plus(more))):
        assert worst.low * (1 - 1e-9) <= values.values.min()
        assert values.values.max() <= worst.high * (1 + 1e-9)


@given(intervals_(), st.floats(1e-9, 1e9))
def test_another_unit_keeps_the_order(value, factor) -> None:
    scaled = value.scaled(factor)
    assert (scaled.low, scaled.high) == (value.low * factor, value.high * factor)
    assert scaled.basis == value.basis


@given(intervals_())
def test_the_wire_keeps_the_order(value) -> None:
    wire = value.to_api()
    assert wire.low <= wire.high
    if wire.estimate is not None:
        assert wire.low <= wire.estimate <= wire.high


@given(intervals_(), st.floats(0.01, 0.98), st.floats(0.001, 0.01))
def test_central_parts_nest(value, level, more) -> None:
    drawn = value.drawn(np.random.default_rng(0))
    inner, outer = drawn.central(level), drawn.central(level + more)
    if value.estimate is None:
        assert outer.low <= inner.low <= inner.high <= outer.high


# --- steps --------------------------------------------------------------------------------------------------------

situations = st.builds(
    situation,
    st.floats(0, 1),
    st.sampled_from(["FineTune", "Retrain"]),
    st.sampled_from([None, "blur", "noise"]),
    st.sampled_from(["adam", "sgd"]),
    target=st.sampled_from([None, 0.5, 0.9, 1.0]),
    samples=st.sampled_from([None, 50, 5000]),
)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    cap = draw(st.integers(1, 2000))
    ended = draw(st.sampled_from(["met", "reached", "missed"]))
    high = draw(st.integers(1, cap))
    low, top = {"met": (0, 0), "reached": (draw(st.integers(0, high - 1)), high), "missed": (high, None)}[ended]
    return Case(draw(situations), low, top, cap, draw(st.sampled_from("abcdefgh")))


known_cases = st.lists(cases(), max_size=45)


@settings(max_examples=60, deadline=None)
@given(known_cases, situations, st.integers(1, 10_000_000))
def test_whatever_the_records_say_steps_stay_within_the_budget(known, at, max_steps) -> None:
    found = Experience(known).forecast(at, max_steps)
    assert 0 <= found.steps.low <= found.steps.high <= max_steps
    assert found.steps.basis in {Basis.ASSUMED, Basis.ESTIMATED}
    assert math.isfinite(found.steps.estimate or 0)
    assert found.reaches_target is None or 0 < found.reaches_target < 1
    assert found.abstained is None or found.steps.basis == Basis.ASSUMED
    if found.draws is not None:
        assert np.isfinite(found.draws).all()
        assert found.draws.min() >= 0


@settings(max_examples=40, deadline=None)
@given(known_cases, situations, st.randoms())
def test_the_order_of_records_is_no_matter(known, at, random) -> None:
    shuffled = list(known)
    random.shuffle(shuffled)
    one, other = (Experience(each).forecast(at, 1000) for each in (known, shuffled))
    assert (one.steps, one.method, one.cases, one.reaches_target) == (
        other.steps, other.method, other.cases, other.reaches_target
    )  # fmt: skip


def scaled(case: Case, factor: int) -> Case:
    return replace(
        case, low=case.low * factor, high=None if case.high is None else case.high * factor, cap=case.cap * factor
    )


@settings(max_examples=30, deadline=None)
@given(st.lists(cases(), min_size=12, max_size=45), situations, st.integers(2, 50))
def test_steps_that_are_all_longer_are_predicted_longer(known, at, factor) -> None:
    one, other = (Experience([scaled(case, by) for case in known]) for by in (1, factor))
    caps = {1: 5000, factor: 5000 * factor}
    points = [
        experience.model(at).outlook([at], [cap]) for experience, cap in zip((one, other), caps.values(), strict=True)
    ]
    assert float(points[1].met_in_time[0]) == pytest.approx(float(points[0].met_in_time[0]), rel=1e-3)
    low, high = (float(each.point()[0]) for each in points)
    assert high == pytest.approx(factor * low, rel=0.1)


@settings(max_examples=30, deadline=None)
@given(st.lists(cases(), min_size=12, max_size=29), situations, st.integers(2, 50))
def test_knowing_that_more_steps_were_not_enough_never_makes_a_prediction_cheaper(known, at, factor) -> None:
    longer = [
        replace(case, low=case.low * factor, cap=case.cap * factor) if case.high is None else case for case in known
    ]
    one, other = (Experience(each).model(at).outlook([at], [1000]) for each in (known, longer))
    assert float(other.met_in_time[0]) <= float(one.met_in_time[0]) + 0.02
    assert float(other.point()[0]) >= 0.98 * float(one.point()[0])


@settings(max_examples=30, deadline=None)
@given(st.lists(cases(), min_size=12, max_size=45), situations, st.floats(0, 3), st.floats(0, 3))
def test_intervals_nest_by_level(known, at, z, more) -> None:
    outlook = Experience(known).model(at).outlook([at], [1000])
    inner, outer = intervals(outlook, z)[0], intervals(outlook, z + more)[0]
    assert outer[0] <= inner[0]
    assert outer[1] >= inner[1]


@given(known_cases)
def test_a_recipe_that_was_never_seen_is_not_predicted(known) -> None:
    found = Experience(known).forecast(Situation("Retrain", "never seen"), 100)
    assert (found.steps.estimate, found.steps.basis) == (None, Basis.ASSUMED)
