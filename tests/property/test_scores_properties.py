import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelreuse.scores import SCORES, ClassBasis, ReferencePass, compare
from modelreuse.scores.arm import Arm
from modelreuse.scores.resque_dist import ResqueDist
from unit.scores import published
from unit.scores.samples import Samples, result_of, samples

WITHIN_ZERO_AND_ONE = (
    "agreement",
    "confidence",
    "calibrated_confidence",
    "estimated_accuracy",
    "initial_error",
    "lda_error",
    "cka",
    "class_coverage",
)
RAW = ("resque_dist", "resque_dist_labelled", "arm", "representation_change", "frechet")
"""Distances, whose value is the raw figure less the null."""


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
    return {
        name: value if value is None else pytest.approx(value, abs=tolerance, rel=tolerance)
        for name, value in values.items()
    }


@settings(deadline=None, max_examples=25)
@given(references(), sizes)
def test_data_are_not_shifted_against_themselves(old, size):
    results = compare(old.batches(), old.batches(size))
    trace = 1 + float(old.embedding.var(axis=0).sum())
    for name in RAW:
        # of the Frechet distance square roots of rounding errors remain
        assert results[name].details["raw"] == pytest.approx(0, abs=1e-6 * trace if name == "frechet" else 1e-9)
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
    for name in ("resque_task", "resque_task_labelled"):
        assert results[name] is None or 0 <= results[name] <= 1.5


@settings(deadline=None, max_examples=25)
@given(references(), data())
def test_a_distance_is_what_is_seen_less_what_unmoved_data_show(old, new):
    results = compare(old.batches(), new.batches())
    for result in (results[name] for name in RAW):
        if result.value is not None:
            assert result.details["raw"] >= 0
            assert result.value == pytest.approx(result.details["raw"] - result.details.get("null", 0), abs=1e-12)
            assert result.standard_error is None or result.standard_error >= 0


@settings(deadline=None, max_examples=25)
@given(references(), data(), sizes, sizes)
def test_the_size_of_batches_does_not_matter(old, new, size, other):
    one, two = (compare(old.batches(s), new.batches(s)) for s in (size, other))
    assert _values(one) == _near(_values(two), 1e-6)


@settings(deadline=None, max_examples=25)
@given(references(), data(), st.randoms(use_true_random=False))
def test_the_order_of_samples_does_not_matter(old, new, random):
    def shuffled(some):
        order = list(range(len(some.labels)))
        random.shuffle(order)
        return some.take(np.array(order))

    expected = _values(compare(old.batches(), new.batches()))
    assert _values(compare(shuffled(old).batches(), shuffled(new).batches())) == _near(expected, 1e-6)


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
    assert _values(left.results()) == _near(_values(compare(old.batches(), new.batches())), 1e-6)


def _raw(score, old, new):
    return result_of(score, old.batches(), new.batches()).details.get("raw")


@settings(deadline=None, max_examples=25)
@given(references(), data(), st.floats(1e-6, 1e6), st.floats(1e-6, 1e6))
def test_resque_does_not_depend_on_the_scale_of_either_side(old, new, one, other):
    def scaled(some, by):
        return Samples(some.logits, some.embedding.astype(np.float64) * by, some.labels)

    plain = _raw(ResqueDist(ClassBasis.PREDICTED), old, new)
    rescaled = _raw(ResqueDist(ClassBasis.PREDICTED), scaled(old, one), scaled(new, other))
    assert rescaled == (None if plain is None else pytest.approx(plain, abs=1e-7))


@settings(deadline=None, max_examples=25)
@given(references(), data())
def test_resque_is_symmetric(old, new):
    there = _raw(ResqueDist(ClassBasis.PREDICTED), old, new)
    back = _raw(ResqueDist(ClassBasis.PREDICTED), new, old)
    assert there == (None if back is None else pytest.approx(back, abs=1e-12))


@settings(deadline=None, max_examples=25)
@given(references(), data(), st.floats(-20, 20), st.floats(0.01, 100))
def test_arm_does_not_depend_on_offset_and_unit(old, new, offset, unit):
    def moved(some):
        return Samples(some.logits, some.embedding.astype(np.float64) * unit + offset * unit, some.labels)

    plain, other = _raw(Arm(), old, new), _raw(Arm(), moved(old), moved(new))
    assert other == (None if plain is None else pytest.approx(plain, abs=0.02, rel=0.02))


@settings(deadline=None, max_examples=25)
@given(references(), st.integers(0, 2**32 - 1), st.floats(0.5, 5))
def test_resque_equals_the_published_loop(old, seed, shift):
    new = samples(seed, classes=old.logits.shape[1], size=old.embedding.shape[1], shift=shift)
    usable = [
        c
        for c in range(old.logits.shape[1])
        if all((s.labels == c).sum() >= 20 and s.embedding[s.labels == c].any() for s in (old, new))
    ]
    value = _raw(ResqueDist(ClassBasis.LABELS), old, new)
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

    plain, other = (compare(a.batches(), b.batches()) for a, b in ((old, new), (renamed(old), renamed(new))))
    for name in ("resque_dist", "frechet"):
        # other bits of the logits, so other parts: nulls differ, what is seen doesn't
        one, two = (results[name].details.get("raw") for results in (plain, other))
        assert two == (None if one is None else pytest.approx(one, abs=1e-6, rel=1e-6))
    for name in ("resque_task", "estimated_accuracy", "initial_error", "class_coverage"):
        one, two = plain[name].value, other[name].value
        assert two == (None if one is None else pytest.approx(one, abs=1e-12))


@settings(deadline=None, max_examples=25)
@given(
    references(),
    data(),
    st.integers(-36, 36),
    st.integers(-36, 36),
    st.sampled_from(["as it is", "one class", "constant", "constant class"]),
)
def test_no_scale_and_no_degenerate_data_make_a_figure_that_is_not_finite(old, new, one, other, kind):
    """ScoreResult refuses NaN and infinity; here it is enough that nothing is raised."""

    def scaled(some, exponent):
        return Samples(some.logits, (some.embedding * 10.0**exponent).astype(np.float32), some.labels)

    if kind == "one class":
        new = new.take(np.flatnonzero(new.labels == new.labels[0]))
    if kind == "constant":
        new = Samples(new.logits, np.ones_like(new.embedding), new.labels)
    if kind == "constant class":
        new = Samples(new.logits, np.where((new.labels == 0)[:, None], 0, new.embedding), new.labels)
    old, new = scaled(old, one), scaled(new, other)
    for sides in ((old, new), (old, old)):
        results = compare(*(side.batches() for side in sides))
        assert list(results) == list(SCORES)
