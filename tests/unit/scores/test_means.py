"""Confidence, initial error and initial cross-entropy: means over samples, on both sides."""

import numpy as np
import pytest

from modelreuse.scores import Observation
from modelreuse.scores.confidence import Confidence
from modelreuse.scores.initial_cross_entropy import InitialCrossEntropy
from modelreuse.scores.initial_error import InitialError
from unit.scores import published
from unit.scores.samples import result_of, samples


def _confidence(data):
    return published.softmax(data.logits).max(axis=1).mean()


def _error(data):
    return np.mean(data.predicted != data.labels)


def _cross_entropy(data):
    return -np.log(published.softmax(data.logits)[np.arange(len(data.labels)), data.labels]).mean()


@pytest.mark.parametrize(
    ("score", "figure"), [(Confidence, _confidence), (InitialError, _error), (InitialCrossEntropy, _cross_entropy)]
)
def test_value_reference_and_difference_are_plain_means(score, figure):
    old, new = samples(1), samples(2, shift=2.0)
    result = result_of(score(), old.batches(), new.batches(7))
    assert result.value == pytest.approx(figure(new), abs=1e-12)
    assert result.details["reference"] == pytest.approx(figure(old), abs=1e-12)
    assert result.details["difference"] == pytest.approx(figure(new) - figure(old), abs=1e-12)
    assert result.samples == 400


def test_confidence_needs_no_labels():
    result = result_of(Confidence(), samples(1).batches(labelled=False), samples(2).batches(labelled=False))
    assert result.value == pytest.approx(_confidence(samples(2)))
    assert result.basis is None


@pytest.mark.parametrize("score", [InitialError, InitialCrossEntropy])
def test_without_new_labels_only_the_reference_is_told(score):
    result = result_of(score(), samples(1).batches(), samples(2).batches(labelled=False))
    assert result.undefined is not None
    assert result.undefined.reason == "LabelsMissing"
    assert set(result.details) == {"reference"}


def test_without_reference_labels_the_new_error_still_stands():
    result = result_of(InitialError(), samples(1).batches(labelled=False), samples(2).batches())
    assert result.value == pytest.approx(_error(samples(2)))
    assert set(result.details) == {"standard_error"}


def test_labels_on_some_batches_count_those_samples():
    new = samples(2)
    batches = [*new.take(slice(0, 100)).batches(), *new.take(slice(100, 400)).batches(labelled=False)]
    result = result_of(InitialError(), samples(1).batches(), batches)
    assert result.value == pytest.approx(_error(new.take(slice(0, 100))))
    assert result.samples == 100


def test_a_certain_mistake_has_a_large_but_finite_cross_entropy():
    logits, embedding = np.array([[0.0, 1e4]] * 20, dtype=np.float32), np.ones((20, 1))
    batch = [Observation.from_arrays(logits, embedding, np.zeros(20, int))]
    assert result_of(InitialCrossEntropy(), batch, batch).value == pytest.approx(1e4)
