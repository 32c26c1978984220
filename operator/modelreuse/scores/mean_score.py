"""Scores that are the mean of one figure per sample, on the new data and on the reference.

A score of this kind is one subclass of `MeanReference` that says what the figure is.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from torch import Tensor
from typing_extensions import override

from modelreuse.scores.observation import ClassBasis, Observation
from modelreuse.scores.result import Finding, ScoreResult
from modelreuse.scores.sketch import Reference, Score, Sketch


class MeanReference(Reference):
    """The reference's side of a mean; 16 bytes."""

    name: ClassVar[str]
    means: ClassVar[str]
    basis: ClassVar[ClassBasis | None]

    @abstractmethod
    def figures(self, observation: Observation) -> Tensor | None:
        """(n,) float64, the figure of each sample, or None where the batch cannot have it."""

    @override
    def observe(self, observation: Observation) -> None:
        _add(self, self.figures(observation))

    @override
    def score(self) -> MeanScore:
        return MeanScore(self)


class MeanScore(Score):
    """value: the mean on the new data; details: `reference`, the mean there, and `difference`, new minus reference.

    Without a figure on the new data the value is undefined (LabelsMissing or EmptyData); without one on the reference
    only the details are absent.
    """

    def __init__(self, reference: MeanReference) -> None:
        super().__init__()
        self.reference = reference

    @override
    def observe(self, observation: Observation) -> None:
        _add(self, self.reference.figures(observation))

    @override
    def result(self) -> ScoreResult:
        reference, samples = self.reference, int(self.total("samples"))
        name, means, basis = reference.name, reference.means, reference.basis
        details = {}
        if reference.holds("samples"):
            details["reference"] = float(reference.total("figures") / reference.total("samples"))
        if not samples:
            undefined = (
                Finding("LabelsMissing", f"{name} needs labels in the new data")
                if basis is ClassBasis.LABELS
                else Finding("EmptyData", f"{name} needs samples in the new data")
            )
            return ScoreResult(name, None, means, 0, basis, details, undefined)
        value = float(self.total("figures")) / samples
        if "reference" in details:
            details["difference"] = value - details["reference"]
        return ScoreResult(name, value, means, samples, basis, details)


def _add(sketch: Sketch, figures: Tensor | None) -> None:
    if figures is not None:
        sketch.add("figures", figures.sum())
        sketch.add("samples", figures.new_tensor(float(len(figures))))
