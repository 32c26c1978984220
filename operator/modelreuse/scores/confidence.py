"""How sure of itself the model is: its largest softmax probability, on average."""

from __future__ import annotations

from modelreuse.scores.mean_score import MeanScore


class Confidence(MeanScore):
    """Mean over samples of the largest softmax probability, in [1/k, 1].

    The difference to the reference is the "difference of confidences" of Guillory et al. 2021 (arXiv 2107.03315). A
    model may be sure and wrong: read it beside the error where there are labels.
    """

    name = "confidence"
    means = "Mean of the model's largest softmax probability: 1 certain; less than on the reference suggests errors."
    figure = "confidence"
    basis = None
