import numpy as np
import pytest
import scipy.linalg
import torch

from modelreuse.scores import Observation, frechet_distance
from modelreuse.scores.chunk import projection
from modelreuse.scores.frechet import Frechet
from unit.scores.samples import result_of


def _plain(a, b):
    """By the matrix square root of the product of covariances, which is not symmetric."""
    s, t = np.cov(a.T), np.cov(b.T)
    middle = np.real(scipy.linalg.sqrtm(s @ t))
    return np.sum((a.mean(axis=0) - b.mean(axis=0)) ** 2) + np.trace(s + t - 2 * middle)


def _draw(seed, n, d):
    random = np.random.default_rng(seed)
    return random.normal(size=(n, d)) @ random.normal(size=(d, d)) + random.normal(size=d) * 3


def _result(old, new, size=60):
    sides = ([Observation.from_arrays(None, x[i : i + size]) for i in range(0, len(x), size)] for x in (old, new))
    return result_of(Frechet(), *sides)


@pytest.mark.parametrize("d", [1, 5, 64])
def test_up_to_64_numbers_it_is_the_distance_itself(d):
    old, new = _draw(1, 400, d), _draw(2, 300, d)
    expected = _plain(old, new) if d > 1 else (old.mean() - new.mean()) ** 2 + (old.std(ddof=1) - new.std(ddof=1)) ** 2
    assert _result(old, new).details["raw"] == pytest.approx(expected, rel=1e-6)


def test_longer_embeddings_are_projected():
    old, new = _draw(1, 400, 100), _draw(2, 300, 100)
    basis = projection(100).numpy()
    assert _result(old, new).details["raw"] == pytest.approx(_plain(old @ basis, new @ basis), rel=1e-6)


def test_a_projection_keeps_squared_lengths_on_average():
    points = torch.randn(2000, 300, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    kept = (points @ projection(300)).square().sum() / points.square().sum()
    assert float(kept) == pytest.approx(1, abs=0.02)


def test_equal_distributions_are_no_distance_apart():
    mean, covariance = torch.zeros(3), torch.eye(3) * 2
    assert float(frechet_distance(mean, covariance, mean, covariance)) == pytest.approx(0, abs=1e-6)


def test_the_null_takes_the_bias_of_few_samples_away():
    results = [
        _result(*(np.random.default_rng(s).normal(size=(n, 20)) for s, n in ((i, 600), (99 + i, 200))))
        for i in range(10)
    ]
    assert np.mean([result.details["raw"] for result in results]) > 0.5
    assert abs(np.mean([result.value for result in results])) < 0.1


def test_it_does_not_lose_digits_to_a_common_offset():
    old, new = _draw(1, 400, 5), _draw(2, 300, 5)
    assert _result(old + 1e5, new + 1e5).details["raw"] == pytest.approx(_plain(old, new), rel=1e-4)


def test_one_sample_is_undefined():
    assert _result(_draw(1, 100, 3), _draw(2, 1, 3)).undefined.reason == "TooFewSamples"


def test_a_constant_embedding_has_a_finite_distance():
    result = _result(np.ones((50, 3)), np.ones((50, 3)) * 2)
    assert result.details["raw"] == pytest.approx(3)
    assert "relative" not in result.details
