"""Whether the model still uses its classes on new data: a model that collapsed answers nearly always the same."""

from __future__ import annotations

import torch
from typing_extensions import override

from modelreuse.scores.census import Census
from modelreuse.scores.class_sums import MINIMUM_CLASS_SAMPLES, no_classes, nothing_seen, too_few
from modelreuse.scores.observation import ClassBasis
from modelreuse.scores.result import Finding, ScoreResult
from modelreuse.scores.sketch import Score, Sketches


class ClassCoverage(Score):
    """Share of the reference's predicted classes still predicted, in [0, 1]; below 1/2 a ClassCollapse finding.

    A class of the reference is one that it predicts for at least `minimum` samples. It is still predicted with at least
    `minimum` new samples, or with half of what its share in the reference would give where that is fewer, so that a
    small data set is not taken for a collapsed one.
    """

    name = "class_coverage"
    means = "Share of the classes predicted on the reference that are still predicted: 1 all, below 0.5 a collapse."
    reads = (Census,)

    def __init__(self, minimum: int = MINIMUM_CLASS_SAMPLES) -> None:
        self.minimum = minimum

    @override
    def result(self, reference: Sketches, new: Sketches) -> ScoreResult:
        basis = ClassBasis.PREDICTED
        then, now = reference.of(Census).predictions(), new.of(Census).predictions()
        if not (len(then) and len(now)):
            seen = reference.of(Census).shape is not None and new.of(Census).shape is not None
            why = no_classes(self.name) if seen else nothing_seen(self.name, basis, classes=True)
            return ScoreResult(self.name, None, self.means, 0, basis, undefined=why)
        samples = int(now.sum())
        known = then >= self.minimum
        if not bool(known.any()):
            undefined = too_few(f"{self.name}: the reference", 1, 0, self.minimum)
            return ScoreResult(self.name, None, self.means, samples, basis, undefined=undefined)
        expected = then * (samples / float(then.sum()))
        still = known & (now > 0) & (now >= torch.clamp(expected / 2, max=float(self.minimum)))
        classes, kept = int(known.sum()), int(still.sum())
        finding = None
        if 2 * kept < classes:
            top = int(now.argmax())
            finding = Finding(
                "ClassCollapse",
                f"the model predicts only {kept} of the reference's {classes} classes on the new data; "
                f"{100 * float(now[top]) / samples:.0f} % of the samples are called class {top}",
            )
        details = {"classes": float(kept), "reference_classes": float(classes)}
        return ScoreResult(self.name, kept / classes, self.means, samples, basis, details, finding=finding)
