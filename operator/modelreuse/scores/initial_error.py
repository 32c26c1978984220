"""How often the model is wrong before anything is changed: the baseline that every other score has to beat."""

from __future__ import annotations

from torch import Tensor
from typing_extensions import override

from modelreuse.scores.mean_score import MeanReference
from modelreuse.scores.observation import ClassBasis, Observation


class InitialError(MeanReference):
    """Share of labelled samples whose largest logit is not the label's, in [0, 1]."""

    name = "initial_error"
    means = "Share of labelled samples that the model gets wrong as it is: 0 none, 1 all."
    basis = ClassBasis.LABELS

    @override
    def figures(self, observation: Observation) -> Tensor | None:
        return None if observation.labels is None else (observation.predicted != observation.labels).double()
