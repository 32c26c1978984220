"""Figures stay honest under every computation: ends in order, nothing firmer than what it was made of."""

import math

from hypothesis import given
from hypothesis import strategies as st

from modelreuse.api import Basis
from modelreuse.costs import Case, Interval, predict_steps
from modelreuse.costs.calibration import FEATURES

FIRM_TO_LOOSE = [Basis.MEASURED, Basis.ESTIMATED, Basis.REPORTED, Basis.ASSUMED]
figures = st.floats(0, 1e9, allow_nan=False)


@st.composite
def intervals(draw: st.DrawFn) -> Interval:
    low, middle, high = sorted(draw(st.tuples(figures, figures, figures)))
    return Interval(low, high, draw(st.sampled_from(FIRM_TO_LOOSE)), draw(st.sampled_from([middle, None])))


def looseness(value: Interval) -> int:
    return FIRM_TO_LOOSE.index(value.basis)


@given(intervals(), intervals())
def test_no_computation_makes_a_figure_firmer(one, other) -> None:
    for result in (one.times(other), one.plus(other), other.times(one), other.plus(one)):
        assert looseness(result) == max(looseness(one), looseness(other))
        assert (result.estimate is None) == (one.estimate is None or other.estimate is None)


@given(intervals(), intervals(), st.floats(0, 1), st.floats(0, 1))
def test_whatever_lies_within_the_parts_lies_within_the_whole(one, other, p, q) -> None:
    x = min(one.low + p * (one.high - one.low), one.high)
    y = min(other.low + q * (other.high - other.low), other.high)
    for result, value in ((one.times(other), x * y), (one.plus(other), x + y)):
        assert result.low * (1 - 1e-12) <= value <= result.high * (1 + 1e-12)


@given(intervals(), st.floats(1e-9, 1e9))
def test_another_unit_keeps_the_order(value, factor) -> None:
    scaled = value.scaled(factor)
    assert (scaled.low, scaled.high) == (value.low * factor, value.high * factor)
    assert scaled.basis == value.basis


@given(intervals())
def test_the_wire_keeps_the_order(value) -> None:
    wire = value.to_api()
    assert wire.low <= wire.high
    if wire.estimate is not None:
        assert wire.low <= wire.estimate <= wire.high


scores = st.dictionaries(st.sampled_from(FEATURES), st.floats(-1e15, 1e15) | st.floats(0, 1), max_size=2)
cases = st.lists(st.builds(Case, scores, st.integers(0, 10_000_000), st.booleans()), max_size=40)


@given(cases, scores, st.integers(1, 10_000_000))
def test_whatever_the_records_say_steps_stay_within_the_budget(known, at, max_steps) -> None:
    found = predict_steps(known, at, max_steps=max_steps)
    assert 1 <= found.steps.low <= found.steps.high <= max_steps
    assert math.isfinite(found.steps.estimate or 0)
    if found.cases < 10:
        assert (found.steps.basis, found.steps.estimate) == (Basis.ASSUMED, None)
    else:
        assert found.steps.basis == Basis.ESTIMATED
    assert found.reaches_target is None or 0 < found.reaches_target < 1


@given(cases, scores, st.integers(1, 100_000), st.integers(1, 100))
def test_a_larger_budget_never_predicts_less(known, at, max_steps, factor) -> None:
    small, large = (predict_steps(known, at, max_steps=each).steps for each in (max_steps, max_steps * factor))
    assert small.low <= large.low
    assert small.high <= large.high


@given(cases, scores, st.randoms())
def test_the_order_of_records_is_no_matter(known, at, random) -> None:
    shuffled = list(known)
    random.shuffle(shuffled)
    one, other = (predict_steps(each, at, max_steps=1000) for each in (known, shuffled))
    assert one.reaches_target == other.reaches_target
    assert one.cases == other.cases
