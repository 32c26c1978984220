"""Steps to target: three in a row, as an interval, censored where it never came."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from study.outcome import Steps, attainable, steps_to


@pytest.mark.parametrize(
    ("correct", "steps"),
    [
        ([90, 91, 92, 80], Steps(0, 0)),
        ([50, 90, 90, 90], Steps(0, 5)),
        ([50, 60, 90, 90, 90], Steps(5, 10)),
        ([90, 90, 89, 90, 90, 90], Steps(10, 15)),
        ([50, 60, 70, 80], Steps(5, None)),
        ([50, 90, 89, 90, 90], Steps(10, None)),
    ],
    ids=["met already", "between 0 and 5", "between 5 and 10", "two are not enough", "never", "too late"],
)
def test_steps_to_target(correct: list[int], steps: Steps) -> None:
    assert steps_to(correct, 100, 0.9, 5) == steps


def test_a_target_that_is_met_exactly_is_met() -> None:
    assert steps_to([7, 7, 7], 10, 0.7, 5) == Steps(0, 0)


def test_fewer_evaluations_than_the_definition_needs_are_refused() -> None:
    with pytest.raises(ValueError, match="2 evaluations"):
        steps_to([1, 1], 10, 0.1, 5)


@given(st.lists(st.integers(0, 100), min_size=3, max_size=40), st.integers(1, 100))
def test_a_target_is_reached_exactly_if_it_is_attainable(correct: list[int], needed: int) -> None:
    steps = steps_to(correct, 100, needed / 100, 5)
    assert (steps.high is not None) == (attainable(correct) >= needed)
    if steps.high is None:
        assert steps.low == (len(correct) - 3) * 5
    else:
        assert steps.high - steps.low in {0, 5}


@given(st.lists(st.integers(0, 100), min_size=3, max_size=40), st.integers(1, 99))
def test_a_higher_target_never_takes_fewer_steps(correct: list[int], needed: int) -> None:
    lower, higher = (steps_to(correct, 100, each / 100, 5) for each in (needed, needed + 1))
    assert higher.high is None or (lower.high is not None and lower.high <= higher.high)
