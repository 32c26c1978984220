"""Distances of layers: exact W1 in reference standard deviations, its null, its error, and what has none."""

import numpy as np
import pytest
import torch

from modelreuse.scores import Observation, compare
from modelreuse.scores.arm import Arm
from modelreuse.scores.dyadic_grid import BINS, CELLS
from modelreuse.scores.layer_distances import _Counts, wasserstein
from unit.scores import published
from unit.scores.samples import result_of


def observed(layers, size=100):
    """Batches of a model without classes; the last layer is the embedding."""
    *tapped, (_, embedding) = layers.items()
    for start in range(0, len(embedding), size):
        rows = slice(start, start + size)
        yield Observation.from_arrays(None, embedding[rows], activations={n: v[rows] for n, v in tapped})


def normal(seed, n=1000, channels=3, mean=0.0, scale=1.0):
    random = np.random.default_rng(seed)
    return random.normal(size=(n, channels)) * scale * np.arange(1, channels + 1) + mean


def exact_arm(old, new):
    """Mean over layers of the mean over channels of sorted-sample W1 in floored standard deviations."""
    layers = []
    for name in old:
        deviations = old[name].astype(np.float64).std(axis=0)
        floor = 0.05 * np.sqrt((deviations**2).mean())
        channels = zip(old[name].T, new[name].T, np.maximum(deviations, floor), strict=True)
        layers.append(np.mean([published.wasserstein(a, b) / unit for a, b, unit in channels]))
    return np.mean(layers)


@pytest.mark.parametrize(("mean", "scale"), [(0.0, 1.0), (0.3, 1.0), (0.0, 2.0), (-40.0, 3.0)])
def test_it_is_the_exact_distance_of_sorted_samples(mean, scale):
    old = {"conv": normal(1), "embedding": np.maximum(normal(2, channels=5), 0)}
    new = {"conv": normal(3, mean=mean, scale=scale), "embedding": np.maximum(normal(4, channels=5, mean=mean), 0)}
    result = result_of(Arm(), observed(old), observed(new))
    assert result.details["raw"] == pytest.approx(exact_arm(old, new), abs=0.01)
    assert result.details["layers"] == 2


def test_values_far_beyond_the_reference_are_measured_exactly():
    old, new = {"e": normal(1)}, {"e": normal(2)}
    new["e"][::7] += 1e4
    result = result_of(Arm(), observed(old), observed(new))
    assert result.details["raw"] == pytest.approx(exact_arm(old, new), rel=1e-3)


def test_a_channel_far_from_zero_keeps_its_digits():
    """In single precision, as a network computes: 1 part in 16 million of 10,000 is 0.0006."""
    old, new = ({"e": (normal(s, n=4000, channels=2) + 1e4).astype(np.float32)} for s in (1, 2))
    result = result_of(Arm(), observed(old, 2000), observed(new, 2000))
    assert result.details["raw"] == pytest.approx(exact_arm(old, new), abs=0.001)


def test_a_channel_that_fell_silent_is_beyond_the_grid_too():
    """Zeros sum to nothing, and are as far from 5..6 as any other value there."""
    old, new = {"e": normal(1, channels=1) * 0.1 + 5.5}, {"e": np.zeros((200, 1))}
    result = result_of(Arm(), observed(old), observed(new))
    assert result.details["raw"] == pytest.approx(exact_arm(old, new), rel=1e-3)


def test_a_channel_that_hardly_varies_does_not_drown_the_others():
    old, new = {"e": normal(1, channels=2)}, {"e": normal(2, channels=2)}
    for side in (old, new):
        side["e"][:, 0] *= 1e-6
    new["e"][:, 0] += 0.1
    result = result_of(Arm(), observed(old), observed(new))
    assert result.details["raw"] == pytest.approx(exact_arm(old, new), abs=0.01)


