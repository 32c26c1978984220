"""A data set in memory, and its batches as a model takes them.

Floating point becomes float32, as models are; whole numbers stay what they are, because a model may look them up.
Everything else about a value's meaning is the transform's business.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from modelreuse.api import DataSources
from modelreuse.worker.content import read
from modelreuse.worker.errors import TaskError
from modelreuse.worker.formats.npz import load_npz, missing_array
from modelreuse.worker.places import Places
from modelreuse.worker.user_code import call

Rows = NDArray[Any] | torch.Tensor
ModelInputs = tuple[Rows, ...]
"""The model's positional arguments for one batch, each with one row per sample."""

Transform = Callable[[dict[str, NDArray[Any]]], Any]
"""User code: from `{array name: rows of one batch}` to a tensor, or a tuple of tensors, one row per sample."""


@dataclass(frozen=True, eq=False)
class DataSet:
    """Arrays of equally many rows. field: where the check names the file."""

    field: str
    sha256: str
    inputs: Mapping[str, NDArray[Any]]
    labels: NDArray[np.int64] | None
    transform: Transform | None = None
    transform_name: str = ""

    @property
    def samples(self) -> int:
        """Number of rows; at least one."""
        return len(next(iter(self.inputs.values())))

    def batches(self, size: int) -> Iterator[tuple[ModelInputs, NDArray[np.int64] | None]]:
        """All rows in order, `size` at a time, with their labels."""
        for start in range(0, self.samples, size):
            rows = slice(start, start + size)
            yield self.take(rows), None if self.labels is None else self.labels[rows]

    def take(self, rows: slice | NDArray[np.int64]) -> ModelInputs:
        """The chosen rows as the model's arguments.

        Raises TaskError CodeFailed or WrongTransform where the transform doesn't do what it should.
        """
        chosen = {name: _as_model_type(values[rows]) for name, values in self.inputs.items()}
        if self.transform is None:
            return tuple(chosen.values())
        result = call(self.transform, self.transform_name, _TRANSFORM, chosen)
        return self._checked(result, len(next(iter(chosen.values()))))

    def _checked(self, result: object, rows: int) -> ModelInputs:
        several = tuple(result) if isinstance(result, tuple | list) else (result,)
        for values in several:
            if not isinstance(values, torch.Tensor | np.ndarray):
                raise _wrong_transform(
                    self.transform_name, f"returned a value of type {type(values).__name__}; return a tensor or a tuple"
                )
            if values.ndim == 0 or len(values) != rows:
                raise _wrong_transform(
                    self.transform_name,
                    f"made a tensor of shape {tuple(values.shape)} of {rows} samples; keep one row each",
                )
        return several

    @property
    def has_whole_numbers(self) -> bool:
        """Whether a model gets integers as they are: often images that nobody scaled."""
        return self.transform is None and any(values.dtype.kind in "iu" for values in self.inputs.values())


_TRANSFORM = "spec.data.transform"
_LABELS = "spec.data.labels"


def load_data(
    uri: str,
    field: str,
    sources: DataSources,
    places: Places,
    transform: Transform | None = None,
    *,
    labels_required: bool = False,
) -> DataSet:
    """The data set of one file. A missing array of labels means data without labels, unless they are required.

    Raises TaskError: ArrayMissing, LengthsDiffer, EmptyData, WrongShape, WrongType, LabelsNotIntegers, LabelsMissing,
    and what `content.read` and `load_npz` raise.
    """
    content = read(uri, field, places)
    wanted = [*sources.inputs, *([sources.labels] if sources.labels else [])]
    arrays = load_npz(content, field, wanted)
    for name in sources.inputs:
        if name not in arrays:
            raise missing_array(content, field, name)
    labels = None
    if sources.labels and sources.labels in arrays:
        labels = _as_labels(arrays[sources.labels], sources.labels, field)
    elif labels_required and sources.labels:
        raise missing_array(content, field, sources.labels)
    elif labels_required:
        raise TaskError("LabelsMissing", _LABELS, "quality can only be measured with labels; name their array")
    inputs = {name: arrays[name] for name in sources.inputs}
    _check_lengths({**inputs, **({} if labels is None else {str(sources.labels): labels})}, field)
    return DataSet(field, content.sha256, inputs, labels, transform, sources.transform or "")


def _as_model_type(values: NDArray[Any]) -> NDArray[Any]:
    return values.astype(np.float32) if values.dtype.kind == "f" and values.dtype != np.float32 else values


def _as_labels(values: NDArray[Any], name: str, field: str) -> NDArray[np.int64]:
    if values.ndim != 1:
        raise TaskError(
            "WrongShape", field, f"the labels {name!r} have shape {values.shape}; give one class index a row"
        )
    if values.dtype.kind == "f" and not (np.isfinite(values).all() and (values == np.floor(values)).all()):
        raise TaskError(
            "LabelsNotIntegers", field, f"the labels {name!r} aren't whole numbers; give class indices 0, 1, 2, ..."
        )
    return values.astype(np.int64)


def _check_lengths(arrays: Mapping[str, NDArray[Any]], field: str) -> None:
    for name, values in arrays.items():
        if values.ndim == 0:
            raise TaskError("WrongShape", field, f"the array {name!r} is a single number; give one row per sample")
    lengths = {name: len(values) for name, values in arrays.items()}
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"{name!r} {length}" for name, length in list(lengths.items())[:5])
        raise TaskError("LengthsDiffer", field, f"the arrays have different numbers of rows: {shown}")
    if not next(iter(lengths.values())):
        raise TaskError("EmptyData", field, "holds no samples")


def _wrong_transform(name: str, detail: str) -> TaskError:
    return TaskError("WrongTransform", _TRANSFORM, f"{name} {detail}")
