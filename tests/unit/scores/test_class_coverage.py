import numpy as np
import pytest

from modelreuse.scores import Observation
from modelreuse.scores.class_coverage import ClassCoverage
from unit.scores.samples import one_hot, result_of


def _predicting(*counts):
    classes = np.repeat(np.arange(len(counts)), counts)
    return [Observation.from_arrays(one_hot(classes, len(counts)), np.ones((len(classes), 1)))]


def test_fewer_than_half_of_the_classes_is_a_collapse():
    result = result_of(ClassCoverage(), _predicting(50, 50, 50, 50), _predicting(196, 2, 1, 1))
    assert result.value == 0.25
    assert result.finding is not None
    assert result.finding.reason == "ClassCollapse"
    assert "only 1 of the reference's 4 classes" in result.finding.message
    assert "98 % of the samples are called class 0" in result.finding.message


def test_half_of_the_classes_is_none():
    result = result_of(ClassCoverage(), _predicting(50, 50, 50, 50), _predicting(100, 98, 1, 1))
    assert result.value == 0.5
    assert result.finding is None


def test_a_class_needs_20_predictions_in_a_large_data_set():
    result = result_of(ClassCoverage(), _predicting(50, 50, 50), _predicting(161, 20, 19))
    assert result.details["classes"] == 2


def test_a_small_data_set_is_not_taken_for_a_collapse():
    result = result_of(ClassCoverage(), _predicting(50, 50, 50, 50), _predicting(3, 2, 3, 2))
    assert result.value == 1.0


def test_a_class_rare_in_the_reference_is_not_missed():
    result = result_of(ClassCoverage(), _predicting(50, 50, 19), _predicting(50, 50, 0))
    assert result.value == 1.0
    assert result.details["reference_classes"] == 2


def test_a_reference_too_small_to_count_is_undefined():
    result = result_of(ClassCoverage(), _predicting(5, 5), _predicting(50, 50))
    assert result.undefined is not None
    assert result.undefined.reason == "TooFewSamples"


def test_the_share_of_the_reference_scales_what_is_expected():
    """20 of 1,000 in the reference: of 100 new samples 2 are expected, and 1 is enough."""
    result = result_of(ClassCoverage(), _predicting(980, 20), _predicting(99, 1))
    assert result.value == pytest.approx(1.0)
