"""How much the labels surprise the model before anything is changed."""

from __future__ import annotations

from modelreuse.scores.mean_score import MeanScore
from modelreuse.scores.observation import ClassBasis


class InitialCrossEntropy(MeanScore):
    """Mean over labelled samples of -ln(softmax probability of the label), in nats, 0 or more."""

    name = "initial_cross_entropy"
    means = "Mean of -ln(probability of the label), in nats: 0 certain and right, ln(number of classes) a guess."
    figure = "cross_entropy"
    basis = ClassBasis.LABELS
