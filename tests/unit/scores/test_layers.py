import pytest
import torch
from torch import nn

from modelreuse.scores import layer_table
from unit.scores.networks import Transformer, convolutional, exported, images


def test_layers_are_in_order_of_use_when_there_is_an_example():
    assert [layer.name for layer in layer_table(convolutional(), images(2))] == ["conv", "norm", "head"]


def test_without_an_example_they_are_in_order_of_registration():
    layers = layer_table(convolutional())
    assert [layer.name for layer in layers] == ["head", "conv", "norm"]
    assert all(layer.forward_flops_share is None for layer in layers)


def test_kinds_parameters_and_shares_are_those_of_the_modules():
    conv, norm, head = layer_table(convolutional(), images(2))
    assert [(layer.kind, layer.parameters) for layer in (conv, norm, head)] == [
        ("Conv2d", 6 * 9 + 6),
        ("BatchNorm2d", 12),
        ("Linear", 21),
    ]
    assert conv.share == pytest.approx(60 / 93)
    assert conv.share + norm.share + head.share == pytest.approx(1)


def test_operations_are_counted_per_layer():
    conv, norm, head = layer_table(convolutional(), images(2))
    spent = {"conv": 2 * 6 * 36 * 9 * 2, "head": 2 * 6 * 3 * 2}
    assert conv.forward_flops_share == pytest.approx(spent["conv"] / sum(spent.values()))
    assert norm.forward_flops_share == 0
    assert head.forward_flops_share == pytest.approx(spent["head"] / sum(spent.values()))


def test_an_exported_model_has_the_same_table():
    model = convolutional()
    assert layer_table(exported(model, images(4)), images(2)) == layer_table(model, images(2))


def test_attention_has_its_operations_and_its_place_before_the_head():
    layers = layer_table(Transformer("mean"), torch.randn(2, 5, 8))
    names = [layer.name for layer in layers]
    assert names[0] == "encoder.self_attn"
    assert names.index("encoder.self_attn.out_proj") < names.index("encoder.linear1") < names.index("head")
    assert names[-1] == "head"
    assert layers[0].forward_flops_share > 0.2
    assert sum(layer.forward_flops_share for layer in layers) == pytest.approx(1)


def test_operations_of_inner_layers_are_not_counted_twice():
    class Owner(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(torch.ones(4))
            self.inner = nn.Linear(4, 4)

        def forward(self, x):
            return self.inner(x) * self.scale

    outer, inner = layer_table(Owner(), torch.randn(2, 4))
    assert (outer.name, outer.forward_flops_share) == ("", 0)
    assert inner.forward_flops_share == 1


def test_shared_weights_count_once():
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed, self.head = nn.Linear(4, 4, bias=False), nn.Linear(4, 4, bias=False)
            self.head.weight = self.embed.weight

        def forward(self, x):
            return self.head(self.embed(x))

    assert [(layer.name, layer.parameters, layer.share) for layer in layer_table(Tied())] == [("embed", 16, 1.0)]


def test_a_model_without_parameters_has_no_layers():
    assert layer_table(nn.ReLU()) == []
    assert layer_table(nn.ReLU(), torch.randn(2, 3)) == []


def test_the_model_is_left_as_it_was():
    model = convolutional()
    before = model.norm.running_mean.clone()
    layer_table(model, images(2))
    assert model.training
    assert torch.equal(model.norm.running_mean, before)
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())
    assert torch.backends.mha.get_fastpath_enabled()
