import types

import numpy as np
import pytest
import torch
from torch import nn

from modelreuse.scores import (
    ActivationsNotFinite,
    HeadNotFound,
    InputsNotFinite,
    InputsRejected,
    OneClass,
    Taps,
    UnknownLayer,
    WrongShape,
    find_head,
)
from unit.scores.networks import Transformer, convolutional, exported, images, perceptron


def _observe(model, inputs, **options):
    with Taps(model, **options) as taps:
        return taps.observe(inputs)


def _hooks(model):
    return sum(len(module._forward_hooks) + len(module._forward_pre_hooks) for module in model.modules())


def test_the_head_is_found_by_value_not_by_order_of_registration():
    assert find_head(convolutional(), images(4)) == "head"


def test_of_layers_with_equal_shapes_the_last_is_the_head():
    assert find_head(perceptron(), torch.randn(4, 4)) == "2"


def test_of_layers_with_equal_outputs_the_last_is_the_head():
    same = nn.Linear(3, 3, bias=False)
    with torch.no_grad():
        same.weight.copy_(torch.eye(3))
    assert find_head(nn.Sequential(nn.Linear(4, 3), same), torch.randn(4, 4)) == "1"


def test_an_auxiliary_head_that_runs_later_is_not_taken():
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.main, self.auxiliary = nn.Linear(4, 3), nn.Linear(4, 3)

        def forward(self, x):
            return self.main(x), self.auxiliary(x)

    assert find_head(Two(), torch.randn(4, 4)) == "main"


def test_a_model_that_is_one_linear_layer_is_its_own_head():
    assert find_head(nn.Linear(4, 3), torch.randn(5, 4)) == ""


def test_an_exported_model_is_tapped_like_the_original():
    model = convolutional()
    again = exported(model, images(4))
    assert find_head(again, images(5)) == "head"
    ours, original = (_observe(m, images(6), layers=["conv"]) for m in (again, model))
    torch.testing.assert_close(ours.embedding, original.embedding)
    torch.testing.assert_close(ours.activations["conv"], original.activations["conv"])


def test_the_embedding_is_the_input_of_the_head_after_its_activation():
    model = convolutional().eval()
    x = images(6)
    observation = _observe(model, x)
    expected = torch.relu(model.norm(model.conv(x))).mean(dim=(2, 3))
    torch.testing.assert_close(observation.embedding, expected)
    torch.testing.assert_close(observation.logits, model(x))


@pytest.mark.parametrize("read", ["mean", "first", "last"])
def test_of_a_transformer_the_tokens_are_taken_that_the_output_depends_on(read):
    torch.manual_seed(0)
    model, x = Transformer(read).eval(), torch.randn(6, 5, 8)
    tokens = model.encoder(x)
    expected = {"mean": tokens.mean(dim=1), "first": tokens[:, 0], "last": tokens[:, -1]}[read]
    observation = _observe(model, x)
    torch.testing.assert_close(observation.embedding, expected, atol=1e-5, rtol=1e-4)


def test_an_output_of_probabilities_is_traced_back_to_logits():
    body = perceptron().eval()
    x = torch.randn(6, 4)
    observation = _observe(nn.Sequential(body, nn.Softmax(dim=1)), x)
    torch.testing.assert_close(observation.logits, body(x))


def test_log_probabilities_serve_as_logits():
    observation = _observe(nn.Sequential(perceptron(), nn.LogSoftmax(dim=1)), torch.randn(6, 4))
    torch.testing.assert_close(observation.logits.exp().sum(dim=1), torch.ones(6))


