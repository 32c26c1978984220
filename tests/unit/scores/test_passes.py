import io

import numpy as np
import pytest
import torch

from modelreuse.scores import (
    SCORES,
    EmptyData,
    Observation,
    OneClass,
    ReferencePass,
    ScoreResult,
    WrongShape,
    compare,
)
from modelreuse.scores.initial_error import InitialError
from unit.scores.samples import samples

NEED_LABELS = {
    "initial_error",
    "initial_cross_entropy",
    "resque_dist_labelled",
    "resque_task_labelled",
    "lda_error",
    "logme",
    "calibrated_confidence",
    "estimated_accuracy",
}


def _reference(data, **options):
    reference = ReferencePass()
    for observation in data.batches(**options):
        reference.update(observation)
    return reference


def _values(results):
    return {name: result.value for name, result in results.items()}


def test_every_score_of_the_table_answers_under_its_own_name():
    results = compare(samples(1).batches(), samples(2, shift=1).batches())
    assert list(results) == list(SCORES)
    assert {name: result.name for name, result in results.items()} == {name: name for name in SCORES}
    assert {name for name, result in results.items() if result.value is None} == {"cka"}
    assert results["cka"].undefined.reason == "NotPaired"


def test_without_any_label_the_label_free_scores_remain():
    results = compare(samples(1).batches(labelled=False), samples(2).batches(labelled=False))
    defined = {name for name, result in results.items() if result.value is not None}
    assert defined == set(SCORES) - NEED_LABELS - {"cka"}
    assert {results[name].undefined.reason for name in NEED_LABELS} == {"LabelsMissing"}


def test_of_an_audit_the_labelled_samples_alone_tell_the_error():
    new = samples(2, shift=1)
    audited = np.arange(len(new.labels)) % 10 == 0
    labels = np.where(audited, new.labels, -1)
    error = compare(samples(1).batches(), [Observation.from_arrays(new.logits, new.embedding, labels)])["initial_error"]
    assert error.samples == audited.sum()
    assert error.value == pytest.approx((new.logits.argmax(1) != new.labels)[audited].mean())


def test_a_model_without_classes_has_the_scores_that_need_none():
    def embeddings(data):
        return [Observation.from_arrays(None, data.embedding)]

    results = compare(embeddings(samples(1)), embeddings(samples(2, shift=1)))
    defined = {name for name, result in results.items() if result.value is not None}
    assert defined == {"arm", "representation_change", "frechet", "mmd"}
    assert results["resque_dist"].undefined.reason == "NoClasses"


def test_a_chosen_table_gives_just_those_scores():
    results = compare(samples(1).batches(), samples(2).batches(), scores={"initial_error": InitialError()})
    assert list(results) == ["initial_error"]


def test_a_reference_restored_from_a_file_gives_the_same_results():
    stored = io.BytesIO()
    np.savez(stored, **_reference(samples(1)).to_arrays())
    stored.seek(0)
    restored = ReferencePass()
    with np.load(stored, allow_pickle=False) as arrays:
        restored.merge_arrays(arrays)
    new = restored.compare()
    for observation in samples(2, shift=1).batches():
        new.update(observation)
    assert _values(new.results()) == _values(compare(samples(1).batches(), samples(2, shift=1).batches()))


def test_arrays_of_an_unknown_sketch_are_refused():
    with pytest.raises(ValueError, match="'magic/sums' belongs to no sketch"):
        ReferencePass().merge_arrays({"magic/sums": np.zeros(3)})


def test_merging_does_not_change_the_other_shard():
    one, two = _reference(samples(1)), _reference(samples(2))
    before = {name: values.copy() for name, values in two.to_arrays().items()}
    one.merge(two)
    one.merge(two)
    after = two.to_arrays()
    assert all(np.array_equal(before[name], after[name]) for name in before)


def test_a_merged_sketch_goes_on_without_the_one_it_took_in():
    empty, known = ReferencePass(), _reference(samples(1))
    empty.merge(known)
    empty.update(next(samples(2).batches()))
    untouched = _reference(samples(1)).to_arrays()
    assert all(np.array_equal(values, untouched[name]) for name, values in known.to_arrays().items())
    assert empty.summary().samples == known.summary().samples + 64


def test_tensors_that_track_gradients_leave_none_in_the_sketch():
    reference, data = ReferencePass(), samples(1)
    logits, embedding = (torch.tensor(values, requires_grad=True) for values in (data.logits, data.embedding))
    reference.update(Observation(logits, embedding, torch.tensor(data.labels)))
    expected = _reference(data, size=400).to_arrays()
    assert all(np.array_equal(values, expected[name]) for name, values in reference.to_arrays().items())


def test_shards_of_new_data_merge_to_the_whole():
    reference, new = _reference(samples(1)), samples(2, shift=1)
    whole, left, right = reference.compare(), reference.compare(), reference.compare()
    for observation in new.batches():
        whole.update(observation)
    for part, rows in ((left, slice(0, 150)), (right, slice(150, 400))):
        for observation in new.take(rows).batches():
            part.update(observation)
    left.merge(right)
    merged, expected = _values(left.results()), _values(whole.results())
    assert merged == {name: pytest.approx(value, abs=1e-12) for name, value in expected.items()}


def test_memory_does_not_grow_with_samples():
    few, many = _reference(samples(1, n=2100)), _reference(samples(1, n=9000))
    assert [a.nbytes for a in few.to_arrays().values()] == [a.nbytes for a in many.to_arrays().values()]


def test_no_reference_is_empty_data_and_names_the_side():
    with pytest.raises(EmptyData, match=r"^reference: no samples"):
        compare([], samples(2).batches())


def test_no_new_data_is_empty_data_and_names_the_side():
    with pytest.raises(EmptyData, match=r"^new: no samples"):
        compare(samples(1).batches(), [])


def test_a_reference_of_one_label_is_refused():
    one = samples(1)
    one = one.take(np.flatnonzero(one.labels == 2))
    with pytest.raises(OneClass, match=r"^reference: all .* labels are class 2"):
        compare(one.batches(), samples(2).batches())


def test_a_reference_that_is_always_called_the_same_is_refused():
    one = samples(1)
    one = one.take(np.flatnonzero(one.predicted == 1))
    with pytest.raises(OneClass, match=r"^reference: the model calls all .* samples class 1"):
        compare(one.batches(labelled=False), samples(2).batches())


def test_new_data_of_one_class_are_a_finding():
    one = samples(2)
    one = one.take(np.flatnonzero(one.labels == 2))
    new = _reference(samples(1)).compare()
    for observation in one.batches():
        new.update(observation)
    assert "OneClass" in {finding.reason for finding in new.findings()}


def test_a_model_with_another_number_of_classes_is_refused():
    with pytest.raises(WrongShape, match=r"^new: 5 classes .*, but the reference had 4"):
        compare(samples(1).batches(), samples(2, classes=5).batches())


def test_a_result_is_never_nan():
    with pytest.raises(ValueError, match="value is nan"):
        ScoreResult("x", float("nan"), "", 1)


def test_a_result_has_a_value_or_a_reason():
    with pytest.raises(ValueError, match="either a value or the reason"):
        ScoreResult("x", None, "", 1)
