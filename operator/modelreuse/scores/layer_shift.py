"""Which layers moved, on one scale for all layers and models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from modelreuse.scores.layer_distances import KINDS, LayerDistance, constant_layers, layer_distances
from modelreuse.scores.layer_histograms import LayerHistograms
from modelreuse.scores.replicates import MINIMUM_SAMPLES, Distance, mean_distance
from modelreuse.scores.result import Finding
from modelreuse.scores.sketch import Sketches

SMALLEST_MOVE: Final = 0.1
"""Reference standard deviations that a layer's channels must have moved on average to be called moved."""
ERRORS: Final = 3.0
"""Standard errors by which the distance must exceed 0."""


@dataclass(frozen=True)
class LayerShift:
    """What happened to one layer's output between reference and new data.

    name: of the module; EMBEDDING for the input of the head. channels: of its output. distance: ARM of this layer, in
    reference standard deviations. change: PreIndex's representation change of this layer. moved: whether distance is
    beyond noise (ERRORS standard errors) and beyond SMALLEST_MOVE.
    """

    name: str
    channels: int
    distance: Distance
    change: Distance
    moved: bool


def layer_shifts(reference: Sketches, new: Sketches) -> tuple[LayerShift, ...]:
    """Every tapped layer that varies over the reference, in the order of the taps; empty where nothing was seen."""
    if undefined_layers("", reference, new):
        return ()
    shifts = []
    for layer in layer_distances(reference, new):
        distance = judged([layer], KINDS.index("wasserstein"))
        moved = distance.value > SMALLEST_MOVE and distance.value > ERRORS * (distance.error or 0.0)
        shifts.append(LayerShift(layer.name, layer.channels, distance, judged([layer]), moved))
    return tuple(shifts)


def judged(layers: Sequence[LayerDistance], kind: int | None = None) -> Distance:
    """One kind of distance, or the mean of all four, over layers, with null and standard error."""
    kinds = slice(None) if kind is None else slice(kind, kind + 1)
    return mean_distance(
        [
            (
                float(layer.raw[kinds].mean()),
                None if layer.null is None else float(layer.null[kinds].mean()),
                layer.left_out[:, kinds].mean(dim=1).tolist(),
            )
            for layer in layers
        ]
    )


def undefined_layers(name: str, reference: Sketches, new: Sketches) -> Finding | None:
    """Why distances of layers can't be given; None where they can."""
    then, now = reference.of(LayerHistograms), new.of(LayerHistograms)
    if not (then.seen and now.seen):
        return Finding("EmptyData", f"{name} needs samples in the reference and in the new data")
    seen = int(min(float(then.samples.sum()), float(now.samples.sum())))
    if seen < MINIMUM_SAMPLES:
        return Finding(
            "TooFewSamples", f"{name} needs at least {MINIMUM_SAMPLES} samples on either side; there are {seen}"
        )
    if len(constant_layers(reference)) == len(then.layers):
        return Finding("ConstantLayers", f"{name}: no tapped layer varies over the reference")
    return None


def constant_layer_finding(reference: Sketches) -> Finding | None:
    """What a reader must know of layers that are left out."""
    names = constant_layers(reference) if reference.of(LayerHistograms).seen else []
    if not names:
        return None
    some = ", ".join(map(repr, names[:5])) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    return Finding("ConstantLayers", f"constant over the whole reference, so left out of all distances: {some}")
