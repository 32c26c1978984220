"""Layers that are tapped without being named, and what is kept of their outputs."""

import pytest
import torch
from torch import nn

from modelreuse.scores import Taps, UnknownLayer, measure_shift
from modelreuse.scores.tapping import MOST_LAYERS, channel_means, evenly
from unit.scores.networks import Transformer, convolutional, exported, images, perceptron


def tapped(model, inputs, **options):
    with Taps(model, **options) as taps:
        observation = taps.observe(inputs)
        return taps.layers, observation


class VisionTransformer(nn.Module):
    """Patches, two blocks with attention, a class token."""

    def __init__(self):
        super().__init__()
        self.patches = nn.Conv2d(1, 8, 4, 4)
        self.token = nn.Parameter(torch.randn(1, 1, 8))
        layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        self.blocks = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(8, 3)

    def forward(self, x):
        tokens = self.patches(x).flatten(2).mT
        tokens = torch.cat([self.token.expand(len(x), -1, -1), tokens], dim=1)
        return self.head(self.blocks(tokens)[:, 0])


def test_of_a_cnn_the_convolutions_and_linear_layers():
    layers, observation = tapped(convolutional(), images(6))
    assert layers == ("conv", "head")
    assert {name: tuple(v.shape) for name, v in observation.activations.items()} == {"conv": (6, 6), "head": (6, 3)}


def test_of_a_perceptron_every_linear_layer():
    assert tapped(perceptron(), torch.randn(5, 4))[0] == ("0", "2")


def test_of_a_transformer_attention_and_both_linear_layers_of_every_block():
    torch.manual_seed(0)
    layers, observation = tapped(VisionTransformer(), images(6))
    assert layers[0] == "patches"
    assert layers[-1] == "head"
    assert {"blocks.layers.1.self_attn", "blocks.layers.1.linear1", "blocks.layers.1.linear2"} <= set(layers)
    assert observation.activations["blocks.layers.0.linear1"].shape == (6, 16)


def test_of_an_exported_program_the_same_layers_under_the_same_names():
    model = convolutional()
    again = tapped(exported(model, images(4)), images(6))
    torch.testing.assert_close(dict(again[1].activations), dict(tapped(model, images(6))[1].activations))


def test_layers_come_in_the_order_in_which_they_run():
    class Backwards(nn.Module):
        def __init__(self):
            super().__init__()
            self.last, self.first = nn.Linear(4, 3), nn.Linear(4, 4)

        def forward(self, x):
            return self.last(self.first(x))

    assert tapped(Backwards(), torch.randn(5, 4))[0] == ("first", "last")


def test_layers_that_do_not_run_are_left_out():
    model = convolutional()
    model.unused = nn.Linear(2, 2)
    assert "unused" not in tapped(model, images(3))[0]


def test_of_very_many_layers_evenly_spaced_ones():
    names = [str(i) for i in range(200)]
    assert len(set(evenly(names))) == MOST_LAYERS
    assert (evenly(names)[0], evenly(names)[-1]) == ("0", "199")


def test_a_named_layer_without_a_row_per_sample_says_so():
    class Summing(nn.Module):
        def __init__(self):
            super().__init__()
            self.sum, self.head = nn.Identity(), nn.Linear(4, 3)

        def forward(self, x):
            return self.head(x) + 0 * self.sum(x.sum())

    with pytest.raises(UnknownLayer, match="layer 'sum' gives Tensor without a floating-point row"):
        tapped(Summing(), torch.randn(5, 4), layers=["sum"])


def test_small_maps_are_averaged_exactly_and_large_ones_over_evenly_spaced_rows():
    conv, random = nn.Conv2d(1, 2, 1), torch.Generator().manual_seed(0)
    small = torch.randn(4, 2, 45, 45, generator=random)
    torch.testing.assert_close(channel_means(small, conv), small.mean(dim=(2, 3)))
    large = torch.randn(4, 2, 112, 112, generator=random)
    torch.testing.assert_close(channel_means(large, conv), large[:, :, 3::6].mean(dim=(2, 3)))


def test_what_is_kept_is_no_view_of_what_the_layer_gave():
    output = torch.randn(4, 3)
    kept = channel_means(output, nn.Linear(3, 3))
    output.zero_()
    assert bool((kept != 0).all())


def test_tokens_are_averaged_over_the_sequence():
    tokens = torch.randn(4, 7, 3)
    torch.testing.assert_close(channel_means(tokens, nn.Linear(3, 3)), tokens.mean(dim=1))
    torch.testing.assert_close(channel_means(tokens, nn.Conv1d(7, 7, 1)), tokens.mean(dim=2))


def test_in_half_precision_sketches_are_still_single():
    _, observation = tapped(convolutional(), images(6), precision=torch.bfloat16)
    assert {v.dtype for v in (observation.logits, observation.embedding, observation.channels)} == {torch.float32}
    full = tapped(convolutional(), images(6))[1]
    torch.testing.assert_close(observation.embedding, full.embedding, atol=0.05, rtol=0.05)


def test_half_precision_moves_no_score_far():
    old, new = images(300), images(300, seed=1) + 0.5
    sides = [[(old, None)], [(new, None)]]
    half, full = (measure_shift(convolutional(), *sides, precision=p).scores for p in (torch.bfloat16, None))
    for name in ("resque_dist", "arm", "confidence"):
        assert half[name].value == pytest.approx(full[name].value, abs=0.02)


@pytest.mark.parametrize("wrap", [lambda y: y, lambda y: (y, None), lambda y: {"ids": y.long(), "hidden": y}])
def test_the_output_of_a_model_without_classes_is_its_embedding(wrap):
    class Embedder(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = perceptron()

        def forward(self, x):
            return wrap(self.body(x))

    model, x = Embedder(), torch.randn(6, 4)
    _, observation = tapped(model, x, classifier=False)
    assert observation.logits is None
    torch.testing.assert_close(observation.embedding, model.body(x))


def test_a_regression_has_the_scores_that_need_no_classes():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
    x = torch.randn(200, 4)
    report = measure_shift(model, [(x, torch.randn(200))], [(x + 1, torch.randn(200))], head="2", classifier=False)
    defined = {name for name, result in report.scores.items() if result.value is not None}
    assert defined == {"arm", "representation_change", "frechet", "mmd"}
    assert (report.classes, report.embedding_size, report.evidence) == (0, 8, "L0")
    assert [layer.name for layer in report.layers] == ["0", "2", "(embedding)"]


def test_tokens_of_a_transformer_without_classes_are_averaged():
    model, x = Transformer("mean").eval(), torch.randn(6, 5, 8)
    model.head = nn.Identity()
    _, observation = tapped(model, x, classifier=False)
    assert observation.embedding.shape == (6, 8)
