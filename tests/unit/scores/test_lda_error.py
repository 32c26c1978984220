import numpy as np
import pytest
import torch
from sklearn.covariance import ledoit_wolf

from modelreuse.scores.keys import groups_of
from modelreuse.scores.lda_error import LdaError, lda_predictions, shrunk_covariance
from unit.scores.samples import Samples, result_of, samples


def _plain_lda(rows, labels, others):
    """Class by class with an explicit inverse, on scikit-learn's covariance."""
    classes = np.unique(labels)
    means = np.array([rows[labels == c].mean(axis=0) for c in classes])
    centred = np.concatenate([rows[labels == c] - means[i] for i, c in enumerate(classes)])
    inverse = np.linalg.inv(ledoit_wolf(centred, assume_centered=True)[0])
    scores = [
        others @ inverse @ mean - mean @ inverse @ mean / 2 + np.log(np.mean(labels == c))
        for c, mean in zip(classes, means, strict=True)
    ]
    return classes[np.argmax(scores, axis=0)]


@pytest.mark.parametrize(("n", "d"), [(500, 4), (50, 30), (20, 60)])
def test_the_shrunk_covariance_is_ledoit_and_wolfs(n, d):
    rows = np.random.default_rng(0).normal(size=(n, d)) * np.arange(1, d + 1)
    expected = ledoit_wolf(rows, assume_centered=True)[0]
    np.testing.assert_allclose(shrunk_covariance(torch.tensor(rows)).numpy(), expected, rtol=1e-9, atol=1e-9)


def test_predictions_are_those_of_the_plain_formula():
    old, new = samples(1, size=12), samples(2, size=12, shift=1.0)
    ours = lda_predictions(*map(torch.tensor, (old.embedding, old.labels, new.embedding)))
    assert ours.tolist() == _plain_lda(old.embedding, old.labels, new.embedding).tolist()


def test_few_rows_of_a_large_space_are_judged_by_the_same_formula():
    random = np.random.default_rng(3)
    means, labels = random.normal(size=(3, 60)) / 4, np.arange(24) % 3
    spread = np.geomspace(0.1, 3, 60)
    rows, others = (
        means[some] + spread * random.normal(size=(len(some), 60)) for some in (labels, np.arange(3000) % 3)
    )
    ours = lda_predictions(*map(torch.tensor, (rows, labels, others)))
    assert ours.tolist() == _plain_lda(rows, labels, others).tolist()


def test_each_half_is_judged_by_the_other():
    old, new = samples(1), samples(2, shift=1.0)
    result = result_of(LdaError(), old.batches(), new.batches(400))
    (observation,) = new.batches(400)
    odd = groups_of(observation.identity()).numpy() % 2 == 1
    wrong = [
        _plain_lda(new.embedding[~half], new.labels[~half], new.embedding[half]) != new.labels[half]
        for half in (odd, ~odd)
    ]
    assert result.value == pytest.approx(np.concatenate(wrong).mean(), abs=1e-12)
    assert 0 < result.standard_error < 0.05


def test_classes_that_swapped_names_are_learnt_anew():
    """What no label-free score sees: the error is 1, and a new linear head would have nearly none."""
    old = samples(1, classes=2)
    swapped = Samples(old.logits, old.embedding, 1 - old.labels)
    assert result_of(LdaError(), old.batches(), swapped.batches()).value < 0.1


def test_equal_embeddings_are_undefined():
    data = samples(1)
    dead = Samples(data.logits, np.ones_like(data.embedding), data.labels)
    assert result_of(LdaError(), data.batches(), dead.batches()).undefined.reason == "ConstantEmbedding"
