"""PreIndex's first half: how much the distributions of activations change, by four distances at once."""

from __future__ import annotations

from typing_extensions import override

from modelreuse.scores.layer_distances import KINDS, layer_distances
from modelreuse.scores.layer_histograms import LayerHistograms
from modelreuse.scores.layer_shift import judged, undefined_layers
from modelreuse.scores.result import ScoreResult
from modelreuse.scores.sketch import Score, Sketches


class RepresentationChange(Score):
    """p of PreIndex (arXiv 2408.01446): mean over layers, channels and four distances between histograms.

    The four, each less its null and in the details: Wasserstein in reference standard deviations, Bhattacharyya
    -ln(sum sqrt(pq)), Jensen-Shannon in bits, Kullback-Leibler of reference to new in nats; the last three on 66 shared
    cells with half a sample added to each. The published p compares a sample with itself before and after a corruption;
    new data are other samples, so this compares distributions over samples.
    """

    name = "representation_change"
    means = "Mean of four distances between activation histograms, less that of unmoved data: 0 unmoved."
    reads = (LayerHistograms,)

    @override
    def result(self, reference: Sketches, new: Sketches) -> ScoreResult:
        then, now = reference.of(LayerHistograms), new.of(LayerHistograms)
        if undefined := undefined_layers(self.name, then, now):
            return ScoreResult(self.name, None, self.means, 0, undefined=undefined)
        layers = layer_distances(reference, new)
        distance = judged(layers)
        kinds = {kind: judged(layers, index).value for index, kind in enumerate(KINDS)}
        details = {**kinds, **distance.details()}
        return ScoreResult(self.name, distance.value, self.means, int(now.samples.sum()), details=details)
