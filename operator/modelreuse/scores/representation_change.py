"""PreIndex's first half: how much the distributions of activations change, by four distances at once."""

from __future__ import annotations

from collections.abc import Sequence

from typing_extensions import override

from modelreuse.scores.layer_distances import KINDS, LayerDistance
from modelreuse.scores.layer_score import LayerScore
from modelreuse.scores.layer_shift import judged
from modelreuse.scores.replicates import Distance


class RepresentationChange(LayerScore):
    """p of PreIndex (arXiv 2408.01446): mean over layers, channels and four distances between histograms.

    The four, each less its null and in the details: Wasserstein in reference standard deviations, Bhattacharyya
    -ln(sum sqrt(pq)), Jensen-Shannon in bits, Kullback-Leibler of reference to new in nats; the last three on 66 shared
    cells with half a sample added to each. The published p compares a sample with itself before and after a corruption;
    new data are other samples, so this compares distributions over samples.
    """

    name = "representation_change"
    means = "Mean of four distances between activation histograms, less that of unmoved data: 0 unmoved."

    @override
    def distance(self, layers: Sequence[LayerDistance]) -> tuple[Distance, dict[str, float]]:
        kinds = {kind: judged(layers, index).value for index, kind in enumerate(KINDS)}
        return judged(layers), kinds
