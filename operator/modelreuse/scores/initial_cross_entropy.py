"""How much the labels surprise the model before anything is changed."""

from __future__ import annotations

from torch import Tensor
from typing_extensions import override

from modelreuse.scores.mean_score import MeanReference
from modelreuse.scores.observation import ClassBasis, Observation


class InitialCrossEntropy(MeanReference):
    """Mean over labelled samples of -ln(softmax probability of the label), in nats, 0 or more."""

    name = "initial_cross_entropy"
    means = "Mean of -ln(probability of the label), in nats: 0 certain and right, ln(number of classes) a guess."
    basis = ClassBasis.LABELS

    @override
    def figures(self, observation: Observation) -> Tensor | None:
        if observation.labels is None:
            return None
        return -observation.log_probabilities.gather(1, observation.labels[:, None])[:, 0]
