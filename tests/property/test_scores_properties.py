import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelreuse.scores import (
    SCORES,
    CentroidReference,
    ClassBasis,
    EstimatedAccuracyReference,
    ReferencePass,
    ResqueReference,
    compare,
)
from unit.scores import published
from unit.scores.samples import Samples, result_of, samples

WITHIN_ZERO_AND_ONE = (
    "resque_dist",
    "resque_dist_labelled",
    "confidence",
    "estimated_accuracy",
    "initial_error",
    "class_coverage",
)


@st.composite
def data(draw):
    """Samples of 2 to 6 classes in 1 to 12 dimensions, any shift, in either precision."""
    return samples(
        seed=draw(st.integers(0, 2**32 - 1)),
        n=draw(st.integers(1, 300)),
        classes=draw(st.shared(st.integers(2, 6), key="classes")),
        size=draw(st.shared(st.integers(1, 12), key="size")),
        shift=draw(st.floats(-5, 5)),
        dtype=draw(st.sampled_from([np.float32, np.float64])),
    )


@st.composite
def references(draw):
    """Data with enough samples of each class to be a reference."""
    return samples(
        seed=draw(st.integers(0, 2**32 - 1)),
        n=400,
        classes=draw(st.shared(st.integers(2, 6), key="classes")),
        size=draw(st.shared(st.integers(1, 12), key="size")),
    )


sizes = st.integers(1, 300)


def _values(results):
    return {name: result.value for name, result in results.items()}


def _near(values, tolerance):
    return {name: value if value is None else pytest.approx(value, abs=tolerance) for name, value in values.items()}


@settings(deadline=None, max_examples=25)
@given(references(), sizes)
def test_data_are_not_shifted_against_themselves(old, size):
    results = compare(old.batches(), old.batches(size))
    assert results["resque_dist"].value == pytest.approx(0, abs=1e-12)
    assert results["resque_dist_labelled"].value == pytest.approx(0, abs=1e-12)
    assert results["class_coverage"].value == 1
    for name in ("confidence", "initial_error", "initial_cross_entropy"):
        assert results[name].details["difference"] == pytest.approx(0, abs=1e-12)
    assert results["estimated_accuracy"].value == pytest.approx(1 - results["initial_error"].value, abs=1e-12)


@settings(deadline=None, max_examples=25)
@given(references(), data())
def test_every_figure_lies_in_its_range_or_is_absent(old, new):
    results = _values(compare(old.batches(), new.batches()))
    assert list(results) == list(SCORES)
    assert all(results[name] is None or 0 <= results[name] <= 1 for name in WITHIN_ZERO_AND_ONE)
    assert results["initial_cross_entropy"] >= 0
    for name in ("centroid_agreement", "centroid_agreement_labelled"):
        assert results[name] is None or -0.5 <= results[name] <= 1


@settings(deadline=None, max_examples=25)
@given(references(), data(), sizes, sizes)
def test_the_size_of_batches_does_not_matter(old, new, size, other):
    one, two = (compare(old.batches(s), new.batches(s)) for s in (size, other))
    assert _values(one) == _near(_values(two), 1e-10)


@settings(deadline=None, max_examples=25)
@given(references(), data(), st.randoms(use_true_random=False))
def test_the_order_of_samples_does_not_matter(old, new, random):
    def shuffled(some):
        order = list(range(len(some.labels)))
        random.shuffle(order)
        return some.take(np.array(order))

    expected = _values(compare(old.batches(), new.batches()))
    assert _values(compare(shuffled(old).batches(), shuffled(new).batches())) == _near(expected, 1e-10)


@settings(deadline=None, max_examples=25)
@given(references(), data(), st.integers(0, 400), st.integers(0, 300))
def test_merged_shards_are_the_whole(old, new, cut_old, cut_new):
    def half(of, rows, into):
        for observation in of.take(rows).batches():
            into.update(observation)
        return into

    reference = half(old, slice(None, cut_old), ReferencePass())
    reference.merge(half(old, slice(cut_old, None), ReferencePass()))
    left = half(new, slice(None, cut_new), reference.compare())
    left.merge(half(new, slice(cut_new, None), reference.compare()))
    assert _values(left.results()) == _near(_values(compare(old.batches(), new.batches())), 1e-10)


@settings(deadline=None, max_examples=25)
@given(references(), data(), st.floats(1e-6, 1e6), st.floats(1e-6, 1e6))
def test_resque_does_not_depend_on_the_scale_of_either_side(old, new, one, other):
    def scaled(some, by):
        return Samples(some.logits, some.embedding.astype(np.float64) * by, some.labels)

    plain = result_of(ResqueReference(), old.batches(), new.batches()).value
    rescaled = result_of(ResqueReference(), scaled(old, one).batches(), scaled(new, other).batches()).value
    assert rescaled == (None if plain is None else pytest.approx(plain, abs=1e-7))


@settings(deadline=None, max_examples=25)
@given(references(), data())
def test_resque_is_symmetric(old, new):
    there = result_of(ResqueReference(), old.batches(), new.batches()).value
    back = result_of(ResqueReference(), new.batches(), old.batches()).value
    assert there == (None if back is None else pytest.approx(back, abs=1e-12))


@settings(deadline=None, max_examples=25)
@given(references(), st.integers(0, 2**32 - 1), st.floats(0.5, 5))
def test_resque_equals_the_published_loop(old, seed, shift):
    new = samples(seed, classes=old.logits.shape[1], size=old.embedding.shape[1], shift=shift)
    usable = [
        c
        for c in range(old.logits.shape[1])
        if all((s.labels == c).sum() >= 20 and s.embedding[s.labels == c].any() for s in (old, new))
    ]
    value = result_of(ResqueReference(ClassBasis.LABELS), old.batches(), new.batches(50)).value
    if not usable:
        assert value is None
    else:
        expected = published.resque_dist(old.embedding, old.labels, new.embedding, new.labels, usable)
        assert value == pytest.approx(expected, abs=3e-8)  # arccos near 0 resolves no better than sqrt(2 eps)


@settings(deadline=None, max_examples=25)
@given(references(), data(), st.permutations(range(6)))
def test_names_of_classes_do_not_matter(old, new, names):
    k = old.logits.shape[1]
    names = np.array([name for name in names if name < k])

    def renamed(some):
        return Samples(some.logits[:, np.argsort(names)], some.embedding, names[some.labels])

    for reference in (ResqueReference, CentroidReference, EstimatedAccuracyReference):
        plain = result_of(reference(), old.batches(), new.batches()).value
        other = result_of(reference(), renamed(old).batches(), renamed(new).batches()).value
        assert other == (None if plain is None else pytest.approx(plain, abs=1e-12))
