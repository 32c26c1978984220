import numpy as np
import pytest
import torch

from modelreuse.scores import Observation, linear_cka
from modelreuse.scores.cka import Cka
from unit.scores.samples import result_of


def _hsic_cka(x, y):
    """From centred Gram matrices of samples, not of features."""
    n = len(x)
    centre = np.eye(n) - np.ones((n, n)) / n
    k, m = centre @ x @ x.T @ centre, centre @ y @ y.T @ centre
    return np.sum(k * m) / np.sqrt(np.sum(k * k) * np.sum(m * m))


def _draw(seed, n=100, d=6):
    return np.random.default_rng(seed).normal(size=(n, d))


def _result(old, new, keys=None, other_keys=None):
    keys = np.arange(len(old)) if keys is None else keys
    sides = [
        [Observation.from_arrays(None, x, keys=k)]
        for x, k in ((old, keys), (new, keys if other_keys is None else other_keys))
    ]
    return result_of(Cka(), *sides)


def test_it_is_that_of_centred_gram_matrices():
    x = _draw(1)
    y = x @ _draw(2, n=6, d=9) + _draw(3, d=9)
    assert float(linear_cka(torch.tensor(x), torch.tensor(y))) == pytest.approx(_hsic_cka(x, y), abs=1e-10)


def test_rotation_and_scale_are_the_same_arrangement():
    x = _draw(1)
    rotation = np.linalg.qr(_draw(2, n=6))[0]
    assert float(linear_cka(torch.tensor(x), torch.tensor(x @ rotation * 3 + 7))) == pytest.approx(1, abs=1e-10)


def test_rows_must_pair():
    with pytest.raises(ValueError, match="100 and 99 rows"):
        linear_cka(torch.tensor(_draw(1)), torch.tensor(_draw(2, n=99)))


def test_samples_are_paired_by_key_whatever_their_order():
    x = _draw(1)
    y = x + 0.5 * _draw(2)
    order = np.random.default_rng(3).permutation(100)
    result = _result(x, y[order], np.arange(100), order)
    assert result.value == pytest.approx(1 - _hsic_cka(x, y), abs=1e-10)
    assert result.details["pairs"] == 100


def test_of_large_data_sets_both_sides_keep_the_same_samples():
    x = _draw(1, n=5000)
    result = _result(x, x + 0.5 * _draw(2, n=5000))
    assert result.details["pairs"] == 2048
    assert result.value == pytest.approx(1 - _hsic_cka(x[:1500], (x + 0.5 * _draw(2, n=5000))[:1500]), abs=0.05)


def test_other_samples_are_not_paired():
    assert _result(_draw(1), _draw(2), np.arange(100), np.arange(100) + 60).undefined.reason == "NotPaired"


def test_keys_that_name_several_samples_pair_nothing():
    assert _result(_draw(1), _draw(2), np.arange(100) // 2).undefined.reason == "NotPaired"


def test_a_constant_side_is_undefined():
    assert _result(_draw(1), np.ones((100, 6))).undefined.reason == "ConstantEmbedding"
