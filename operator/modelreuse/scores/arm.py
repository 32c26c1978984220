"""ARM: how far the activations of each layer have moved, in the reference's own standard deviations.

Activation-based score of arXiv 2405.09600: the mean over layers of the Wasserstein distance between activation
distributions, convolutions averaged over space. Per channel, because a mixture of all channels hides what one does; in
standard deviations, because layers differ in scale.
"""

from __future__ import annotations

from collections.abc import Sequence

from typing_extensions import override

from modelreuse.scores.layer_distances import KINDS, LayerDistance
from modelreuse.scores.layer_score import LayerScore
from modelreuse.scores.layer_shift import judged
from modelreuse.scores.replicates import Distance


class Arm(LayerScore):
    """Mean over layers of the mean over channels of W1, in standard deviations of the channel over the reference.

    raw is 0 or more; the value is that less the null. A channel's standard deviation is taken for at least 5 % of the
    layer's, which is the root mean square of its channels'. The embedding counts as a layer.
    """

    name = "arm"
    means = "Mean distance that activations moved, in reference standard deviations, less that of unmoved data."

    @override
    def distance(self, layers: Sequence[LayerDistance]) -> tuple[Distance, dict[str, float]]:
        return judged(layers, KINDS.index("wasserstein")), {"layers": float(len(layers))}
