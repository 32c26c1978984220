"""One pass over the reference and one over new data, for all scores together.

Works on observations and must not know of models; `shift` feeds it from a model.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from numpy.typing import NDArray

from modelreuse.scores.census import Census, DataSummary
from modelreuse.scores.chunk import Chunk, layers_of
from modelreuse.scores.errors import EmptyData, OneClass, ScoreError, WrongShape
from modelreuse.scores.gathering import Gathering
from modelreuse.scores.layer_histograms import LayerHistograms
from modelreuse.scores.layer_shift import LayerShift, constant_layer_finding, layer_shifts
from modelreuse.scores.observation import Observation
from modelreuse.scores.result import Finding, ScoreResult
from modelreuse.scores.sketch import Arrays, Sketch, Sketches
from modelreuse.scores.table import SCORES, ScoreTable


class _Pass:
    """What a pass over either data set has: sketches, and batches that have not reached them yet."""

    def __init__(self, scores: ScoreTable, reference: Sketches | None) -> None:
        self.table = scores
        kinds: list[type[Sketch]] = [
            Census,
            LayerHistograms,
            *(kind for score in scores.values() for kind in score.reads),
        ]
        self._sketches = Sketches(kinds, reference)
        self._gathering = Gathering(self._see)

    def update(self, observation: Observation) -> None:
        """See one batch. Raises WrongShape if it comes from another model or layer than earlier ones."""
        self._gathering.add(observation)

    def merge(self, other: _Pass) -> None:
        """Add another shard's. Raises ValueError if it has other scores, WrongShape if it is of another model."""
        self.merge_arrays(other.to_arrays())

    def to_arrays(self) -> Arrays:
        """All sketches as arrays named `sketch/array`, ready for `numpy.savez`; there are no pickles among them."""
        return self.sketches.to_arrays()

    def merge_arrays(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Add what `to_arrays` gave. Raises ValueError for arrays of a sketch that is not among these."""
        self.sketches.merge_arrays(arrays)

    @property
    def sketches(self) -> Sketches:
        """All that was seen."""
        self._gathering.flush()
        return self._sketches

    def summary(self) -> DataSummary:
        """How much was seen."""
        return self.sketches.of(Census).summary()

    def _see(self, chunk: Chunk) -> None:
        self._sketches.update(chunk)


class ReferencePass(_Pass):
    """The reference's side of all scores.

    scores: which, by name; SCORES unless told. head, layers: names of the tapped layers, where a model was passed
    through: `shift` puts them here, and `merge_arrays` does not restore them, except for the layers.
    """

    def __init__(self, scores: ScoreTable = SCORES, head: str | None = None) -> None:
        super().__init__(scores, None)
        self.head = head
        self.layers: tuple[str, ...] | None = None

    def merge_arrays(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Add what `to_arrays` gave. Raises ValueError for arrays of a sketch that is not among these."""
        super().merge_arrays(arrays)
        if self.layers is None:
            self.layers = tuple(name for name, _ in self.sketches.of(LayerHistograms).layers[:-1])

    @property
    def classes(self) -> int:
        """Outputs k of the model, 0 without classes or samples."""
        return (self.sketches.of(Census).shape or (0, 0))[0]

    @property
    def embedding_size(self) -> int:
        """Size d of the embedding, 0 without samples."""
        return (self.sketches.of(Census).shape or (0, 0))[1]

    def compare(self) -> NewPass:
        """An empty pass over new data against this reference. Don't update the reference afterwards.

        Raises EmptyData without samples and OneClass where all are of one class: nothing can be compared with those.
        """
        census = self.sketches.of(Census)
        if not census.samples:
            raise EmptyData("no samples; give at least one batch")
        if sentence := census.one_class():
            raise OneClass(sentence)
        return NewPass(self)


class NewPass(_Pass):
    """All scores at once, over new data; made by `ReferencePass.compare`."""

    def __init__(self, reference: ReferencePass) -> None:
        super().__init__(reference.table, reference.sketches)
        self.reference = reference
        self._shape = reference.classes or None, reference.embedding_size
        self._layers = reference.sketches.of(LayerHistograms).layers

    def update(self, observation: Observation) -> None:
        """See one batch. Raises WrongShape if it comes from another model or layer than the reference."""
        shape = observation.outputs, observation.embedding.shape[1]
        if shape != self._shape:
            raise WrongShape(
                f"{shape[0]} classes and embeddings of {shape[1]} numbers, but the reference had {self._shape[0]} and "
                f"{self._shape[1]}; both data sets must pass through the same model and the same layer"
            )
        if layers_of(observation) != self._layers:
            raise WrongShape("activations: other layers or channels than the reference had; tap the same layers")
        super().update(observation)

    def results(self) -> dict[str, ScoreResult]:
        """Every score's answer by name. Raises EmptyData without samples."""
        self._check_any()
        sketches = self.sketches
        return {name: score.answer(self.reference.sketches, sketches) for name, score in self.table.items()}

    def layers(self) -> tuple[LayerShift, ...]:
        """How far each tapped layer moved, from input to head. Raises EmptyData without samples."""
        self._check_any()
        return layer_shifts(self.reference.sketches, self.sketches)

    def findings(self) -> tuple[Finding, ...]:
        """What a reader must know: one class only, constant layers, and the scores' own findings."""
        sentence = self.sketches.of(Census).one_class()
        own = (Finding("OneClass", f"in the new data {sentence}"),) if sentence else ()
        constant = constant_layer_finding(self.reference.sketches)
        found = tuple(result.finding for result in self.results().values() if result.finding)
        return own + found + ((constant,) if constant else ())

    def _check_any(self) -> None:
        if not self.sketches.of(Census).samples:
            raise EmptyData("no samples; give at least one batch")


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
