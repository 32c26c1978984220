import copy

import pytest
import torch

from modelreuse.scores import (
    EmptyData,
    Evidence,
    LabelsOutOfRange,
    Observation,
    OneClass,
    ReferencePass,
    UnknownLayer,
    WrongShape,
    compare,
    measure_shift,
    pass_over_new,
    pass_over_reference,
)
from modelreuse.scores.keys import row_keys
from unit.scores.networks import convolutional, exported, images


def _batches(x, labels=None, size=64):
    for start in range(0, len(x), size):
        rows = slice(start, start + size)
        yield x[rows], None if labels is None else labels[rows]


def _labels(model, x):
    labels = copy.deepcopy(model).eval()(x).argmax(dim=1)
    return torch.where(torch.arange(len(x)) % 7 == 0, (labels + 1) % 3, labels)


def _values(results):
    return {name: result.value for name, result in results.items()}


def test_the_report_tells_what_the_scores_say_on_the_same_tensors():
    model, old, new = convolutional(), images(300), images(250, seed=1) + 0.5
    report = measure_shift(model, _batches(old, _labels(model, old)), _batches(new, _labels(model, new)))
    model.eval()

    def observations(x, labels):
        conv = model.conv(x)
        embedding = torch.relu(model.norm(conv)).mean(dim=(2, 3))
        tapped = {"conv": conv, "head": model(x)}
        yield Observation.from_arrays(model(x), embedding, labels, tapped, keys=row_keys([x]))

    expected = compare(observations(old, _labels(model, old)), observations(new, _labels(model, new)))
    assert _values(report.scores) == {
        n: v if v is None else pytest.approx(v, abs=1e-4) for n, v in _values(expected).items()
    }
    assert [name for name, value in _values(report.scores).items() if value is None] == ["cka"]


def test_the_report_says_what_was_seen():
    model, x = convolutional(), images(300)
    report = measure_shift(model, _batches(x, _labels(model, x)), _batches(images(100)))
    assert (report.head, report.classes, report.embedding_size) == ("head", 3, 6)
    assert (report.reference.samples, report.reference.labelled, report.reference.batches) == (300, 300, 5)
    assert (report.new.samples, report.new.labelled, report.new.batches) == (100, 0, 2)


def test_unshifted_data_have_no_distance():
    report = measure_shift(convolutional(), _batches(images(300)), _batches(images(300)))
    assert report.scores["resque_dist"].details["raw"] == 0
    assert report.scores["confidence"].details["difference"] == 0
    assert report.findings == ()


def test_a_collapse_is_a_finding_of_the_report():
    model = convolutional()
    with torch.no_grad():
        alike = images(300)[model.eval()(images(300)).argmax(dim=1) == 0][:1].repeat(100, 1, 1, 1)
    report = measure_shift(model, _batches(images(300)), _batches(alike))
    assert "ClassCollapse" in {finding.reason for finding in report.findings}


def test_an_exported_model_gives_the_same_report():
    model = convolutional()
    ours = measure_shift(exported(model, images(4)), _batches(images(300)), _batches(images(300) + 0.5))
    original = measure_shift(model, _batches(images(300)), _batches(images(300) + 0.5))
    assert _values(ours.scores) == {
        name: value if value is None else pytest.approx(value, abs=1e-4)
        for name, value in _values(original.scores).items()
    }


def test_an_exported_model_can_be_measured_twice():
    """`unflatten` gives a model in training mode whose mode must come back as it was."""
    model = exported(convolutional(), images(4))
    before = [module.training for module in model.modules()]
    measure_shift(model, _batches(images(300)), _batches(images(300)))
    measure_shift(model, _batches(images(300)), _batches(images(300)))
    assert [module.training for module in model.modules()] == before


def test_no_gradient_and_no_statistic_of_the_model_changes():
    model = convolutional()
    before = {name: values.clone() for name, values in model.state_dict().items()}
    measure_shift(model, _batches(images(300)), _batches(images(300) + 3))
    assert all(torch.equal(before[name], values) for name, values in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())
    assert model.training


def test_a_head_that_was_named_serves_both_passes():
    model = convolutional()
    reference = pass_over_reference(model, _batches(images(300)), head="norm")
    report = pass_over_new(model, _batches(images(300)), reference)
    assert (reference.head, report.head) == ("norm", "norm")
    assert report.scores["resque_dist"].details["raw"] == 0


def test_a_restored_reference_finds_the_head_anew():
    model = convolutional()
    restored = ReferencePass()
    restored.merge_arrays(pass_over_reference(model, _batches(images(300))).to_arrays())
    report = pass_over_new(model, _batches(images(300)), restored)
    assert report.head == "head"
    assert report.scores["resque_dist"].details["raw"] == 0


def test_another_layer_than_the_reference_had_is_refused():
    model = convolutional()
    reference = pass_over_reference(model, _batches(images(300)))
    reference.head = "conv"
    with pytest.raises(WrongShape, match=r"^new: .*embeddings of 1 numbers, but the reference had 3 and 6"):
        pass_over_new(model, _batches(images(300)), reference)


