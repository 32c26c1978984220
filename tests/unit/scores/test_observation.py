import numpy as np
import pytest
import torch

from modelreuse.scores import (
    ActivationsNotFinite,
    LabelsNotIntegers,
    LabelsOutOfRange,
    Observation,
    OneClass,
    WrongShape,
)

LOGITS = np.zeros((5, 3), dtype=np.float32)
EMBEDDING = np.ones((5, 2), dtype=np.float32)


def test_numpy_and_torch_mean_the_same():
    from_numpy = Observation.from_arrays(LOGITS, EMBEDDING, np.arange(5) % 3)
    from_torch = Observation.from_arrays(torch.zeros(5, 3), torch.ones(5, 2), torch.arange(5) % 3)
    assert torch.equal(from_numpy.logits, from_torch.logits)
    assert torch.equal(from_numpy.labels, from_torch.labels)


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.float64, np.dtype(">i4"), bool])
def test_whole_number_labels_of_any_type_are_taken(dtype):
    observation = Observation.from_arrays(LOGITS, EMBEDDING, np.array([0, 1, 1, 0, 1]).astype(dtype))
    assert observation.labels.tolist() == [0, 1, 1, 0, 1]


def test_fractional_labels_are_refused_with_the_value():
    with pytest.raises(LabelsNotIntegers, match=r"labels: 1.5 is not a whole number"):
        Observation.from_arrays(LOGITS, EMBEDDING, np.array([0, 1, 1.5, 0, 1]))


def test_text_labels_are_refused():
    with pytest.raises(LabelsNotIntegers, match="class indices"):
        Observation.from_arrays(LOGITS, EMBEDDING, np.array(list("abcab")))


@pytest.mark.parametrize("odd", [3, -2])
def test_a_label_outside_the_outputs_is_refused_with_value_and_range(odd):
    with pytest.raises(LabelsOutOfRange, match=rf"labels: {odd} is outside 0\.\.2"):
        Observation.from_arrays(LOGITS, EMBEDDING, np.array([0, 1, 2, odd, 0]))


def test_a_sample_may_have_no_label():
    assert Observation.from_arrays(LOGITS, EMBEDDING, np.array([0, -1, 2, -1, 0])).samples == 5


@pytest.mark.parametrize("shape", [(5, 1), (4,), (5, 3)])
def test_labels_of_another_shape_are_refused(shape):
    with pytest.raises(WrongShape, match=r"labels: shape .* give \(5,\)"):
        Observation.from_arrays(LOGITS, EMBEDDING, np.zeros(shape, int))


def test_logits_of_images_are_refused():
    with pytest.raises(WrongShape, match=r"logits: shape \(5, 3, 2\); give \(n, k\)"):
        Observation.from_arrays(np.zeros((5, 3, 2)), EMBEDDING)


def test_a_single_output_is_one_class_and_the_way_out_is_told():
    with pytest.raises(OneClass, match="two logits"):
        Observation.from_arrays(np.zeros((5, 1)), EMBEDDING)


def test_rows_must_pair():
    with pytest.raises(WrongShape, match="embedding: 4 rows for 5 rows of logits"):
        Observation.from_arrays(LOGITS, EMBEDDING[:4])


def test_whole_number_logits_are_refused():
    with pytest.raises(WrongShape, match="floating point"):
        Observation.from_arrays(np.zeros((5, 3), int), EMBEDDING)


def test_activations_have_a_row_per_sample():
    with pytest.raises(WrongShape, match="conv"):
        Observation.from_arrays(LOGITS, EMBEDDING, activations={"conv": np.zeros((4, 2))})


@pytest.mark.parametrize("odd", [np.nan, np.inf])
def test_a_value_that_is_not_finite_names_its_array(odd):
    bad = EMBEDDING.copy()
    bad[2, 1] = odd
    with pytest.raises(ActivationsNotFinite, match="embedding"):
        Observation.from_arrays(LOGITS, bad)


def test_read_only_arrays_are_taken():
    frozen = LOGITS.copy()
    frozen.flags.writeable = False
    assert Observation.from_arrays(frozen, EMBEDDING).samples == 5
