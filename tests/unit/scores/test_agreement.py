import numpy as np
import pytest

from modelreuse.scores import Observation
from modelreuse.scores.agreement import Agreement
from unit.scores import published
from unit.scores.samples import result_of, samples


def test_it_is_the_share_of_samples_whose_nearest_centroid_is_that_of_the_prediction():
    old, new = samples(1), samples(2, shift=1.5)
    nearest = published.nearest_centroid(old.embedding, old.predicted, new.embedding, range(4))
    result = result_of(Agreement(), old.batches(labelled=False), new.batches(33, labelled=False))
    assert result.value == pytest.approx(np.mean(nearest == new.predicted), abs=1e-12)
    assert result.details["difference"] == pytest.approx(result.value - result.details["reference"])


def test_unmoved_data_agree_as_the_reference_does():
    old, new = samples(1, n=2000), samples(2, n=2000)
    result = result_of(Agreement(), old.batches(500), new.batches(500))
    assert abs(result.details["difference"]) < 4 * result.standard_error


def test_the_standard_error_is_that_of_a_share():
    old, new = samples(1, n=2000), samples(2, n=2000, shift=1.5)
    result = result_of(Agreement(), old.batches(500), new.batches(500))
    assert result.standard_error == pytest.approx((result.value * (1 - result.value) / 2000) ** 0.5, rel=0.5)


def test_a_reference_without_two_classes_of_20_is_undefined():
    old, new = samples(1, n=30), samples(2)
    assert result_of(Agreement(), old.batches(), new.batches()).undefined.reason == "TooFewSamples"


def test_a_model_without_classes_has_none():
    sides = [[Observation.from_arrays(None, samples(s).embedding)] for s in (1, 2)]
    assert result_of(Agreement(), *sides).undefined.reason == "NoClasses"
