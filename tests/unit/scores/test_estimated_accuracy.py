import numpy as np
import pytest

from modelreuse.scores.estimated_accuracy import EstimatedAccuracy
from unit.scores import published
from unit.scores.samples import Samples, result_of, samples


def _confidence(data):
    return published.softmax(data.logits).max(axis=1)


@pytest.mark.parametrize("shift", [0.5, 1.5, 3.0])
def test_the_histogram_gives_what_sorted_confidences_give(shift):
    old, new = samples(1, n=3000), samples(2, n=3000, shift=shift)
    result = result_of(EstimatedAccuracy(), old.batches(), new.batches(labelled=False))
    exact = published.atc(_confidence(old), old.predicted == old.labels, _confidence(new))
    assert result.value == pytest.approx(exact, abs=0.002)
    assert exact < 0.99


def test_on_the_reference_itself_it_is_the_accuracy():
    old = samples(1)
    result = result_of(EstimatedAccuracy(), old.batches(), old.batches(labelled=False))
    assert result.value == pytest.approx(np.mean(old.predicted == old.labels), abs=1e-12)
    assert result.details["reference_accuracy"] == result.value


def test_it_does_not_look_at_new_labels():
    old, new = samples(1), samples(2, shift=1.5)
    wrong = Samples(new.logits, new.embedding, (new.labels + 1) % 4)
    told = [result_of(EstimatedAccuracy(), old.batches(), data.batches()).value for data in (new, wrong)]
    assert told[0] == told[1]


def test_a_reference_without_a_mistake_puts_the_threshold_at_its_lowest_confidence():
    old = samples(1)
    faultless = Samples(old.logits, old.embedding, old.predicted)
    result = result_of(EstimatedAccuracy(), faultless.batches(), old.batches())
    assert result.value == 1.0
    assert result.details["threshold"] == pytest.approx(_confidence(old).min(), rel=0.02)


def test_a_reference_that_is_always_wrong_estimates_zero():
    old = samples(1)
    wrong = Samples(old.logits, old.embedding, (old.predicted + 1) % 4)
    result = result_of(EstimatedAccuracy(), wrong.batches(), old.batches())
    assert result.value == 0.0


def test_confidence_beyond_float_resolution_shares_the_last_bin():
    old = samples(1)
    certain = Samples(old.logits * 1e6, old.embedding, old.labels)
    result = result_of(EstimatedAccuracy(), certain.batches(), certain.batches())
    assert result.value == pytest.approx(np.mean(old.predicted == old.labels), abs=1e-12)


def test_it_needs_labels_in_the_reference():
    result = result_of(EstimatedAccuracy(), samples(1).batches(labelled=False), samples(2).batches())
    assert result.undefined is not None
    assert result.undefined.reason == "LabelsMissing"


def test_unlabelled_reference_batches_are_passed_over():
    old, new = samples(1), samples(2, shift=1.5)
    first, rest = old.take(slice(0, 200)), old.take(slice(200, 400))
    mixed = result_of(EstimatedAccuracy(), [*first.batches(), *rest.batches(labelled=False)], new.batches())
    assert mixed.value == result_of(EstimatedAccuracy(), first.batches(), new.batches()).value
