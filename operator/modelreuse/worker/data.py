"""A data set, and its batches as a model takes them; how many samples it has makes no difference to memory.

Floating point becomes float32, as models are; whole numbers stay what they are, because a model may look them up.
Everything else about a value's meaning is the transform's business.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from modelreuse.api import DataSource, DataSources
from modelreuse.worker.errors import TaskError
from modelreuse.worker.formats.data import open_rows, staged_data
from modelreuse.worker.formats.images import CLASSES_FILE, class_differences
from modelreuse.worker.formats.source import Column, Rows, RowSource, Wish
from modelreuse.worker.places import Places
from modelreuse.worker.user_code import call
from modelreuse.worker.wording import few

Values = NDArray[Any] | torch.Tensor
ModelInputs = tuple[Values, ...]
"""The model's positional arguments for one batch, each with one row per sample."""

Transform = Callable[[dict[str, NDArray[Any]]], Any]
"""User code: from `{array name: rows of one batch}` to a tensor, or a tuple of tensors, one row per sample."""

Whole = NDArray[np.int64]
"""One whole number per row."""

_PLAIN_KINDS = frozenset("biuf")


@dataclass(frozen=True, eq=False)
class DataSet:
    """Rows of inputs, with labels and clusters where they are named. field: where the check names the file."""

    field: str
    sha256: str
    source: RowSource
    inputs: tuple[str, ...]
    label: str | None = None
    cluster: str | None = None
    transform: Transform | None = None
    transform_name: str = ""

    @property
    def samples(self) -> int | None:
        """Number of rows, at least one; None where only reading tells."""
        return self.source.samples

    @property
    def labelled(self) -> bool:
        """Whether the samples have labels."""
        return self.label is not None

    @property
    def columns(self) -> Mapping[str, Column]:
        """The arrays of inputs, as their file holds them."""
        return {name: self.source.columns[name] for name in self.inputs}

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes in the order of their numbers, where the format has such names."""
        return self.source.classes

    def batches(
        self, size: int, *, part: int = 0, parts: int = 1
    ) -> Iterator[tuple[ModelInputs, Whole | None, Whole | None]]:
        """All rows in order, `size` at a time, with their labels and clusters, each (n,).

        Of several parts every `parts`-th row from `part` on. Raises TaskError as `take` and the format do.
        """
        for chunk in self.source.chunks(self._names, size * parts):
            rows = {name: values[part::parts] for name, values in chunk.items()}
            if not len(next(iter(rows.values()))):
                continue
            labels = None if self.label is None else _as_labels(rows[self.label], self.label, self.field)
            clusters = None if self.cluster is None else _as_clusters(rows[self.cluster], self.cluster, self.field)
            yield self._as_arguments(rows), labels, clusters

    def take(self, rows: slice | NDArray[np.int64]) -> ModelInputs:
        """The chosen rows as the model's arguments. They should be among the first: all before them are read.

        Raises TaskError CodeFailed or WrongTransform where the transform doesn't do what it should.
        """
        last = rows.stop if isinstance(rows, slice) else int(rows.max()) + 1
        head = self._head(last)
        return self._as_arguments({name: values[rows] for name, values in head.items()})

    def first(self, count: int) -> ModelInputs:
        """`count` rows as the model's arguments: the first ones, and again from the beginning where there are fewer."""
        head = self._head(count)
        index = np.arange(count) % len(next(iter(head.values())))
        return self._as_arguments({name: values[index] for name, values in head.items()})

    @property
    def has_whole_numbers(self) -> bool:
        """Whether a model gets integers as they are: often images that nobody scaled."""
        return self.transform is None and any(np.dtype(c.dtype).kind in "iu" for c in self.columns.values())

    @property
    def _names(self) -> list[str]:
        return [*self.inputs, *(name for name in (self.label, self.cluster) if name)]

    def _head(self, count: int | None) -> Rows:
        pieces: list[Rows] = []
        held = 0
        for rows in self.source.chunks(list(self.inputs), count or 4096):
            pieces.append(rows)
            held += len(next(iter(rows.values())))
            if count is not None and held >= count:
                break
        return {name: np.concatenate([piece[name] for piece in pieces])[:count] for name in self.inputs}

    def _as_arguments(self, rows: Rows) -> ModelInputs:
        chosen = {name: self._as_model_type(name, rows[name]) for name in self.inputs}
        if self.transform is None:
            return tuple(chosen.values())
        result = call(self.transform, self.transform_name, _TRANSFORM, chosen)
        return self._checked(result, len(next(iter(chosen.values()))))

    def _as_model_type(self, name: str, values: NDArray[Any]) -> NDArray[Any]:
        if values.dtype.kind == "f" and values.dtype != np.float32:
            return self._as_single(name, values)
        if values.dtype.kind not in _PLAIN_KINDS and self.transform is None:
            raise TaskError(
                "WrongType",
                self.field,
                f"the array {name!r} is of type {values.dtype}; give integers or floating point, or name a "
                "spec.data.transform that makes numbers of it",
            )
        return values

    def _as_single(self, name: str, values: NDArray[Any]) -> NDArray[np.float32]:
        try:
            with np.errstate(over="raise", invalid="ignore"):  # signalling NaN become quiet ones, which are found later
                return values.astype(np.float32)
        except FloatingPointError:
            detail = f"the array {name!r} holds values beyond float32's range (3.4e38), in which models compute"
            raise TaskError("InputsNotFinite", self.field, detail) from None

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


