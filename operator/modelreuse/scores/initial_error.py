"""How often the model is wrong before anything is changed: the baseline that every other score has to beat."""

from __future__ import annotations

from modelreuse.scores.mean_score import MeanScore
from modelreuse.scores.observation import ClassBasis


class InitialError(MeanScore):
    """Share of labelled samples whose largest logit is not the label's, in [0, 1]."""

    name = "initial_error"
    means = "Share of labelled samples that the model gets wrong as it is: 0 none, 1 all."
    figure = "error"
    basis = ClassBasis.LABELS
