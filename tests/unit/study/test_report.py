"""What is said of runs before anything is predicted."""

from dataclasses import replace

import pytest

from study.report import noise, outcomes, repeat_factors
from unit.study.rows import ROW

AGAIN = replace(ROW, repeat=1, steps_low=20, steps_high=25)
CENSORED = replace(ROW, severity=3, steps_low=600, steps_high=None)
MET = replace(ROW, severity=1, steps_low=0, steps_high=0)


def test_outcomes_are_counted_by_each_factor() -> None:
    lines = outcomes([ROW, CENSORED, MET, replace(MET, steps_high=5, seed=2)]).splitlines()
    assert lines[-1].split() == ["all", "4", "50%", "25%", "25%"]
    assert "  gaussian 3                     1     0%     0%   100%" in lines


def test_noise_is_the_ratio_of_steps_between_a_run_and_its_repeat() -> None:
    assert repeat_factors([ROW, AGAIN, CENSORED, MET]) == [pytest.approx(22.5 / 12.5)]


def test_repeats_that_never_reached_or_were_met_from_the_start_have_no_ratio() -> None:
    assert repeat_factors([CENSORED, replace(CENSORED, repeat=1), MET, replace(MET, repeat=1)]) == []
    assert "no noise floor" in noise([CENSORED, replace(CENSORED, repeat=1)])


def test_repeats_that_end_differently_are_counted() -> None:
    assert "50 % end alike" in noise([ROW, AGAIN, CENSORED, replace(CENSORED, repeat=1, steps_low=9, steps_high=10)])
