"""The passes on CUDA: same figures, and nothing left behind on the model."""

import pytest
import torch

from modelreuse.scores import InputsRejected, ReferencePass, Taps, layer_table, measure_shift, pass_over_reference
from modelreuse.scores.keys import groups_of, row_keys
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
    on_cpu = _values(_report(convolutional()))
    assert on_gpu == {n: v if v is None else pytest.approx(v, abs=0.02, rel=0.05) for n, v in on_cpu.items()}


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


def test_a_sample_has_the_same_key_and_part_on_either_device():
    keys = row_keys([images(300)])
    on_gpu = row_keys([images(300).cuda()])
    assert torch.equal(on_gpu.cpu(), keys)
    assert torch.equal(groups_of(on_gpu).cpu(), groups_of(keys))


def test_sketches_of_a_gpu_and_a_cpu_shard_add_up():
    model = convolutional()
    merged = pass_over_reference(model, _batches(images(150)), device="cuda")
    merged.merge(pass_over_reference(model, _batches(images(150, seed=1)), device="cpu"))
    restored = ReferencePass()
    restored.merge_arrays(merged.to_arrays())
    assert restored.summary().samples == merged.summary().samples == 300
    assert restored.compare().reference.classes == 3


@pytest.mark.parametrize("precision", [torch.bfloat16, torch.float16])
def test_mixed_precision_moves_no_score_far(precision):
    full, half = (_report(convolutional(), device="cuda", precision=p).scores for p in (None, precision))
    for name in ("resque_dist", "arm", "confidence"):
        assert half[name].value == pytest.approx(full[name].value, abs=0.03)


def test_layers_are_found_and_measured_on_cuda():
    report = _report(convolutional(), device="cuda")
    assert [layer.name for layer in report.layers] == ["conv", "head", "(embedding)"]
