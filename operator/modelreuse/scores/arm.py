"""ARM: how far the activations of each layer have moved, in the reference's own standard deviations.

Activation-based score of arXiv 2405.09600: the mean over layers of the Wasserstein distance between activation
distributions, convolutions averaged over space. Per channel, because a mixture of all channels hides what one does; in
standard deviations, because layers differ in scale.
"""

from __future__ import annotations

from typing_extensions import override

from modelreuse.scores.layer_distances import KINDS, layer_distances
from modelreuse.scores.layer_histograms import LayerHistograms
from modelreuse.scores.layer_shift import judged, undefined_layers
from modelreuse.scores.result import ScoreResult
from modelreuse.scores.sketch import Score, Sketches


class Arm(Score):
    """Mean over layers of the mean over channels of W1, in standard deviations of the channel over the reference.

    raw is 0 or more; the value is that less the null. A channel's standard deviation is taken for at least 5 % of the
    layer's, which is the root mean square of its channels'. The embedding counts as a layer.
    """

    name = "arm"
    means = "Mean distance that activations moved, in reference standard deviations, less that of unmoved data."
    reads = (LayerHistograms,)

    @override
    def result(self, reference: Sketches, new: Sketches) -> ScoreResult:
        then, now = reference.of(LayerHistograms), new.of(LayerHistograms)
        if undefined := undefined_layers(self.name, then, now):
            return ScoreResult(self.name, None, self.means, 0, undefined=undefined)
        layers = layer_distances(reference, new)
        distance = judged(layers, KINDS.index("wasserstein"))
        details = {"layers": float(len(layers)), **distance.details()}
        return ScoreResult(self.name, distance.value, self.means, int(now.samples.sum()), details=details)
