"""One pass over the reference and one over new data, for all scores together.

Works on observations and must not know of models; `shift` feeds it from a model.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from numpy.typing import NDArray
from typing_extensions import override

from modelreuse.scores.errors import EmptyData, OneClass, ScoreError, WrongShape
from modelreuse.scores.observation import Observation
from modelreuse.scores.result import Finding, ScoreResult
from modelreuse.scores.sketch import Arrays, Sketch
from modelreuse.scores.table import SCORES, ScoreTable


@dataclass(frozen=True)
class DataSummary:
    """How much of a data set was seen: samples, those of them with labels, and batches that were not empty."""

    samples: int
    labelled: int
    batches: int


class Census(Sketch):
    """What is counted of a data set beside the scores: batches, and samples per predicted class and per label."""

    @override
    def observe(self, observation: Observation) -> None:
        self.add_counts("predicted", observation.predicted, observation.outputs)
        self.add("batches", torch.ones((), dtype=torch.float64))
        if observation.labels is not None:
            self.add_counts("labels", observation.labels, observation.outputs)

    def summary(self) -> DataSummary:
        """Totals over all classes."""
        return DataSummary(
            samples=int(self.total("predicted").sum()),
            labelled=int(self.total("labels").sum()),
            batches=int(self.total("batches")),
        )

    def one_class(self) -> str | None:
        """A sentence if all samples are of one class (by label, or as predicted where none has a label), else None."""
        counts = self.total("labels" if self.holds("labels") else "predicted")
        if int((counts > 0).sum()) != 1:
            return None
        samples, only = int(counts.sum()), int(counts.argmax())
        if self.holds("labels"):
            return f"all {samples} labels are class {only}; give samples of at least 2 classes"
        return f"the model calls all {samples} samples class {only}; give samples of at least 2 classes"


class ReferencePass:
    """All scores' references at once.

    scores: which, by name; SCORES unless told. head: name of the layer whose input the embeddings are, if known.
    """

    def __init__(self, scores: ScoreTable = SCORES, head: str | None = None) -> None:
        self.references = {name: empty() for name, empty in scores.items()}
        self.census = Census()
        self.head = head

    def update(self, observation: Observation) -> None:
        """See one batch. Raises WrongShape if it comes from another model or layer than earlier ones."""
        for sketch in self._sketches().values():
            sketch.update(observation)

    def merge(self, other: ReferencePass) -> None:
        """Add another shard's. Raises ValueError if it has other scores, WrongShape if it is of another model."""
        self.merge_arrays(other.to_arrays())

    def to_arrays(self) -> Arrays:
        """All sums as float64 arrays named `score/sum`, ready for `numpy.savez`."""
        return {
            f"{name}/{sums}": values
            for name, sketch in self._sketches().items()
            for sums, values in sketch.to_arrays().items()
        }

    def merge_arrays(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Add what `to_arrays` gave. Raises ValueError for arrays of a score that is not among these."""
        sketches = self._sketches()
        parts: dict[str, Arrays] = {name: {} for name in sketches}
        for key, values in arrays.items():
            name, _, sums = key.partition("/")
            if name not in parts:
                raise ValueError(f"{key!r} belongs to no score of this pass; known: {', '.join(sketches)}")
            parts[name][sums] = values
        for name, sketch in sketches.items():
            sketch.merge_arrays(parts[name])

    def compare(self) -> NewPass:
        """An empty pass over new data against this reference. Don't update the reference afterwards.

        Raises EmptyData without samples and OneClass where all are of one class: nothing can be compared with those.
        """
        if not self.census.holds("predicted"):
            raise EmptyData("no samples; give at least one batch")
        if sentence := self.census.one_class():
            raise OneClass(sentence)
        return NewPass(self)

    def _sketches(self) -> dict[str, Sketch]:
        return {"census": self.census, **self.references}


class NewPass:
    """All scores at once, over new data; made by `ReferencePass.compare`."""

    def __init__(self, reference: ReferencePass) -> None:
        self.reference = reference
        self.census = Census()
        self.scores = {name: known.score() for name, known in reference.references.items()}
        self._outputs = reference.census.total("predicted").numel()

    def update(self, observation: Observation) -> None:
        """See one batch. Raises WrongShape if it comes from another model or layer than the reference."""
        if observation.outputs != self._outputs:
            raise WrongShape(
                f"{observation.outputs} classes, but the reference has {self._outputs}; use one model for both"
            )
        self.census.update(observation)
        for score in self.scores.values():
            score.update(observation)

    def merge(self, other: NewPass) -> None:
        """Add another shard's, made against an equal reference."""
        self.census.merge(other.census)
        for name, score in self.scores.items():
            score.merge(other.scores[name])

    def results(self) -> dict[str, ScoreResult]:
        """Every score's answer by name. Raises EmptyData without samples."""
        if not self.census.holds("predicted"):
            raise EmptyData("no samples; give at least one batch")
        return {name: score.result() for name, score in self.scores.items()}

    def findings(self) -> tuple[Finding, ...]:
        """What a reader must know: one class only, and the scores' own findings."""
        sentence = self.census.one_class()
        own = (Finding("OneClass", f"in the new data {sentence}"),) if sentence else ()
        return own + tuple(result.finding for result in self.results().values() if result.finding)


def compare(
    reference: Iterable[Observation], new: Iterable[Observation], *, scores: ScoreTable = SCORES
) -> dict[str, ScoreResult]:
    """Every score of `new` against `reference`, each an iterable of batches that is read once.

    Raises EmptyData, OneClass and WrongShape with the name of the data set in front.
    """
    old = ReferencePass(scores)
    try:
        for observation in reference:
            old.update(observation)
        now = old.compare()
    except ScoreError as error:
        raise error.within("reference") from error
    try:
        for observation in new:
            now.update(observation)
        return now.results()
    except ScoreError as error:
        raise error.within("new") from error
