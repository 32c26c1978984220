"""How confidences are distributed: what ATC's threshold is read from."""

from __future__ import annotations

from typing import ClassVar, Final

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
        if chunk.others is None or chunk.predicted is None:
            return
        # The odds from the other classes' sum: nothing is lost where the probability is nearly 1.
        log_odds = (-chunk.others.log()).clamp_(LOWEST, HIGHEST)
        bins = log_odds.sub_(LOWEST).mul_(BINS / (HIGHEST - LOWEST)).long().clamp_(0, BINS - 1)
        self.add_counts("all", bins, BINS)
        if chunk.labelled is not None:
            self.add_counts("labelled", chunk.labelled.of(bins), BINS)
            self.add("right", (chunk.labelled.of(chunk.predicted) == chunk.labelled.classes).sum().double())
