import numpy as np
import pytest

from modelreuse.scores import ClassBasis, Observation
from modelreuse.scores.resque_dist import ResqueDist
from unit.scores import published
from unit.scores.samples import Samples, one_hot, result_of, samples


def test_with_labels_it_is_the_published_figure_in_float64():
    old, new = samples(1), samples(2, shift=1.5)
    result = result_of(ResqueDist(ClassBasis.LABELS, minimum=1), old.batches(), new.batches(7))
    expected = published.resque_dist(old.embedding, old.labels, new.embedding, new.labels, range(4))
    assert result.details["raw"] == pytest.approx(expected, abs=1e-8)
    assert expected > 0.01


def test_it_stays_within_a_millionth_for_float32_embeddings():
    old, new = samples(1, dtype=np.float32), samples(2, shift=1.5, dtype=np.float32)
    result = result_of(ResqueDist(ClassBasis.LABELS), old.batches(), new.batches())
    expected = published.resque_dist(old.embedding, old.labels, new.embedding, new.labels, range(4))
    assert result.details["raw"] == pytest.approx(expected, abs=1e-6)


def test_without_labels_it_goes_by_the_predicted_classes_and_says_so():
    old, new = samples(1), samples(2, shift=1.5)
    result = result_of(ResqueDist(ClassBasis.PREDICTED), old.batches(labelled=False), new.batches(labelled=False))
    expected = published.resque_dist(old.embedding, old.predicted, new.embedding, new.predicted, range(4))
    assert result.details["raw"] == pytest.approx(expected, abs=1e-8)
    assert (result.name, result.basis) == ("resque_dist", ClassBasis.PREDICTED)


def test_predicted_classes_are_used_even_where_labels_exist():
    old, new = samples(1), samples(2, shift=1.5)
    with_labels = result_of(ResqueDist(ClassBasis.PREDICTED), old.batches(), new.batches())
    without = result_of(ResqueDist(ClassBasis.PREDICTED), old.batches(labelled=False), new.batches(labelled=False))
    assert with_labels.value == without.value


def test_a_tiny_turn_is_not_lost_to_rounding():
    """arccos of the cosine answers 0 here: 1 - cos(1e-9) is less than float64 resolves."""
    old = np.tile([1.0, 1.0], (40, 1))
    new = np.tile([1.0, 1.0 + 2e-9], (40, 1))
    logits = one_hot(np.arange(40) % 2, 2)
    result = result_of(
        ResqueDist(ClassBasis.PREDICTED), [Observation.from_arrays(logits, old)], [Observation.from_arrays(logits, new)]
    )
    assert result.details["raw"] == pytest.approx(1e-9 / np.pi, rel=1e-6)


def test_opposite_embeddings_are_one_apart():
    logits, embedding = one_hot(np.arange(40) % 2, 2), np.tile([3.0, -4.0], (40, 1))
    result = result_of(
        ResqueDist(ClassBasis.PREDICTED),
        [Observation.from_arrays(logits, embedding)],
        [Observation.from_arrays(logits, -embedding)],
    )
    assert result.details["raw"] == pytest.approx(1.0)


def test_a_class_with_fewer_than_20_samples_does_not_count():
    old, new = samples(1), samples(2, shift=1.5)
    few = np.concatenate([np.flatnonzero(new.labels != 3), np.flatnonzero(new.labels == 3)[:19]])
    result = result_of(ResqueDist(ClassBasis.LABELS), old.batches(), new.take(few).batches())
    expected = published.resque_dist(old.embedding, old.labels, new.embedding, new.labels, range(3))
    assert result.details["raw"] == pytest.approx(expected, abs=1e-8)
    assert result.details["classes"] == 3
    assert result.details["classes_left_out"] == 1
    assert result.samples == np.sum(new.labels != 3)


def test_a_class_with_20_samples_counts():
    old, new = samples(1), samples(2, shift=1.5)
    enough = np.concatenate([np.flatnonzero(new.labels != 3), np.flatnonzero(new.labels == 3)[:20]])
    result = result_of(ResqueDist(ClassBasis.LABELS), old.batches(), new.take(enough).batches())
    assert result.details["classes"] == 4


def test_no_class_with_enough_samples_is_undefined_not_nan():
    old, new = samples(1), samples(2, n=30)
    result = result_of(ResqueDist(ClassBasis.PREDICTED), old.batches(), new.batches())
    assert result.value is None
    assert result.undefined is not None
    assert result.undefined.reason == "TooFewSamples"


def test_a_class_that_sums_to_zero_is_left_out():
    old, new = samples(1), samples(2, shift=1.5)
    dead = Samples(new.logits, np.where((new.labels == 0)[:, None], 0.0, new.embedding), new.labels)
    result = result_of(ResqueDist(ClassBasis.LABELS), old.batches(), dead.batches())
    expected = published.resque_dist(old.embedding, old.labels, new.embedding, new.labels, range(1, 4))
    assert result.details["raw"] == pytest.approx(expected, abs=1e-8)


def test_embeddings_that_are_all_zero_have_no_direction():
    logits, dead = one_hot(np.arange(40) % 2, 2), np.zeros((40, 3))
    batch = [Observation.from_arrays(logits, dead)]
    result = result_of(ResqueDist(ClassBasis.PREDICTED), batch, batch)
    assert result.undefined is not None
    assert result.undefined.reason == "ZeroEmbedding"


@pytest.mark.parametrize("labelled", [(True, False), (False, True), (False, False)])
def test_the_labelled_figure_needs_labels_on_both_sides(labelled):
    old, new = samples(1).batches(labelled=labelled[0]), samples(2).batches(labelled=labelled[1])
    result = result_of(ResqueDist(ClassBasis.LABELS), old, new)
    assert result.undefined is not None
    assert result.undefined.reason == "LabelsMissing"


def test_long_embeddings_are_compared_whole_and_only_their_replicates_are_projected():
    old, new = samples(1, n=800, size=150), samples(2, n=800, size=150, shift=1.5)
    result = result_of(ResqueDist(ClassBasis.LABELS), old.batches(200), new.batches(200))
    expected = published.resque_dist(old.embedding, old.labels, new.embedding, new.labels, range(4))
    assert result.details["raw"] == pytest.approx(expected, abs=1e-8)
    assert 0 < result.details["null"] < 0.2 * expected
    assert 0 < result.standard_error < 0.1 * expected


def test_the_null_is_what_unmoved_data_show_whatever_their_sizes():
    for n, m in ((400, 4000), (4000, 400)):
        results = [
            result_of(ResqueDist(ClassBasis.LABELS), samples(s, n=n).batches(400), samples(99 + s, n=m).batches(400))
            for s in range(12)
        ]
        raw, value = (
            np.mean([figure(r) for r in results]) for figure in (lambda r: r.details["raw"], lambda r: r.value)
        )
        assert abs(value) < 0.25 * raw


def test_the_standard_error_is_the_spread_over_many_data_sets():
    results = [
        result_of(
            ResqueDist(ClassBasis.LABELS),
            samples(s, n=1000).batches(500),
            samples(500 + s, n=1000, shift=1.5).batches(500),
        )
        for s in range(30)
    ]
    told = np.mean([result.standard_error for result in results])
    assert 0.7 < told / np.std([result.details["raw"] for result in results], ddof=1) < 1.4
