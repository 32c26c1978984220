"""Intervals: ends of the worst case, and a basis that is never firmer than what went in."""

import pytest

from modelreuse.api import Basis
from modelreuse.costs import Interval
from modelreuse.costs.quantities import weaker


def test_a_product_by_hand() -> None:
    product = Interval(2, 4, Basis.MEASURED, 3).times(Interval(5, 7, Basis.ASSUMED, 6))
    assert product == Interval(10, 28, Basis.ASSUMED, 18)


def test_a_sum_by_hand() -> None:
    assert Interval(2, 4, Basis.ESTIMATED, 3).plus(Interval.exact(1, Basis.MEASURED)) == Interval(
        3, 5, Basis.ESTIMATED, 4
    )


def test_without_a_point_there_is_none_afterwards() -> None:
    open_ = Interval(1, 9, Basis.ASSUMED)
    point = Interval.exact(2, Basis.MEASURED)
    assert open_.times(point).estimate is None
    assert point.plus(open_).estimate is None
    assert open_.scaled(3).estimate is None


def test_another_unit_keeps_the_basis() -> None:
    assert Interval(3600, 7200, Basis.MEASURED, 5400).scaled(1 / 3600) == Interval(1, 2, Basis.MEASURED, 1.5)


def test_within_a_factor() -> None:
    assert Interval.within_factor(6, 1.5, Basis.ESTIMATED) == Interval(4, 9, Basis.ESTIMATED, 6)


@pytest.mark.parametrize(("low", "high", "estimate"), [(2, 1, None), (-1, 1, None), (1, 2, 3), (1, 2, 0.5)])
def test_what_is_no_interval_is_refused(low: float, high: float, estimate: float | None) -> None:
    with pytest.raises(ValueError, match="not an interval"):
        Interval(low, high, Basis.MEASURED, estimate)


def test_not_a_number_is_no_interval() -> None:
    with pytest.raises(ValueError, match="not an interval"):
        Interval(float("nan"), 1, Basis.MEASURED)


@pytest.mark.parametrize(
    ("one", "other", "result"),
    [
        (Basis.MEASURED, Basis.MEASURED, Basis.MEASURED),
        (Basis.MEASURED, Basis.REPORTED, Basis.REPORTED),
        (Basis.MEASURED, Basis.ESTIMATED, Basis.ESTIMATED),
        (Basis.REPORTED, Basis.ESTIMATED, Basis.REPORTED),
        (Basis.REPORTED, Basis.ASSUMED, Basis.ASSUMED),
        (Basis.ASSUMED, Basis.MEASURED, Basis.ASSUMED),
    ],
)
def test_the_weaker_basis_wins(one: Basis, other: Basis, result: Basis) -> None:
    assert weaker(one, other) == weaker(other, one) == result


def test_on_the_wire_figures_have_six_digits() -> None:
    wire = Interval(1 / 3, 2 / 3, Basis.ESTIMATED, 0.5).to_api().to_wire()
    assert wire == {"low": "0.333333", "high": "0.666667", "estimate": "0.5", "basis": "Estimated"}
    assert "estimate" not in Interval(1, 2, Basis.ASSUMED).to_api().to_wire()
