"""LogME: how well a linear model on the embedding explains the labels, before any is trained."""

from __future__ import annotations

import math
from typing import Final

import torch
from torch import Tensor
from typing_extensions import override

from modelreuse.scores.observation import ClassBasis
from modelreuse.scores.replicates import MINIMUM_SAMPLES
from modelreuse.scores.result import Finding, ScoreResult
from modelreuse.scores.row_sample import RowSample
from modelreuse.scores.sketch import Score, Sketches

_MOST: Final = 100
_PRECISION: Final = 1e-5
_SMALLEST: Final = 1e-12
"""Of alpha: features that say nothing would bring it to 0, which has no logarithm."""


def logme(features: Tensor, labels: Tensor) -> float:
    """Maximum of the log evidence per sample, mean over the classes that occur, of Bayesian linear regression.

    features: (n, d) float64; labels: (n,) whole numbers of at least 2 classes. Each class's indicator is regressed on
    the features; prior and noise precision (alpha, beta) are found by the fixed point of You et al. 2021 (arXiv
    2102.11005, algorithm 1 and eq. 2), started at 1 and iterated until alpha / beta changes by less than 1e-5.
    """
    n, d = features.shape
    targets = (labels[:, None] == torch.unique(labels)).double()
    # Nothing but inner products of columns matters, and R of QR has those of all n rows in as many rows as columns.
    triangle = torch.linalg.qr(torch.cat([features, targets], dim=1), mode="r").R
    left, singular, _ = torch.linalg.svd(triangle[:, :d], full_matrices=False)
    squares = singular**2  # eigenvalues of F^T F that are not 0; of the other d - r nothing but alpha remains
    hidden = left.mT @ triangle[:, d:]
    outside = (targets**2).sum(dim=0) - (hidden**2).sum(dim=0)
    alpha = torch.ones(targets.shape[1], dtype=torch.float64)
    beta = torch.ones_like(alpha)
    for _ in range(_MOST):
        before = alpha / beta
        length, residual, gamma = _fit(squares, hidden, outside, alpha, beta)
        alpha = (gamma / (length + 1e-12)).clamp(min=_SMALLEST)
        beta = (n - gamma) / (residual + 1e-12)
        if bool(((alpha / beta - before).abs() <= _PRECISION * before).all()):
            break
    length, residual, _ = _fit(squares, hidden, outside, alpha, beta)
    log_determinant = (alpha + beta * squares[:, None]).log().sum(dim=0) + (d - len(squares)) * alpha.log()
    evidence = (
        n / 2 * beta.log() + d / 2 * alpha.log() - n / 2 * math.log(2 * math.pi)
        - beta / 2 * residual - alpha / 2 * length - log_determinant / 2
    )  # fmt: skip
    return float(evidence.mean()) / n


def _fit(
    squares: Tensor, hidden: Tensor, outside: Tensor, alpha: Tensor, beta: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Of the posterior mean: squared length, squared residual, effective dimensions; (classes,) each."""
    shrunk = alpha + beta * squares[:, None]
    length = (beta**2 * squares[:, None] * hidden**2 / shrunk**2).sum(dim=0)
    residual = ((alpha / shrunk) ** 2 * hidden**2).sum(dim=0) + outside.clamp(min=0)
    return length, residual, (beta * squares[:, None] / shrunk).sum(dim=0)


class LogMe(Score):
    """Log of maximum evidence per sample of the new labels given the embedding; higher is easier. Any real number.

    On the at most 2,048 sampled embeddings that have labels; needs 20 of them and 2 classes. details: `reference`.
    """

    name = "logme"
    means = "Log evidence per sample of the labels given the embedding (LogME): higher is easier to learn."
    reads = (RowSample,)

    @override
    def result(self, reference: Sketches, new: Sketches) -> ScoreResult:
        features, labels, undefined = labelled_rows(self.name, new.of(RowSample))
        if undefined:
            return ScoreResult(self.name, None, self.means, len(labels), ClassBasis.LABELS, undefined=undefined)
        details = {}
        old, old_labels, missing = labelled_rows(self.name, reference.of(RowSample))
        if missing is None:
            details["reference"] = logme(old, old_labels)
        return ScoreResult(self.name, logme(features, labels), self.means, len(labels), ClassBasis.LABELS, details)


def labelled_rows(name: str, rows: RowSample) -> tuple[Tensor, Tensor, Finding | None]:
    """Embeddings (m, d) and labels (m,) of the sampled rows that have one, and why they are too few, if they are."""
    if len(rows) == 0:
        return torch.empty(0, 0), torch.empty(0), Finding("EmptyData", f"{name} needs samples in the new data")
    labels = rows.column("labels")
    chosen = labels >= 0
    if not bool(chosen.any()):
        return torch.empty(0, 0), torch.empty(0), Finding("LabelsMissing", f"{name} needs labels in the new data")
    features, labels = rows.column("embedding")[chosen], labels[chosen]
    if len(labels) < MINIMUM_SAMPLES:
        why = f"{name} needs at least {MINIMUM_SAMPLES} samples with labels; there are {len(labels)}"
        return features, labels, Finding("TooFewSamples", why)
    if len(torch.unique(labels)) < 2:
        return features, labels, Finding("OneClass", f"{name} needs labels of 2 classes; all are {int(labels[0])}")
    return features, labels, None
