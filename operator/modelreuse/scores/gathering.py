"""Collects batches until they make a chunk, so that what sketches cost does not depend on the size of batches."""

from __future__ import annotations

from collections.abc import Callable

from modelreuse.scores.chunk import Chunk, chunk_of, layers_of, rows_per_chunk
from modelreuse.scores.errors import WrongShape
from modelreuse.scores.observation import Observation


class Gathering:
    """Holds at most about a chunk of samples; `flush` passes on what is left."""

    def __init__(self, see: Callable[[Chunk], None]) -> None:
        self._see = see
        self._held: list[Observation] = []
        self._rows = 0

    def add(self, observation: Observation) -> None:
        """Take in one batch; an empty one changes nothing. Raises WrongShape if it is of another model or layer."""
        if not observation.samples:
            return
        if self._held:
            check_alike(self._held[0], observation)
        self._held.append(observation)
        self._rows += observation.samples
        if self._rows >= rows_per_chunk(observation):
            self.flush()

    def flush(self) -> None:
        """Pass on what is held."""
        if self._held:
            held, self._held, self._rows = self._held, [], 0
            self._see(chunk_of(held))


def check_alike(first: Observation, other: Observation) -> None:
    """Raise WrongShape unless both are of one model and the same layers."""
    shapes = [(o.outputs, o.embedding.shape[1]) for o in (first, other)]
    if shapes[0] != shapes[1]:
        raise WrongShape(
            f"{shapes[1][0]} classes and embeddings of {shapes[1][1]} numbers after {shapes[0][0]} and {shapes[0][1]}; "
            "all batches must come from one model and one layer"
        )
    if layers_of(first) != layers_of(other):
        raise WrongShape("activations: other layers or channels than in the batches before")
