import numpy as np
import pytest
import torch

from modelreuse.scores import ClassBasis, Observation, adjusted_rand_index, balanced_nmi
from modelreuse.scores.nearest_centroid import k_means
from modelreuse.scores.resque_task import ResqueTask
from unit.scores import published
from unit.scores.samples import Samples, one_hot, result_of, samples


def test_the_adjusted_rand_index_is_that_of_pairs_of_samples():
    random = np.random.default_rng(0)
    first = random.integers(0, 4, 120)
    second = np.where(random.random(120) < 0.6, first, random.integers(0, 5, 120))
    table = np.zeros((4, 5))
    np.add.at(table, (first, second), 1)
    assert adjusted_rand_index(torch.tensor(table)) == pytest.approx(
        published.adjusted_rand_index(first, second), abs=1e-12
    )


def test_a_renamed_partition_agrees_fully():
    assert adjusted_rand_index(torch.tensor([[0.0, 7.0], [5.0, 0.0]])) == 1.0


def test_the_index_of_two_trivial_partitions_is_refused():
    with pytest.raises(ValueError, match="trivial"):
        adjusted_rand_index(torch.tensor([[9.0]]))


@pytest.mark.parametrize("basis", list(ClassBasis))
def test_it_compares_classes_with_the_nearest_reference_centroids(basis):
    old, new = samples(1), samples(2, shift=2.0)
    then, now = (old.labels, new.labels) if basis is ClassBasis.LABELS else (old.predicted, new.predicted)
    nearest = published.nearest_centroid(old.embedding, then, new.embedding, range(4))
    result = result_of(ResqueTask(basis), old.batches(), new.batches(33))
    assert 1 - result.value == pytest.approx(published.adjusted_rand_index(now, nearest), abs=1e-9)
    assert result.details["agreement"] == pytest.approx(np.mean(now == nearest), abs=1e-12)
    assert result.basis is basis


def test_classes_that_swapped_places_agree_by_index_but_not_by_rate():
    old = samples(1, classes=2)
    swapped = Samples(old.logits[:, ::-1], old.embedding, 1 - old.labels)
    result = result_of(ResqueTask(ClassBasis.LABELS), old.batches(), swapped.batches())
    unchanged = result_of(ResqueTask(ClassBasis.LABELS), old.batches(), old.batches())
    assert result.value == unchanged.value
    assert result.details["agreement"] == pytest.approx(1 - unchanged.details["agreement"])


def test_a_common_offset_of_the_embedding_costs_no_digits():
    old, new = samples(1), samples(2, shift=1.0)
    near = result_of(ResqueTask(ClassBasis.PREDICTED), old.batches(), new.batches())
    offset = [Samples(s.logits, s.embedding + 1e8, s.labels) for s in (old, new)]
    far = result_of(ResqueTask(ClassBasis.PREDICTED), offset[0].batches(), offset[1].batches())
    assert far.value == near.value


def test_a_reference_class_with_fewer_than_20_samples_has_no_centroid():
    old = samples(1)
    few = old.take(np.concatenate([np.flatnonzero(old.labels != 3), np.flatnonzero(old.labels == 3)[:19]]))
    result = result_of(ResqueTask(ClassBasis.LABELS), few.batches(), samples(2).batches())
    assert result.details["centroids"] == 3


def test_one_reference_class_says_so():
    logits, embedding = one_hot(np.zeros(40, int), 2), np.random.default_rng(0).normal(size=(40, 3))
    batch = [Observation.from_arrays(logits, embedding)]
    result = result_of(ResqueTask(ClassBasis.PREDICTED), batch, batch)
    assert result.undefined is not None
    assert result.undefined.reason == "OneClass"


def test_new_data_of_one_class_say_so():
    old = samples(1)
    new = old.take(np.flatnonzero(old.labels == 2))
    result = result_of(ResqueTask(ClassBasis.LABELS), old.batches(), new.batches())
    assert result.undefined is not None
    assert result.undefined.reason == "OneClass"


def test_two_new_samples_are_too_few():
    """One in each class and each at its own centroid: the index is 0/0."""
    classes = np.arange(40) % 2
    old = Observation.from_arrays(one_hot(classes, 2), one_hot(classes, 2) * 10)
    pair = Observation.from_arrays(np.eye(2), np.eye(2) * 10)
    result = result_of(ResqueTask(ClassBasis.PREDICTED), [old], [pair])
    assert result.undefined is not None
    assert result.undefined.reason == "TooFewSamples"


def test_without_labels_in_the_new_data_the_labelled_figure_is_undefined():
    result = result_of(ResqueTask(ClassBasis.LABELS), samples(1).batches(), samples(2).batches(labelled=False))
    assert result.undefined is not None
    assert result.undefined.reason == "LabelsMissing"


def test_the_k_means_figure_is_that_of_the_published_loop():
    old, new = samples(1), samples(2, shift=1.5)
    result = result_of(ResqueTask(ClassBasis.LABELS), old.batches(), new.batches())
    starts = np.array([old.embedding[old.labels == c].mean(axis=0) for c in range(4)])
    clusters = published.k_means(new.embedding, starts)
    assert 1 - result.details["k_means"] == pytest.approx(published.adjusted_rand_index(new.labels, clusters), abs=1e-9)
    assert k_means(torch.tensor(new.embedding), torch.tensor(starts)).tolist() == clusters.tolist()


def test_the_reference_is_judged_by_the_other_halfs_centroids():
    old = samples(1)
    result = result_of(ResqueTask(ClassBasis.LABELS), old.batches(), old.batches())
    assert result.details["reference"] == pytest.approx(result.value, abs=0.1)


def test_every_class_weighs_the_same_in_the_balanced_mutual_information():
    """The rare class is told apart as well as the frequent one; doubling the frequent one changes nothing."""
    few, many = (torch.tensor(table, dtype=torch.float64) for table in ([[90, 10], [1, 9]], [[180, 20], [1, 9]]))
    assert balanced_nmi(few) == pytest.approx(balanced_nmi(many), abs=1e-12)
    assert balanced_nmi(few) == pytest.approx(published.balanced_nmi(few.numpy()), abs=1e-12)
    assert balanced_nmi(torch.tensor([[0.0, 5.0], [9.0, 0.0]])) == pytest.approx(1.0)
    assert balanced_nmi(torch.tensor([[5.0, 5.0], [9.0, 9.0]])) == pytest.approx(0.0, abs=1e-12)


def test_the_standard_error_is_that_of_the_index_over_many_data_sets():
    old = samples(1, n=2000)
    results = [
        result_of(ResqueTask(ClassBasis.LABELS), old.batches(500), samples(s, n=1000, shift=1.5).batches(500))
        for s in range(2, 22)
    ]
    seen = np.std([result.value for result in results], ddof=1)
    told = np.mean([result.details["standard_error"] for result in results])
    assert 0.5 < told / seen < 2