def test_errors_name_the_field_the_batch_and_the_value():
    model, x = convolutional(), images(300)
    labels = _labels(model, x)
    labels[130] = 9
    with pytest.raises(LabelsOutOfRange, match=r"^spec\.data\.new\.uri: batch 3: labels: 9 is outside 0\.\.2"):
        measure_shift(model, _batches(x), _batches(x, labels), new_name="spec.data.new.uri")


def test_an_unknown_layer_is_not_blamed_on_the_data():
    with pytest.raises(UnknownLayer, match=r"^layer 'haed' is not in the model"):
        measure_shift(convolutional(), _batches(images(9)), _batches(images(9)), head="haed")


@pytest.mark.parametrize("nothing", [[], [(torch.empty(0, 1, 8, 8), None)]])
def test_no_sample_is_empty_data(nothing):
    with pytest.raises(EmptyData, match=r"^reference: no samples"):
        measure_shift(convolutional(), nothing, _batches(images(9)))
    with pytest.raises(EmptyData, match=r"^new: no samples"):
        measure_shift(convolutional(), _batches(images(300)), nothing)


def test_a_reference_of_one_class_is_refused():
    x = images(300)
    with pytest.raises(OneClass, match=r"^reference: all 300 labels are class 1"):
        measure_shift(convolutional(), _batches(x, torch.ones(300, dtype=torch.int64)), _batches(x))


def test_batches_are_read_one_at_a_time():
    taken = []

    def lazily():
        for number, batch in enumerate(_batches(images(300))):
            taken.append(number)
            yield batch

    told = []
    pass_over_reference(convolutional(), lazily(), progress=lambda seen: told.append((seen, len(taken))))
    assert told == [(64, 1), (128, 2), (192, 3), (256, 4), (300, 5)]


def test_a_device_by_name_is_taken():
    report = measure_shift(convolutional(), _batches(images(300)), _batches(images(300)), device="cpu")
    assert report.scores["resque_dist"].details["raw"] == 0


def test_inputs_without_a_sample_dimension_are_refused():
    with pytest.raises(WrongShape, match="no dimension for samples"):
        measure_shift(convolutional(), [(torch.tensor(1.0), None)], _batches(images(9)))


def test_the_report_tells_how_far_each_layer_moved_and_on_what_evidence():
    model, x = convolutional(), images(300)
    report = measure_shift(model, _batches(x, _labels(model, x)), _batches(x + 2, _labels(model, x)))
    assert [(layer.name, layer.channels) for layer in report.layers] == [("conv", 6), ("head", 3), ("(embedding)", 6)]
    assert all(layer.moved for layer in report.layers)
    assert report.scores["arm"].value == pytest.approx(sum(layer.distance.value for layer in report.layers) / 3)
    assert report.evidence is Evidence.FULL_LABELS
    assert measure_shift(model, _batches(x), _batches(images(300, seed=1))).evidence is Evidence.NO_LABELS


def test_unmoved_layers_are_not_called_moved():
    report = measure_shift(convolutional(), _batches(images(600)), _batches(images(600, seed=1)))
    assert not any(layer.moved for layer in report.layers)


def test_clusters_travel_with_the_batches():
    x = images(300)
    few = images(30, seed=1).repeat(10, 1, 1, 1) + 1e-3 * images(300, seed=2)

    def error(clusters):
        new = [(few[i : i + 50], None, clusters[i : i + 50]) for i in range(0, 300, 50)]
        return measure_shift(convolutional(), _batches(x), new).scores["arm"].standard_error

    assert error(torch.arange(300) % 30) > 1.5 * error(torch.arange(300))


def test_a_restored_reference_taps_the_same_layers():
    model = convolutional()
    restored = ReferencePass()
    restored.merge_arrays(pass_over_reference(model, _batches(images(300)), layers=["norm"]).to_arrays())
    report = pass_over_new(model, _batches(images(300)), restored)
    assert [layer.name for layer in report.layers] == ["norm", "(embedding)"]


def test_a_constant_layer_is_a_finding():
    model = convolutional()
    with torch.no_grad():
        model.conv.weight.zero_()
        model.norm.running_var.fill_(1)
    x = images(300)
    labels = torch.arange(300) % 3
    report = measure_shift(model, _batches(x, labels), _batches(x, labels), head="head")
    assert {"ConstantLayers"} <= {finding.reason for finding in report.findings}
    assert report.scores["arm"].undefined.reason == "ConstantLayers"


def test_one_new_sample_has_no_distance_but_an_answer_for_every_score():
    model, x = convolutional(), images(300)
    report = measure_shift(model, _batches(x, _labels(model, x)), [(x[:1], torch.tensor([1]))])
    undefined = {name: r.undefined.reason for name, r in report.scores.items() if r.undefined}
    for name in ("arm", "representation_change", "frechet", "mmd", "logme", "lda_error"):
        assert undefined[name] == "TooFewSamples"
    assert report.scores["initial_error"].value in {0.0, 1.0}
