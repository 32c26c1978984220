import numpy as np
import pytest
import torch

from modelreuse.scores import logme
from modelreuse.scores.logme import LogMe
from unit.scores.samples import result_of, samples


def _dense_logme(features, labels):
    """The published fixed point and evidence with dense matrices, class by class (algorithm 1, eq. 2)."""
    n, d = features.shape
    evidences = []
    for c in np.unique(labels):
        y = (labels == c).astype(float)
        alpha = beta = 1.0
        for _ in range(200):
            a = alpha * np.eye(d) + beta * features.T @ features
            m = beta * np.linalg.solve(a, features.T @ y)
            gamma = np.trace(beta * features.T @ features @ np.linalg.inv(a))
            alpha, beta = gamma / (m @ m), (n - gamma) / np.sum((features @ m - y) ** 2)
        a = alpha * np.eye(d) + beta * features.T @ features
        m = beta * np.linalg.solve(a, features.T @ y)
        evidence = (
            n / 2 * np.log(beta) + d / 2 * np.log(alpha) - n / 2 * np.log(2 * np.pi)
            - beta / 2 * np.sum((features @ m - y) ** 2) - alpha / 2 * m @ m - np.linalg.slogdet(a)[1] / 2
        )  # fmt: skip
        evidences.append(evidence / n)
    return np.mean(evidences)


@pytest.mark.parametrize(("n", "d"), [(300, 5), (60, 20), (40, 50)])
def test_it_is_the_published_evidence(n, d):
    data = samples(1, n=n, classes=3, size=d, shift=0.5)
    expected = _dense_logme(data.embedding, data.labels)
    assert logme(torch.tensor(data.embedding), torch.tensor(data.labels)) == pytest.approx(expected, abs=1e-3)


def test_separable_classes_score_higher_than_shuffled_ones():
    data = samples(1)
    shuffled = np.random.default_rng(0).permutation(data.labels)
    embedding = torch.tensor(data.embedding)
    assert logme(embedding, torch.tensor(data.labels)) > logme(embedding, torch.tensor(shuffled)) + 0.1


def test_the_score_is_of_the_new_data_with_the_reference_beside():
    old, new = samples(1), samples(2, shift=1.0)
    result = result_of(LogMe(), old.batches(), new.batches())
    assert result.value == pytest.approx(_dense_logme(new.embedding, new.labels), abs=1e-3)
    assert result.details["reference"] == pytest.approx(_dense_logme(old.embedding, old.labels), abs=1e-3)


def test_it_needs_20_labels_of_2_classes():
    old, new = samples(1), samples(2)
    few, one = new.take(slice(19)), new.take(np.flatnonzero(new.labels == 1))
    reasons = [
        result_of(LogMe(), old.batches(), batches).undefined.reason
        for batches in (few.batches(), one.batches(), new.batches(labelled=False))
    ]
    assert reasons == ["TooFewSamples", "OneClass", "LabelsMissing"]


def test_an_embedding_of_zeros_is_finite():
    data = samples(1, n=50)
    assert np.isfinite(logme(torch.zeros(50, 4, dtype=torch.float64), torch.tensor(data.labels)))
