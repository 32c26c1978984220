"""Accuracy on new data without labels there, by a threshold on confidence learnt on the reference.

Average Thresholded Confidence (ATC), Garg et al., ICLR 2022 (arXiv 2201.04234, section 3), with the largest softmax
probability as confidence. The paper sorts all confidences; a histogram of fixed size replaces the sorted list.
"""

from __future__ import annotations

import math

from torch import Tensor
from typing_extensions import override

from modelreuse.scores.confidence_histogram import BINS, HIGHEST, LOWEST, ConfidenceHistogram
from modelreuse.scores.observation import ClassBasis
from modelreuse.scores.result import Finding, ScoreResult
from modelreuse.scores.sketch import Score, Sketches


class EstimatedAccuracy(Score):
    """Share of new samples whose confidence is above t, where the share of reference samples below t is its error.

    value: in [0, 1]. Equals the reference's accuracy on the reference itself. Undefined (LabelsMissing) without labels
    in the reference; labels of new data are not looked at. Confidences are binned by their log-odds, 4,096 bins of
    0.012; within the bin that holds t samples count as spread evenly, so the error against the sorted list is at most
    the larger share of samples that the two data sets have in that one bin.

    Do not decide on it alone. It supposes that a confidence means the same before and after the shift. It cannot see
    labels that changed their meaning at all, and a model that is sure and wrong is estimated as right: in our study of
    183 retrainings it said "lost at most 5 points" in 59 cases, of which 35 had lost over 20. With few reference errors
    t rests on few samples.
    """

    name = "estimated_accuracy"
    means = "Accuracy guessed from confidence alone (ATC): 1 all right; blind to labels that changed meaning."
    reads = (ConfidenceHistogram,)

    @override
    def result(self, reference: Sketches, new: Sketches) -> ScoreResult:
        known = reference.of(ConfidenceHistogram)
        if not known.holds("labelled"):
            undefined = Finding("LabelsMissing", f"{self.name} needs labels in the reference")
            return ScoreResult(self.name, None, self.means, 0, ClassBasis.LABELS, undefined=undefined)
        then, now = known.total("labelled"), new.of(ConfidenceHistogram).total("all", (BINS,))
        labelled, samples = float(then.sum()), float(now.sum())
        right = float(known.total("right"))
        position = _position_of(then, labelled - right)
        details = {
            "reference_accuracy": right / labelled,
            "reference_errors": labelled - right,
            "threshold": 1 / (1 + math.exp(-(LOWEST + position * (HIGHEST - LOWEST) / BINS))),
        }
        if not samples:
            undefined = Finding("EmptyData", f"{self.name} needs samples in the new data")
            return ScoreResult(self.name, None, self.means, 0, ClassBasis.LABELS, details, undefined)
        value = min(max(1 - _mass_below(now, position) / samples, 0.0), 1.0)
        return ScoreResult(self.name, value, self.means, int(samples), ClassBasis.LABELS, details)


def _position_of(histogram: Tensor, mass: float) -> float:
    """Where, counted in bins, the mass below is `mass`: whole part the bin, fraction the share of it that is below.

    The lowest such place that still has samples above it, and the end of the last bin with samples for all the mass.
    """
    upto = histogram.cumsum(0)
    above = (upto > mass).nonzero()
    if not len(above):
        return float(histogram.nonzero()[-1]) + 1
    bin_ = int(above[0])
    before = float(upto[bin_] - histogram[bin_])
    return bin_ + (mass - before) / float(histogram[bin_])


def _mass_below(histogram: Tensor, position: float) -> float:
    bin_ = min(int(position), BINS - 1)
    return float(histogram[:bin_].sum() + histogram[bin_] * (position - bin_))
