"""Collects batches until they make a chunk, so that what sketches cost does not depend on the size of batches.

Small batches are copied into the same room, chunk after chunk: memory that is given back and asked for again costs more
than the copy. It must not know which sketches there are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields

import torch
from torch import Tensor

from modelreuse.scores.chunk import Chunk, chunk_of, rows_per_chunk
from modelreuse.scores.errors import WrongShape
from modelreuse.scores.observation import UNLABELLED, Observation


class Gathering:
    """Holds less than a chunk of samples; `flush` passes on what is left."""

    def __init__(self, see: Callable[[Chunk], None]) -> None:
        self._see = see
        self._room: _Room | None = None

    def add(self, observation: Observation) -> None:
        """Take in one batch; an empty one changes nothing. Raises WrongShape if it is of another model or layer."""
        if not observation.samples:
            return
        chunk, most = chunk_of(observation), rows_per_chunk(observation)
        if self._room is not None:
            self._room.check(chunk)
        if chunk.samples >= most:
            self.flush()
            self._see(chunk)
            return
        if self._room is None or self._room.types != _types(chunk):
            self.flush()
            self._room = _Room(chunk, most)
        elif self._room.rows + chunk.samples > most:
            self.flush()
        self._room.take(chunk)

    def flush(self) -> None:
        """Pass on what is held."""
        if self._room is not None and self._room.rows:
            held = self._room.held()
            self._room.clear()
            self._see(held)


class _Room:
    """Room for `most` rows of chunks like `first`, of which the first `rows` are taken."""

    def __init__(self, first: Chunk, most: int) -> None:
        self.layers, self.outputs, self.size = first.layers, first.outputs, first.embedding.shape[1]
        self.types = _types(first)
        self.tensors = {name: part.new_empty((most, *part.shape[1:])) for name, part in _parts(first).items()}
        self.clear()

    def clear(self) -> None:
        """Take nothing as held; the room stays."""
        self.rows = self.batches = 0
        self.labelled = False

    def check(self, chunk: Chunk) -> None:
        """Raise WrongShape unless the chunk is of the same model and the same layers."""
        known, other = (self.outputs, self.size), (chunk.outputs, chunk.embedding.shape[1])
        if known != other:
            raise WrongShape(
                f"{other[0]} classes and embeddings of {other[1]} numbers after {known[0]} and {known[1]}; "
                "all batches must come from one model and one layer"
            )
        if self.layers != chunk.layers:
            raise WrongShape("activations: other layers or channels than in the batches before")

    def take(self, chunk: Chunk) -> None:
        """Copy the chunk behind what is held."""
        rows = slice(self.rows, self.rows + chunk.samples)
        for name, part in _parts(chunk).items():
            self.tensors[name][rows] = part
        self.rows = rows.stop
        self.batches += chunk.batches
        self.labelled |= chunk.labels is not None

    def held(self) -> Chunk:
        """What is held, in one; valid until more is taken."""
        parts: dict[str, Tensor] = {name: part[: self.rows] for name, part in self.tensors.items()}
        labels = parts.pop("labels")
        return Chunk(
            logits=parts.pop("logits", None),
            labels=labels if self.labelled else None,
            channels=parts.pop("channels", parts["embedding"]),
            layers=self.layers,
            batches=self.batches,
            **parts,
        )


def _types(chunk: Chunk) -> tuple[object, ...]:
    """What must not differ between chunks in one room, or numbers would be rounded."""
    logits = None if chunk.logits is None else chunk.logits.dtype
    return chunk.embedding.device, chunk.embedding.dtype, chunk.channels.dtype, logits


def _parts(chunk: Chunk) -> dict[str, Tensor]:
    """The chunk's tensors by name, each once; labels are always there."""
    parts = {field.name: getattr(chunk, field.name) for field in fields(chunk)}
    parts["labels"] = torch.full_like(chunk.keys, UNLABELLED) if chunk.labels is None else chunk.labels
    if chunk.channels is chunk.embedding:
        del parts["channels"]
    return {name: part for name, part in parts.items() if isinstance(part, Tensor)}
