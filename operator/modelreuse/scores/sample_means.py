"""Sums over samples of what one sample tells by itself: sureness, mistakes, surprise; for each of the 20 parts."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor
from typing_extensions import override

from modelreuse.scores.chunk import Chunk
from modelreuse.scores.keys import GROUPS
from modelreuse.scores.replicates import jackknife_error
from modelreuse.scores.sketch import Sums


class SampleMeans(Sums):
    """Sums, and numbers of samples, of the figures confidence, error and cross_entropy; 960 bytes."""

    name: ClassVar[str] = "means"

    @override
    def update(self, chunk: Chunk) -> None:
        if chunk.below is None or chunk.others is None or chunk.predicted is None:
            return
        others = chunk.others.double()
        self._add("confidence", 1 / (1 + others), chunk.groups)
        if chunk.labelled is not None:
            labels, of = chunk.labelled.classes, chunk.labelled.of
            self._add("error", (of(chunk.predicted) != labels).double(), of(chunk.groups))
            below = of(chunk.below).gather(1, labels[:, None])[:, 0].double()
            self._add("cross_entropy", of(others).log1p() - below, of(chunk.groups))

    def _add(self, figure: str, values: Tensor, groups: Tensor) -> None:
        self.add_rows(figure, groups, values, GROUPS)
        self.add_counts(f"{figure}_samples", groups, GROUPS)

    def samples(self, figure: str) -> int:
        """How many samples have the figure."""
        return int(self.total(f"{figure}_samples").sum())

    def mean(self, figure: str) -> float:
        """Mean of a figure that some samples have."""
        return float(self.total(figure).sum() / self.total(f"{figure}_samples").sum())

    def error(self, figure: str) -> float | None:
        """Standard error of that mean; None where all samples are in one part."""
        sums, counts = self.total(figure), self.total(f"{figure}_samples")
        rest = counts.sum() - counts
        left_out = ((sums.sum() - sums) / rest)[rest > 0]
        return jackknife_error(left_out.tolist()) if int((counts > 0).sum()) > 1 else None
