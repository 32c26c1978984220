"""What every data format gives: rows in a fixed order, read as often as asked, never all of them at once."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelreuse.worker.errors import TaskError

Rows = dict[str, NDArray[Any]]
"""Some consecutive rows of a data set: arrays by name, all of one length."""

MAX_ROW_BYTES = 2**30
"""Of one row of one array: batches of them must fit into memory."""

_SCANNED_ROWS = 65536


@dataclass(frozen=True)
class Column:
    """One array. shape: of one row, `()` for a number; empty sizes are unknown. dtype: as numpy names it."""

    name: str
    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Wish:
    """What a check asks of a data set: which arrays, and who prepares them.

    transformed: whether the user's own code gets the values before the model does, so that they may be of any type.
    factory: the user's own reader, `package.module:function`, and the field that names it.
    """

    inputs: tuple[str, ...]
    labels: str | None
    clusters: str | None = None
    transformed: bool = False
    factory: str | None = None
    factory_field: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """All arrays that are asked for, inputs first."""
        return (*self.inputs, *(name for name in (self.labels, self.clusters) if name))


class RowSource(ABC):
    """A data set. columns: those of the wished arrays that are there. available: all names, for an error's sentence.

    samples: number of rows, at least one; None where only reading tells. classes: names of the classes in the order of
    their numbers, where the format has such names.
    """

    kind: str
    columns: Mapping[str, Column]
    available: Sequence[str]
    samples: int | None
    classes: tuple[str, ...] = ()

    @abstractmethod
    def chunks(self, names: Sequence[str], size: int) -> Iterator[Rows]:
        """All rows of these columns in order, `size` at a time, the last chunk shorter. Raises TaskError."""

    def scan(self, name: str) -> Iterator[NDArray[Any]]:
        """All of one column that is cheap to read, for a look at it before anything is computed."""
        for rows in self.chunks([name], _SCANNED_ROWS):
            yield rows[name]


def rebatched(pieces: Iterable[Rows], size: int) -> Iterator[Rows]:
    """The same rows in chunks of `size`, whatever their number in a piece."""
    waiting: list[Rows] = []
    held = 0
    for piece in pieces:
        rows = _length(piece)
        start = 0
        while held + rows - start >= size:
            stop = start + size - held
            waiting.append({name: values[start:stop] for name, values in piece.items()})
            yield _joined(waiting)
            waiting, held, start = [], 0, stop
        if start < rows:
            waiting.append({name: values[start:] for name, values in piece.items()})
            held += rows - start
    if waiting:
        yield _joined(waiting)


def _length(rows: Rows) -> int:
    return len(next(iter(rows.values())))


def _joined(pieces: list[Rows]) -> Rows:
    if len(pieces) == 1:
        return pieces[0]
    return {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}


def check_lengths(shapes: Mapping[str, tuple[int, ...]], field: str) -> int:
    """The number of rows. Raises TaskError WrongShape, LengthsDiffer, EmptyData."""
    for name, shape in shapes.items():
        if not shape:
            raise TaskError("WrongShape", field, f"the array {name!r} is a single number; give one row per sample")
    lengths = {name: shape[0] for name, shape in shapes.items()}
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"{name!r} {length}" for name, length in list(lengths.items())[:5])
        raise TaskError("LengthsDiffer", field, f"the arrays have different numbers of rows: {shown}")
    samples = next(iter(lengths.values()), 0)
    if not samples:
        raise TaskError("EmptyData", field, "holds no samples")
    return samples


def check_row_bytes(name: str, row_bytes: int, field: str) -> None:
    """Raises TaskError WrongShape for rows of which no batch fits into memory."""
    if row_bytes > MAX_ROW_BYTES:
        raise TaskError(
            "WrongShape",
            field,
            f"one row of the array {name!r} takes {row_bytes} bytes; at most {MAX_ROW_BYTES} are read; is the first "
            "dimension that of the samples?",
        )
