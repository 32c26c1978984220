"""What is kept of a data set: the same whatever the order, the batches and the shards."""

import numpy as np
import pytest
import torch

from modelreuse.scores import Observation, ReferencePass, WrongShape
from modelreuse.scores.chunk import chunk_of
from modelreuse.scores.dyadic_grid import BINS, Grid
from modelreuse.scores.keys import order_of
from modelreuse.scores.layer_histograms import LayerHistograms
from modelreuse.scores.row_sample import SIZE, RowSample


def observations(n, seed=0, size=37, scale=1.0):
    """Batches with a layer whose range grows from batch to batch."""
    random = np.random.default_rng(seed)
    growth = np.exp(np.linspace(-3, 3, n))[:, None] * scale
    layer = random.normal(size=(n, 20)) * growth + np.arange(20)
    embedding = np.maximum(random.normal(size=(n, 3)), 0)
    return [
        Observation.from_arrays(None, embedding[i : i + size], activations={"conv": layer[i : i + size]})
        for i in range(0, n, size)
    ]


def seen(kind, batches):
    sketch = kind()
    for batch in batches:
        sketch.update(chunk_of(batch))
    return sketch


def same(one, other, tolerance=0.0):
    arrays = one.to_arrays(), other.to_arrays()
    assert arrays[0].keys() == arrays[1].keys()
    for name, values in arrays[0].items():
        if values.dtype.kind == "f":
            np.testing.assert_allclose(arrays[1][name], values, rtol=tolerance, atol=tolerance, err_msg=name)
        else:
            np.testing.assert_array_equal(arrays[1][name], values, err_msg=name)


def test_a_grid_holds_its_extremes_and_wastes_little():
    low = torch.tensor([-3.0, 0.0, 1000.0, -1e-9, 5.0, -7e20])
    high = torch.tensor([4.0, 1e-3, 1001.0, 3.0, 5.0, 9e20])
    grid = Grid.of(low, high)
    assert bool((grid.start <= low).all())
    assert bool((grid.start + BINS * grid.width > high).all())
    span = (high - low).double()
    varied = span > 0
    assert bool((span[varied] > 0.4 * BINS * grid.width[varied]).all())


def test_a_constant_channel_has_narrow_bins():
    grid = Grid.of(torch.tensor([7.3, 0.0]), torch.tensor([7.3, 0.0]))
    assert bool((grid.width < 1e-4).all())


def test_a_grid_is_a_function_of_the_extremes_alone():
    random = np.random.default_rng(0)
    for _ in range(200):
        a, b = np.sort(random.normal(size=2) * np.exp(random.normal() * 5))
        low, high = torch.tensor([a]), torch.tensor([b])
        again = Grid.of(low.clone(), high.clone())
        assert (Grid.of(low, high).exponent, Grid.of(low, high).first) == (again.exponent, again.first)


@pytest.mark.parametrize("kind", [LayerHistograms, RowSample])
def test_the_order_of_batches_does_not_matter(kind):
    batches = observations(4000)
    forwards, backwards = seen(kind, batches), seen(kind, batches[::-1])
    same(forwards, backwards, 1e-10)


@pytest.mark.parametrize("kind", [LayerHistograms, RowSample])
def test_shards_add_up_to_the_whole(kind):
    batches = observations(4000)
    merged = kind()
    for shard in range(4):
        merged.merge(seen(kind, batches[shard::4]))
    same(seen(kind, batches), merged, 1e-10)


def test_counts_are_those_of_a_plain_histogram():
    batches = observations(600)
    sketch = seen(LayerHistograms, batches)
    values = np.concatenate([b.channels.numpy() for b in batches])
    for channel in range(values.shape[1]):
        start, width = float(sketch.grid.start[channel]), float(sketch.grid.width[channel])
        expected = np.histogram(values[:, channel], bins=BINS, range=(start, start + BINS * width))[0]
        np.testing.assert_array_equal(sketch.counts[channel, 1:-1].numpy(), expected)
    np.testing.assert_allclose(sketch.cell_sums.sum(dim=1).numpy(), values.sum(axis=0))


def test_parts_add_up_to_the_counts():
    sketch = seen(LayerHistograms, observations(600))
    own = sketch.part_channels
    assert torch.equal(sketch.parts.sum(dim=0), sketch.counts[own])
    assert int(sketch.samples.sum()) == 600


def test_another_layer_is_refused_by_name():
    reference = ReferencePass()
    reference.update(observations(100)[0])
    other = ReferencePass()
    other.update(Observation.from_arrays(None, np.ones((30, 3)), activations={"fc": np.ones((30, 20))}))
    with pytest.raises(WrongShape, match="layer 'conv' with no channels after 20"):
        reference.merge(other)


def test_the_sample_is_of_the_smallest_ranks():
    batches = observations(5000)
    keys = torch.cat([b.identity() for b in batches])
    sample = seen(RowSample, batches)
    assert len(sample) == SIZE
    assert torch.equal(sample.column("keys"), keys[order_of(keys).argsort()[:SIZE]])


def test_a_small_data_set_is_its_own_sample():
    batches = observations(500)
    assert sorted(seen(RowSample, batches).column("embedding")[:, 0].tolist()) == sorted(
        torch.cat([b.embedding for b in batches])[:, 0].tolist()
    )
