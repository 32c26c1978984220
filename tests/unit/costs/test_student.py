"""Student's t with four degrees of freedom, against published tables and its own inverse."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelreuse.costs.student import below, density, quantile


@pytest.mark.parametrize(("p", "t"), [(0.75, 0.741), (0.9, 1.533), (0.95, 2.132), (0.975, 2.776), (0.995, 4.604)])
def test_quantiles_are_those_of_the_tables(p: float, t: float) -> None:
    assert float(quantile(p)) == pytest.approx(t, abs=6e-4)
    assert float(quantile(1 - p)) == pytest.approx(-t, abs=6e-4)


@given(st.floats(-1e3, 1e3))
def test_the_quantile_undoes_the_distribution(t: float) -> None:
    p = float(below(np.array(t)))
    if 1e-9 < p < 1 - 1e-9 and abs(t) > 1e-6:
        assert float(quantile(p)) == pytest.approx(t, rel=1e-5, abs=1e-6)


@given(st.floats(0, 1e12))
def test_both_tails_are_alike_and_exact(t: float) -> None:
    assert float(below(np.array(t))) + float(below(np.array(-t))) == pytest.approx(1)
    if t > 1e3:
        assert float(below(np.array(-t))) == pytest.approx(12 / t**4, rel=1e-4)  # the tail's leading term


def test_the_density_is_the_slope_of_the_distribution() -> None:
    t = np.linspace(-5, 5, 41)
    assert np.allclose((below(t + 1e-5) - below(t - 1e-5)) / 2e-5, density(t), rtol=1e-6)


def test_ends_are_certain() -> None:
    assert below(np.array([-np.inf, np.inf])).tolist() == pytest.approx([0, 1])
    assert quantile(np.array([0.0, 0.5, 1.0])).tolist() == [-np.inf, 0, np.inf]
