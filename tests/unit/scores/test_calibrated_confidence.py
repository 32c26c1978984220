import numpy as np
import pytest
import torch

from modelreuse.scores.calibrated_confidence import CalibratedConfidence, temperature
from unit.scores import published
from unit.scores.samples import Samples, result_of, samples


def _cross_entropy(data, t):
    return -np.log(published.softmax(data.logits / t)[np.arange(len(data.labels)), data.labels]).mean()


def test_the_temperature_is_the_best_of_a_fine_grid():
    data = samples(1, n=1000)
    grid = np.exp(np.linspace(-2, 2, 2001))
    best = grid[np.argmin([_cross_entropy(data, t) for t in grid])]
    assert temperature(torch.tensor(data.logits), torch.tensor(data.labels)) == pytest.approx(best, rel=0.003)


def test_an_overconfident_model_is_cooled_to_its_accuracy():
    old, new = samples(1, n=2000), samples(2, n=2000)
    result = result_of(CalibratedConfidence(), old.batches(500), new.batches(500, labelled=False))
    scaled = published.softmax(new.logits / result.details["temperature"]).max(axis=1).mean()
    assert result.value == pytest.approx(scaled, abs=1e-6)
    assert result.details["temperature"] > 1.5
    assert result.value == pytest.approx(np.mean(new.predicted == new.labels), abs=0.04)


def test_a_faultless_reference_has_an_end_of_the_range_for_temperature():
    old = samples(1)
    faultless = Samples(old.logits, old.embedding, old.predicted)
    result = result_of(CalibratedConfidence(), faultless.batches(), old.batches())
    assert result.details["temperature"] == pytest.approx(np.exp(-4), rel=0.01)
    assert np.isfinite(result.value)


def test_without_reference_labels_it_is_undefined():
    result = result_of(CalibratedConfidence(), samples(1).batches(labelled=False), samples(2).batches())
    assert result.undefined.reason == "LabelsMissing"