_TRANSFORM = "spec.data.transform"
_LABELS = "spec.data.labels"


def load_data(
    source: DataSource,
    field: str,
    sources: DataSources,
    places: Places,
    transform: Transform | None = None,
    *,
    labels_required: bool = False,
    clustered: bool = False,
) -> DataSet:
    """One data set. A missing array of labels means data without labels, unless they are required.

    field: where the check names its URI. clustered: whether clusters are read where `sources` names them; they may not
    be missing, because then all samples would pass for independent. Raises TaskError: ArrayMissing, LengthsDiffer,
    EmptyData, WrongShape, WrongType, LabelsNotIntegers, ClustersNotIntegers, LabelsMissing, and what `stage` and the
    format raise.
    """
    cluster = sources.clusters if clustered else None
    staged = staged_data(source, field, places)
    wish = Wish(
        inputs=tuple(sources.inputs),
        labels=sources.labels,
        clusters=cluster,
        transformed=transform is not None,
        factory=source.factory,
        factory_field=f"{field.removesuffix('.uri')}.factory",
    )
    rows = open_rows(source, staged, wish)
    for name in (*sources.inputs, *([cluster] if cluster else [])):
        if name not in rows.columns:
            raise _missing(rows, field, name)
    label = None
    if sources.labels and sources.labels in rows.columns:
        label = sources.labels
        for values in rows.scan(label):
            _as_labels(values, label, field)
    elif labels_required and sources.labels:
        raise _missing(rows, field, sources.labels)
    elif labels_required:
        raise TaskError("LabelsMissing", _LABELS, "quality can only be measured with labels; name their array")
    if cluster:
        for values in rows.scan(cluster):
            _as_clusters(values, cluster, field)
    inputs = tuple(sources.inputs)
    return DataSet(field, staged.sha256, rows, inputs, label, cluster, transform, sources.transform or "")


def data_sha256(source: DataSource, field: str, places: Places) -> str:
    """`sha256:…` of a data set that nobody parses here. Raises TaskError as `stage` does."""
    return staged_data(source, field, places, keep=False).sha256


def check_same_classes(reference: DataSet, other: DataSet) -> None:
    """Raises TaskError ClassesDiffer where two folders of images would give one class two numbers."""
    difference = class_differences(reference.classes, other.classes)
    if reference.classes and other.classes and difference:
        raise TaskError(
            "ClassesDiffer",
            other.field,
            f"its classes {difference}, so they would get other numbers than the reference's; put one {CLASSES_FILE} "
            "with all names, one a line, into each folder",
        )


def check_class_count(data: DataSet, outputs: int) -> None:
    """Raises TaskError ClassesDiffer where folders of images don't name as many classes as the model has outputs."""
    if data.labelled and data.classes and len(data.classes) != outputs:
        raise TaskError(
            "ClassesDiffer",
            data.field,
            f"has {len(data.classes)} classes, the model {outputs} outputs; put a {CLASSES_FILE} with all names, "
            "one a line, into the folder",
        )


def _missing(rows: RowSource, field: str, name: str) -> TaskError:
    return TaskError("ArrayMissing", field, f"holds no array {name!r}; it holds {few(rows.available)}")


def _as_labels(values: NDArray[Any], name: str, field: str) -> Whole:
    return _as_whole(values, f"the labels {name!r}", field, "LabelsNotIntegers", "one class index a row, 0, 1, 2, ...")


def _as_clusters(values: NDArray[Any], name: str, field: str) -> Whole:
    wanted = "one whole number a row, equal within a cluster"
    return _as_whole(values, f"the clusters {name!r}", field, "ClustersNotIntegers", wanted)


def _as_whole(values: NDArray[Any], what: str, field: str, reason: str, wanted: str) -> Whole:
    if values.ndim != 1:
        raise TaskError("WrongShape", field, f"{what} have rows of shape {values.shape[1:]}; give {wanted}")
    if values.dtype.kind not in _PLAIN_KINDS:
        raise TaskError(reason, field, f"{what} are of type {values.dtype}; give {wanted}")
    if values.dtype.kind == "f" and not _are_whole(values):
        raise TaskError(reason, field, f"{what} aren't whole numbers; give {wanted}")
    return values.astype(np.int64)


def _are_whole(values: NDArray[Any]) -> bool:
    with np.errstate(invalid="ignore"):  # of signalling NaN
        exact = values.astype(np.float64)
        return bool(((np.abs(exact) < 2**53) & (exact == np.floor(exact))).all())


def _wrong_transform(name: str, detail: str) -> TaskError:
    return TaskError("WrongTransform", _TRANSFORM, f"{name} {detail}")
