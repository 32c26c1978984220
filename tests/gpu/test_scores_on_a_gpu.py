"""The passes on CUDA: same figures, and nothing left behind on the model."""

import pytest
import torch

from modelreuse.scores import InputsRejected, Taps, layer_table, measure_shift
from unit.scores.networks import convolutional, exported, images


def _batches(x, size=64):
    for start in range(0, len(x), size):
        yield x[start : start + size], torch.arange(start, min(start + size, len(x))) % 3


def _report(model, **options):
    return measure_shift(model, _batches(images(300)), _batches(images(250, seed=1) + 0.5), **options)


def _values(report):
    return {name: result.value for name, result in report.scores.items()}


def test_cuda_and_cpu_agree():
    with torch.backends.cudnn.flags(allow_tf32=False):
        on_gpu = _values(_report(convolutional(), device="cuda"))
    assert on_gpu == {name: pytest.approx(value, abs=0.02) for name, value in _values(_report(convolutional())).items()}


def test_an_exported_model_runs_on_cuda():
    report = _report(exported(convolutional(), images(4)), device="cuda")
    assert report.scores["resque_dist"].value is not None


def test_a_model_that_was_moved_is_moved_back():
    model = convolutional()
    _report(model, device="cuda")
    assert {parameter.device.type for parameter in model.parameters()} == {"cpu"}


def test_a_model_on_cuda_stays_there_and_inputs_follow_it():
    model = convolutional().cuda()
    assert _report(model).scores["resque_dist"].value is not None
    assert {parameter.device.type for parameter in model.parameters()} == {"cuda"}


def test_sketches_stay_on_the_device_and_leave_it_as_arrays():
    model = convolutional().cuda()
    with Taps(model) as taps:
        observation = taps.observe(images(4))
    assert observation.embedding.is_cuda
    assert observation.logits.is_cuda


def test_a_wrong_shape_is_still_told_in_words():
    with pytest.raises(InputsRejected):
        measure_shift(convolutional(), [(torch.randn(4, 2, 8, 8), None)], [], device="cuda")


def test_the_layer_table_takes_a_model_on_cuda():
    assert [layer.name for layer in layer_table(convolutional().cuda(), images(2))] == ["conv", "norm", "head"]
