"""LDA error: what a linear head fitted to the new data by formula would still get wrong."""

from __future__ import annotations

import contextlib

import torch
from torch import Tensor
from typing_extensions import override

from modelreuse.scores.keys import GROUPS
from modelreuse.scores.logme import labelled_rows
from modelreuse.scores.observation import ClassBasis
from modelreuse.scores.replicates import jackknife_error
from modelreuse.scores.result import Finding, ScoreResult
from modelreuse.scores.row_sample import RowSample
from modelreuse.scores.sketch import Score, Sketches


def shrunk_covariance(rows: Tensor, size: int | None = None) -> Tensor:
    """(d, d) Ledoit-Wolf estimate from centred rows (n, d), n > 0: (1 - s) S + s tr(S) / size I.

    size: dimensions of the space that the rows are from, where they are coordinates in a part of it that holds all of
    them; d unless told. Ledoit and Wolf 2004, A well-conditioned estimator, section 3.3; s in [0, 1] grows as n falls.
    """
    n, d = rows.shape[0], size or rows.shape[1]
    sample = rows.mT @ rows / n
    target = sample.trace() / d
    distance = (sample**2).sum() - d * target**2
    # sum over samples of |x x^T - S|^2 / n^2, without forming any x x^T
    noise = (((rows**2).sum(dim=1) ** 2).sum() / n - (sample**2).sum()) / n
    share = 1.0 if distance <= 0 else min(max(float(noise / distance), 0.0), 1.0)
    return (1 - share) * sample + share * target * torch.eye(len(sample), dtype=rows.dtype)


def lda_predictions(rows: Tensor, labels: Tensor, others: Tensor) -> Tensor:
    """(m,) classes of `others` (m, d) by linear discriminant analysis fitted to rows (n, d) with labels (n,).

    Classes share one shrunk covariance; priors are those of the labels. Raises ValueError where nothing varies.
    """
    size = rows.shape[1]
    if 2 * len(rows) < size:
        # Few rows span little of the space, and what others have outside of it tells no class from another.
        basis = torch.linalg.qr(rows.mT).Q
        rows, others = rows @ basis, others @ basis
    classes, index, counts = torch.unique(labels, return_inverse=True, return_counts=True)
    means = torch.zeros(len(classes), rows.shape[1], dtype=rows.dtype).index_add_(0, index, rows) / counts[:, None]
    factor, failed = torch.linalg.cholesky_ex(shrunk_covariance(rows - means[index], size))
    if bool(failed):
        raise ValueError("embeddings of one class are all equal, which leaves no covariance")
    weights = torch.cholesky_solve(means.mT, factor)
    offsets = (counts / counts.sum()).log() - (means.mT * weights).sum(dim=0) / 2
    predicted: Tensor = classes[(others @ weights + offsets).argmax(dim=1)]
    return predicted


class LdaError(Score):
    """Share of new samples that a linear discriminant on the embedding gets wrong, in [0, 1].

    Fitted to each half of the at most 2,048 sampled embeddings that have labels, and judged on the other half, so it is
    no training error. Needs 20 samples and 2 classes. details: `standard_error`, `reference`.
    """

    name = "lda_error"
    means = "Share of samples that a linear head fitted to the new embeddings by formula (LDA) gets wrong: 0 none."
    reads = (RowSample,)

    @override
    def result(self, reference: Sketches, new: Sketches) -> ScoreResult:
        rows = new.of(RowSample)
        features, labels, undefined = labelled_rows(self.name, rows)
        if undefined:
            return ScoreResult(self.name, None, self.means, len(labels), ClassBasis.LABELS, undefined=undefined)
        try:
            wrong, groups = crossed(rows, features, labels)
        except ValueError as error:
            why = Finding("ConstantEmbedding", f"{self.name}: {error}")
            return ScoreResult(self.name, None, self.means, len(labels), ClassBasis.LABELS, undefined=why)
        details = {}
        left_out = [float(wrong[groups != g].mean()) for g in range(GROUPS) if bool((groups != g).any())]
        if (error_ := jackknife_error(left_out)) is not None:
            details["standard_error"] = error_
        old, old_labels, missing = labelled_rows(self.name, reference.of(RowSample))
        if missing is None:
            with contextlib.suppress(ValueError):
                details["reference"] = float(crossed(reference.of(RowSample), old, old_labels)[0].mean())
        return ScoreResult(self.name, float(wrong.mean()), self.means, len(labels), ClassBasis.LABELS, details)


def crossed(rows: RowSample, features: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """(m,) whether each labelled row is classified wrongly by the half that it is not in, and (m,) its part."""
    groups = rows.column("groups")[rows.column("labels") >= 0]
    odd = groups % 2 == 1
    if not bool(odd.any()) or bool(odd.all()):
        raise ValueError("all samples fall into one half, for example because they are all equal")
    predicted = torch.empty_like(labels)
    for half in (odd, ~odd):
        predicted[half] = lda_predictions(features[~half], labels[~half], features[half])
    return (predicted != labels).double(), groups