@pytest.mark.parametrize(
    "wrap", [lambda y: {"logits": y}, lambda y: (y, None), lambda y: types.SimpleNamespace(logits=y)]
)
def test_logits_are_found_in_what_libraries_return(wrap):
    class Wrapped(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = perceptron()

        def forward(self, x):
            return wrap(self.body(x))

    model, x = Wrapped(), torch.randn(4, 4)
    torch.testing.assert_close(_observe(model, x).logits, model.body(x))


def test_several_inputs_go_in_by_order_or_by_name():
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.head = nn.Linear(4, 3)

        def forward(self, left, right):
            return self.head(left - right)

    model, x, y = Two(), torch.randn(4, 4), torch.randn(4, 4)
    by_order, by_name = _observe(model, (x, y)), _observe(model, {"right": y, "left": x})
    torch.testing.assert_close(by_order.embedding, x - y)
    torch.testing.assert_close(by_name.embedding, x - y)


def test_numpy_inputs_are_taken():
    x = images(4)
    torch.testing.assert_close(_observe(convolutional(), x.numpy()).logits, _observe(convolutional(), x).logits)


def test_a_named_convolution_can_be_the_head():
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.Conv2d(4, 3, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    x = images(4)
    torch.testing.assert_close(_observe(model, x, head="1").embedding, model[0](x).mean(dim=(2, 3)))


def test_a_head_that_is_no_linear_layer_must_be_named_and_the_error_says_so():
    model = nn.Sequential(nn.Conv2d(1, 3, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    with pytest.raises(HeadNotFound, match=r"name the layer whose input is the embedding .*: none\)"):
        _observe(model, images(4))


def test_an_average_of_two_heads_has_no_single_head_and_the_error_lists_them():
    class Distilled(nn.Module):
        def __init__(self):
            super().__init__()
            torch.manual_seed(0)
            self.a, self.b = nn.Linear(4, 3), nn.Linear(4, 3)

        def forward(self, x):
            return (self.a(x) + self.b(x)) / 2

    with pytest.raises(HeadNotFound, match=r"last first: 'b'"):
        _observe(Distilled(), torch.randn(4, 4))


def test_a_layer_that_writes_in_place_does_not_change_what_was_recorded_before_it():
    model, x = perceptron(), torch.randn(50, 4)
    recorded = _observe(model, x, layers=["0"]).activations["0"]
    torch.testing.assert_close(recorded, model[0](x))
    assert bool((recorded < 0).any())


def test_a_misspelt_layer_lists_near_names():
    with pytest.raises(
        UnknownLayer, match=r"layer 'encoder.linera1' is not in the model; near names: 'encoder.linear1'"
    ):
        _observe(Transformer("mean"), torch.randn(2, 5, 8), layers=["encoder.linera1"])


def test_a_layer_unlike_any_lists_the_last_ones():
    with pytest.raises(UnknownLayer, match=r"which has 3 layers; the last ones: 'head', 'conv', 'norm'"):
        _observe(convolutional(), images(2), head="zzzzzz")


@pytest.mark.parametrize("options", [{"layers": ["unused"]}, {"head": "unused"}])
def test_a_layer_that_does_not_run_says_so(options):
    model = convolutional()
    model.unused = nn.Linear(2, 2)
    with pytest.raises(UnknownLayer, match="layer 'unused' does not run"):
        _observe(model, images(2), **options)


def test_nan_names_the_layer_that_made_it_not_the_one_that_was_tapped():
    model = convolutional()
    with torch.no_grad():
        model.norm.weight[2] = torch.nan
    with pytest.raises(ActivationsNotFinite, match=r"layer 'norm' \(BatchNorm2d\): .* NaN"):
        _observe(model, images(4))


def test_infinity_in_a_tapped_layer_is_found_even_where_the_output_is_finite():
    class Forgiving(nn.Module):
        def __init__(self):
            super().__init__()
            self.odd, self.head = nn.Linear(4, 4), nn.Linear(4, 3)

        def forward(self, x):
            return self.head(torch.nan_to_num(self.odd(x), posinf=1.0, neginf=1.0))

    model = Forgiving()
    with torch.no_grad():
        model.odd.bias[0] = torch.inf
    with pytest.raises(ActivationsNotFinite, match=r"layer 'odd' \(Linear\): 4 of 16 values \(0 NaN, 4 infinite\)"):
        _observe(model, torch.randn(4, 4), layers=["odd"])


def test_nan_in_the_data_is_not_blamed_on_the_model():
    x = images(4)
    x[1, 0, 2, 2] = torch.nan
    with pytest.raises(InputsNotFinite, match=r"1 of 256 values \(1 NaN, 0 infinite\)"):
        _observe(convolutional(), x)


def test_inputs_that_the_model_refuses_are_told_with_shape_type_and_its_own_words():
    with pytest.raises(InputsRejected, match=r"shape \(4, 2, 8, 8\) \(float32\): .*2 channels"):
        _observe(convolutional(), torch.randn(4, 2, 8, 8))


def test_an_exported_model_refuses_inputs_in_words_too():
    with pytest.raises(InputsRejected, match=r"shape \(4, 2, 8, 8\) \(float32\): Expected input"):
        _observe(exported(convolutional(), images(4)), torch.randn(4, 2, 8, 8))


def test_a_cause_of_many_lines_becomes_one_sentence_of_bounded_length():
    class Verbose(nn.Module):
        def forward(self, x):
            raise ValueError("no\n" * 1000)

    with pytest.raises(InputsRejected) as caught:
        _observe(Verbose(), torch.randn(4, 4))
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


def test_running_out_of_memory_is_no_fault_of_the_inputs():
    class Greedy(nn.Linear):
        def forward(self, x):
            raise torch.OutOfMemoryError("CUDA out of memory")

    with pytest.raises(torch.OutOfMemoryError):
        _observe(Greedy(4, 3), torch.randn(4, 4))


def test_a_map_of_scores_is_no_classifier():
    with pytest.raises(WrongShape, match=r"shape \(4, 6, 6, 6\); a classifier gives \(n, k\)"):
        _observe(nn.Conv2d(1, 6, 3), images(4))


def test_a_model_without_tensors_as_output_is_refused():
    class Mute(nn.Module):
        def forward(self, x):
            return "yes"

    with pytest.raises(WrongShape, match="the model returns str"):
        _observe(Mute(), torch.randn(4, 4))


def test_one_output_is_one_class():
    with pytest.raises(OneClass):
        _observe(nn.Linear(4, 1), torch.randn(4, 4))


def test_hooks_and_modes_are_as_before_after_the_block():
    model = convolutional()
    model.norm.eval()
    modes = [module.training for module in model.modules()]
    _observe(model, images(4), layers=["conv"])
    assert _hooks(model) == 0
    assert [module.training for module in model.modules()] == modes


def test_hooks_and_modes_are_as_before_after_an_error():
    model = convolutional()
    with pytest.raises(InputsRejected):
        _observe(model, torch.randn(4, 2, 8, 8), layers=["conv"])
    assert _hooks(model) == 0
    assert model.training


def test_hooks_are_gone_after_a_search_for_nan():
    model = convolutional()
    with torch.no_grad():
        model.conv.weight[0] = torch.nan
    with pytest.raises(ActivationsNotFinite):
        _observe(model, images(4))
    assert _hooks(model) == 0


def test_labels_reach_the_observation():
    with Taps(convolutional()) as taps:
        assert taps.observe(images(4), np.array([0, 1, 2, 0])).labels.tolist() == [0, 1, 2, 0]
