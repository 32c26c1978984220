"""How confidences are distributed: what ATC's threshold is read from."""

from __future__ import annotations

from typing import ClassVar, Final

import torch
from torch import Tensor
from typing_extensions import override

from modelreuse.scores.chunk import Chunk
from modelreuse.scores.sketch import Sums

BINS: Final = 4096
LOWEST: Final = -12.0
"""Log-odds of a uniform guess among 160,000 classes; anything lower shares the first bin."""
HIGHEST: Final = 36.0
"""Log-odds from which float64 no longer tells a probability from 1; anything higher shares the last bin."""


class ConfidenceHistogram(Sums):
    """Histogram over samples of the log-odds of the largest probability, of all samples and of labelled ones; 64 KiB.

    Probabilities crowd below 1, log-odds do not.
    """

    name: ClassVar[str] = "confidences"

    @override
    def update(self, chunk: Chunk) -> None:
        if chunk.logits is None or chunk.predicted is None:
            return
        bins = ((log_odds(chunk.logits, chunk.predicted) - LOWEST) * (BINS / (HIGHEST - LOWEST))).long()
        bins = bins.clamp_(0, BINS - 1)
        self.add_counts("all", bins, BINS)
        if chunk.labelled is not None and chunk.labels is not None:
            rows = chunk.labelled
            self.add_counts("labelled", bins[rows], BINS)
            self.add("right", (chunk.predicted[rows] == chunk.labels[rows]).sum().double())


def log_odds(logits: Tensor, predicted: Tensor) -> Tensor:
    """(n,) ln(p / (1 - p)) of the largest probability p, in [LOWEST, HIGHEST].

    The predicted logit less the log-sum-exp of the others, so that nothing is lost where p is nearly 1.
    """
    scores = logits.to(torch.promote_types(logits.dtype, torch.float32))
    first = scores.gather(1, predicted[:, None])
    others = scores.scatter(1, predicted[:, None], -torch.inf).logsumexp(dim=1)
    return (first[:, 0] - others).clamp(LOWEST, HIGHEST)
