import numpy as np
import pytest

from modelreuse.scores import Observation
from modelreuse.scores.mmd import Mmd
from unit.scores.samples import result_of


def _kernel_mmd(x, y, width):
    """Unbiased estimate from the full kernel matrices, pair by pair."""

    def kernel(a, b):
        return np.exp(-((a[:, None] - b[None]) ** 2).sum(axis=2) / (2 * width**2))

    n, m = len(x), len(y)
    within = [(kernel(z, z).sum() - len(z)) / (len(z) * (len(z) - 1)) for z in (x, y)]
    return sum(within) - 2 * kernel(x, y).sum() / (n * m)


def _result(old, new):
    return result_of(Mmd(), [Observation.from_arrays(None, old)], [Observation.from_arrays(None, new)])


def _normal(seed, n=300, d=8, mean=0.0):
    return np.random.default_rng(seed).normal(size=(n, d)) + mean


@pytest.mark.parametrize("mean", [0.0, 0.3, 1.0, 5.0])
def test_random_features_come_near_the_kernel(mean):
    old, new = _normal(1), _normal(2, mean=mean)
    result = _result(old, new)
    expected = _kernel_mmd(old, new, result.details["bandwidth"])
    assert result.value == pytest.approx(expected, abs=0.02 + 0.05 * expected)


def test_the_bandwidth_is_the_references_median_distance():
    old, new = _normal(1), _normal(2, mean=3.0)
    distances = [np.linalg.norm(old[i] - old[j]) for i in range(300) for j in range(i)]
    assert _result(old, new).details["bandwidth"] == pytest.approx(np.median(distances), rel=0.01)


def test_it_is_unbiased_on_unmoved_data():
    values = [_result(_normal(2 * seed, n=200), _normal(2 * seed + 1, n=100)).value for seed in range(30)]
    assert abs(np.mean(values)) < 3 * np.std(values) / np.sqrt(30)
    assert min(values) < 0


def test_the_standard_error_is_the_spread_over_many_data_sets():
    results = [_result(_normal(2 * seed), _normal(2 * seed + 1, mean=0.5)) for seed in range(30)]
    told = np.mean([result.standard_error for result in results])
    assert 0.6 < told / np.std([result.value for result in results], ddof=1) < 1.6


def test_a_common_offset_changes_nothing():
    old, new = _normal(1), _normal(2, mean=0.5)
    assert _result(old + 1000, new + 1000).value == pytest.approx(_result(old, new).value, abs=0.01)


def test_a_constant_reference_is_undefined():
    assert _result(np.ones((50, 3)), _normal(1, d=3)).undefined.reason == "ConstantEmbedding"


def test_one_sample_is_undefined():
    assert _result(_normal(1), _normal(2, n=1)).undefined.reason == "TooFewSamples"
