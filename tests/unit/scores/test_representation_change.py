"""Divergences of PreIndex against plain loops over histograms, and PreIndex itself."""

import math

import numpy as np
import pytest

from modelreuse.scores import Observation
from modelreuse.scores.preindex import PreIndex
from modelreuse.scores.representation_change import RepresentationChange
from unit.scores.samples import result_of, samples


def _histogram(values, old):
    """66 cells: 64 pairs of the grid's bins over the reference's range, and one beyond either end; +0.5 each."""
    low, high = old.min(), old.max()
    finest = math.frexp((high - low) / 128)[1]
    for exponent in (finest, finest + 1):
        width = 2.0**exponent
        first = math.floor(math.floor(low / width) / 16) * 16
        if math.floor(high / width) < first + 128:
            break
    cells = [0.5] * 66
    for value in values:
        bin_ = math.floor(value / width) - first
        cells[0 if bin_ < 0 else 65 if bin_ >= 128 else 1 + bin_ // 2] += 1
    return np.array(cells) / (len(values) + 33)


def _divergences(a, b):
    p, q = _histogram(a, a), _histogram(b, a)
    bhattacharyya = -math.log(sum(math.sqrt(x * y) for x, y in zip(p, q, strict=True)))
    kl = [
        sum(x * math.log(x / y) for x, y in zip(u, v, strict=True))
        for u, v in ((p, q), (p, (p + q) / 2), (q, (p + q) / 2))
    ]
    return bhattacharyya, (kl[1] + kl[2]) / 2 / math.log(2), kl[0]


@pytest.mark.parametrize("shift", [0.0, 0.7, 5.0])
def test_the_divergences_are_those_of_plain_histograms(shift):
    random = np.random.default_rng(0)
    old, new = random.normal(size=(300, 2)), random.normal(size=(200, 2)) * 1.3 + shift
    details = result_of(
        RepresentationChange(), [Observation.from_arrays(None, old)], [Observation.from_arrays(None, new)]
    ).details
    expected = np.mean([_divergences(old[:, c], new[:, c]) for c in range(2)], axis=0)
    nulls = result_of(
        RepresentationChange(), [Observation.from_arrays(None, old)], [Observation.from_arrays(None, old)]
    ).details
    for kind, value in zip(("bhattacharyya", "jensen_shannon", "kullback_leibler"), expected, strict=True):
        # of data compared with itself nothing but the (scaled) null remains
        assert details[kind] == pytest.approx(value + nulls[kind] * (1 / 300 + 1 / 200) / (2 / 300), abs=1e-9)


def test_jensen_shannon_is_in_bits():
    old, far = np.random.default_rng(0).normal(size=(5000, 1)), np.full((5000, 1), 1e6)
    details = result_of(
        RepresentationChange(), [Observation.from_arrays(None, old)], [Observation.from_arrays(None, far)]
    ).details
    assert details["jensen_shannon"] == pytest.approx(1, abs=0.03)


def test_the_change_is_the_mean_of_the_four():
    old, new = samples(1), samples(2, shift=1.0)
    result = result_of(RepresentationChange(), old.batches(), new.batches())
    kinds = ("wasserstein", "bhattacharyya", "jensen_shannon", "kullback_leibler")
    assert result.value == pytest.approx(np.mean([result.details[kind] for kind in kinds]), abs=1e-12)


def test_preindex_adds_change_and_collapse():
    old, new = samples(1), samples(2, shift=1.0)
    result = result_of(PreIndex(), old.batches(), new.batches())
    halves = result.details["representation_change"] + result.details["boundary_collapse"]
    assert result.value == pytest.approx(halves, abs=1e-12)
    scaled = result_of(PreIndex(s=0.5, s_bar=0.1), old.batches(), new.batches())
    assert scaled.value == pytest.approx(halves / (1 + 0.5 * halves) - 0.1, abs=1e-12)


def test_preindex_goes_by_labels_where_both_sides_have_them():
    old, new = samples(1), samples(2, shift=1.0)
    labelled = result_of(PreIndex(), old.batches(), new.batches())
    without = result_of(PreIndex(), old.batches(), new.batches(labelled=False))
    assert (labelled.basis, without.basis) == ("Labels", "PredictedClasses")


def test_preindex_of_a_model_without_classes_is_undefined():
    sides = [[Observation.from_arrays(None, samples(s).embedding)] for s in (1, 2)]
    assert result_of(PreIndex(), *sides).undefined.reason == "NoClasses"
