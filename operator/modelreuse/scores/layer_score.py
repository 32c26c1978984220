"""What scores over the distances of layers have in common: when there is none, and what comes with it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from typing_extensions import override

from modelreuse.scores.layer_distances import LayerDistance, layer_distances
from modelreuse.scores.layer_histograms import LayerHistograms
from modelreuse.scores.layer_shift import undefined_layers
from modelreuse.scores.replicates import Distance
from modelreuse.scores.result import ScoreResult
from modelreuse.scores.sketch import Score, Sketches


class LayerScore(Score):
    """A mean distance over all layers that vary in the reference."""

    reads = (LayerHistograms,)

    @abstractmethod
    def distance(self, layers: Sequence[LayerDistance]) -> tuple[Distance, dict[str, float]]:
        """The figure, and its own details by name."""

    @override
    def result(self, reference: Sketches, new: Sketches) -> ScoreResult:
        if undefined := undefined_layers(self.name, reference, new):
            return ScoreResult(self.name, None, self.means, 0, undefined=undefined)
        distance, own = self.distance(layer_distances(reference, new))
        details = {**own, **distance.details()}
        samples = int(new.of(LayerHistograms).samples.sum())
        return ScoreResult(self.name, distance.value, self.means, samples, details=details)