def test_unmoved_data_lie_about_zero_whatever_their_sizes():
    values = []
    for seed in range(12):
        for n, m in ((2000, 2000), (2000, 150), (300, 3000)):
            old, new = ({"e": normal(s, n=k, channels=16)} for s, k in ((2 * seed, n), (2 * seed + 1, m)))
            values.append(result_of(Arm(), observed(old), observed(new)))
    assert abs(np.mean([value.value for value in values])) < 0.004
    assert all(abs(value.value) < 0.5 * value.details["raw"] for value in values)


def test_the_standard_error_is_the_spread_over_many_data_sets():
    results = []
    for seed in range(40):
        old, new = {"e": normal(seed, channels=4)}, {"e": normal(1000 + seed, channels=4, mean=0.5)}
        results.append(result_of(Arm(), observed(old), observed(new)))
    told = np.mean([result.standard_error for result in results])
    assert 0.7 < told / np.std([result.details["raw"] for result in results], ddof=1) < 1.4


def test_clusters_widen_the_standard_error():
    """The same 50 samples 20 times over are 50 samples of evidence."""
    old = normal(1, channels=4)
    few = np.repeat(normal(2, n=50, channels=4, mean=0.5), 20, axis=0)
    noise = np.random.default_rng(3).normal(size=few.shape) * 1e-3
    told = []
    for clusters in (None, np.repeat(np.arange(50), 20)):
        new = [Observation.from_arrays(None, few + noise, clusters=clusters)]
        told.append(result_of(Arm(), [Observation.from_arrays(None, old)], new).standard_error)
    assert told[1] > 2.5 * told[0]


def test_a_constant_layer_is_left_out():
    old = {"dead": np.zeros((100, 3)), "offset": np.full((100, 2), 7.3), "e": normal(1, n=100)}
    new = {"dead": np.ones((100, 3)), "offset": np.full((100, 2), 7.3), "e": normal(2, n=100)}
    result = result_of(Arm(), observed(old), observed(new))
    assert result.details["layers"] == 1


def test_constant_layers_only_are_undefined():
    constant = {"e": np.full((100, 2), 3.0)}
    result = result_of(Arm(), observed(constant), observed({"e": normal(1, n=100, channels=2)}))
    assert result.undefined.reason == "ConstantLayers"


@pytest.mark.parametrize("sizes", [(1, 100), (100, 1), (19, 19)])
def test_too_few_samples_are_undefined(sizes):
    old, new = ({"e": normal(seed, n=n)} for seed, n in enumerate(sizes))
    result = result_of(Arm(), observed(old), observed(new))
    assert result.undefined.reason == "TooFewSamples"


def test_activations_of_images_are_averaged_over_space():
    maps = np.random.default_rng(0).normal(size=(200, 3, 4, 5))
    old, new = maps[:100], maps[100:] + 0.5
    embedding = np.random.default_rng(1).normal(size=(200, 2))
    sides = [
        [Observation.from_arrays(None, embedding[rows], activations={"conv": values})]
        for rows, values in ((slice(100), old), (slice(100, 200), new))
    ]
    flat = [
        [Observation.from_arrays(None, embedding[rows], activations={"conv": values.mean(axis=(2, 3))})]
        for rows, values in ((slice(100), old), (slice(100, 200), new))
    ]
    assert compare(*sides)["arm"].details["raw"] == pytest.approx(compare(*flat)["arm"].details["raw"], abs=1e-12)


def test_distribution_functions_that_are_straight_inside_bins_are_integrated_exactly():
    """By a fine trapezium rule, with many crossings inside bins."""
    random = np.random.default_rng(0)
    counts = np.zeros((2, 1, CELLS))
    counts[:, :, 1:-1] = random.integers(0, 9, (2, 1, BINS))
    sides = [_Counts(torch.tensor(c), torch.tensor(c.sum())) for c in counts]
    edges = np.arange(BINS + 1)
    fine = np.linspace(0, BINS, BINS * 2000 + 1)
    functions = [np.interp(fine, edges, np.concatenate([[0], c[0, 1:-1].cumsum()]) / c.sum()) for c in counts]
    expected = np.trapezoid(np.abs(functions[0] - functions[1]), fine)
    found = wasserstein(*sides, torch.ones(1, dtype=torch.float64))
    assert float(found) == pytest.approx(expected, rel=1e-6)
