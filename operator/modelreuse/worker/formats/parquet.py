"""Columns of `.parquet` files as arrays, row group by row group.

A column of numbers is an array of rows; a column of lists, of one length throughout, is an array of vectors, and so on
inwards; a fixed-shape tensor is itself. Text, bytes and structs are for a transform, which gets them as Python objects.
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from modelreuse.worker.errors import TaskError
from modelreuse.worker.formats.source import Column, Rows, RowSource, Wish, check_row_bytes, rebatched
from modelreuse.worker.staged import Staged
from modelreuse.worker.wording import few, one_line

SUFFIX = ".parquet"
_READ_BYTES = 2**20
"""How much of a column is read at a time."""
_MAX_FOOTER_STRINGS = 64 * 2**20
_MAX_FOOTER_LISTS = 8 * 2**20


class ParquetRows(RowSource):
    """The wished columns of one file, or of all files of a folder in the order of their names.

    Raises TaskError: ExtraMissing, ArchiveDamaged, RowGroupDamaged, WrongType, WrongShape (lists of several lengths),
    ValuesMissing (nulls), ArrayMissing (in one file of several), EmptyData.
    """

    kind = "Parquet"

    def __init__(self, staged: Staged, wish: Wish) -> None:
        self._staged = staged
        self._wish = wish
        self._names = list(staged.files)
        self.available: Sequence[str] = ()
        self.columns: dict[str, Column] = {}
        samples = 0
        for name in self._names:
            with self._opened(name) as file:
                if not file.metadata.num_rows:
                    continue
                present = list(file.schema_arrow.names)
                if samples:
                    self._compare(name, present)
                else:
                    self.available = present
                    self.columns = {
                        wished: self._column(file, name, wished) for wished in wish.names if wished in present
                    }
                samples += file.metadata.num_rows
        if not samples:
            raise TaskError("EmptyData", staged.field, "holds no samples")
        self.samples: int | None = samples

    @override
    def chunks(self, names: Sequence[str], size: int) -> Iterator[Rows]:
        yield from rebatched(self._pieces(list(dict.fromkeys(names)), size), size)

    def _pieces(self, names: list[str], size: int) -> Iterator[Rows]:
        for file_name in self._names:
            with self._opened(file_name) as file:
                for group in range(file.metadata.num_row_groups):
                    yield from self._group(file, file_name, group, names, size)

    def _group(self, file: Any, file_name: str, group: int, names: list[str], size: int) -> Iterator[Rows]:
        where = f"row group {group + 1} of {file.metadata.num_row_groups}{self._of(file_name)}"
        batches = self._reading(
            where, lambda: file.iter_batches(batch_size=size, row_groups=[group], columns=names, use_threads=False)
        )
        seen = 0
        while (batch := self._reading(where, lambda: next(batches, None))) is not None:
            if batch.num_rows:
                yield {name: self._values(batch.column(name), name, where) for name in names}
            seen += batch.num_rows
        if seen != file.metadata.row_group(group).num_rows:
            raise TaskError("RowGroupDamaged", self._staged.field, f"{where} can't be read: it ends after {seen} rows")

    def _reading(self, where: str, step: Any) -> Any:
        try:
            return step()
        except (TaskError, MemoryError):
            raise
        except Exception as error:
            cause = one_line(f"{type(error).__name__}: {error}", 200)
            raise TaskError("RowGroupDamaged", self._staged.field, f"{where} can't be read: {cause}") from error

    @contextmanager
    def _opened(self, name: str) -> Iterator[Any]:
        try:
            from pyarrow import parquet
        except ImportError:
            raise TaskError(
                "ExtraMissing",
                self._staged.field,
                "a .parquet file needs the extra 'parquet': pip install 'model-reuse-operator[parquet]'",
            ) from None
        with self._staged.open(name) as stream:
            try:
                file = parquet.ParquetFile(
                    stream,
                    buffer_size=_READ_BYTES,
                    pre_buffer=False,
                    thrift_string_size_limit=_MAX_FOOTER_STRINGS,
                    thrift_container_size_limit=_MAX_FOOTER_LISTS,
                )
            except (TaskError, MemoryError):
                raise
            except Exception as error:
                raise TaskError(
                    "ArchiveDamaged",
                    self._staged.field,
                    f"is no readable .parquet file{self._of(name)}: cut off, or of another format",
                ) from error
            with file:
                yield file

    def _of(self, name: str) -> str:
        return f" of {name!r}" if len(self._names) > 1 else ""

    def _column(self, file: Any, file_name: str, name: str) -> Column:
        """Type and shape of a row, by the first row of a file that has some."""
        groups = range(file.metadata.num_row_groups)
        group = next((each for each in groups if file.metadata.row_group(each).num_rows), None)
        if group is None:
            raise TaskError(
                "ArchiveDamaged",
                self._staged.field,
                f"is no readable .parquet file{self._of(file_name)}: it has rows, and no row group holds them",
            )
        where = f"row group {group + 1} of {file.metadata.num_row_groups}{self._of(file_name)}"
        first = self._reading(
            where,
            lambda: next(file.iter_batches(batch_size=1, row_groups=[group], columns=[name], use_threads=False)),
        )
        values = self._values(first.column(name), name, where)
        check_row_bytes(name, values.nbytes, self._staged.field)
        return Column(name, str(values.dtype), values.shape[1:])

    def _compare(self, file_name: str, present: Sequence[str]) -> None:
        missing = [wished for wished in self.columns if wished not in present]
        if missing:
            raise TaskError(
                "ArrayMissing",
                self._staged.field,
                f"{file_name!r} holds no column {missing[0]!r}, as those before it do; it holds {few(present)}",
            )

    def _values(self, array: Any, name: str, where: str) -> NDArray[Any]:
        _check_type(array.type, name, self._staged.field, transformed=self._wish.transformed)
        values = _as_numpy(array, name, where, self._staged.field)
        known = self.columns.get(name)
        if known is not None and values.shape[1:] != known.shape:
            raise TaskError(
                "WrongShape",
                self._staged.field,
                f"the column {name!r} holds lists of shape {values.shape[1:]} in {where}, but {known.shape} before; "
                "give all rows one length",
            )
        return values


def _check_type(arrow_type: Any, name: str, field: str, *, transformed: bool) -> None:
    import pyarrow as pa

    inner = arrow_type
    while _is_list(inner) or isinstance(inner, pa.FixedShapeTensorType):
        inner = inner.value_type
    plain = pa.types.is_integer(inner) or pa.types.is_floating(inner) or pa.types.is_boolean(inner)
    if not plain and not (transformed and inner is arrow_type):
        raise TaskError(
            "WrongType",
            field,
            f"the column {name!r} is of type {one_line(str(arrow_type), 80)}; give integers, floating point or lists "
            "of them, or name a spec.data.transform that makes numbers of it",
        )


def _is_list(arrow_type: Any) -> bool:
    import pyarrow as pa

    return bool(
        pa.types.is_list(arrow_type) or pa.types.is_large_list(arrow_type) or pa.types.is_fixed_size_list(arrow_type)
    )


def _as_numpy(array: Any, name: str, where: str, field: str) -> NDArray[Any]:
    """(n, ...) values; of what only a transform understands (n,) Python objects."""
    import pyarrow as pa

    shape = [len(array)]
    while True:
        if array.null_count:
            raise TaskError(
                "ValuesMissing", field, f"the column {name!r} holds nulls in {where}; fill them in or drop their rows"
            )
        if isinstance(array.type, pa.FixedShapeTensorType):
            shape += list(array.type.shape)
            if array.type.permutation not in (None, list(range(len(array.type.shape)))):
                raise TaskError(
                    "WrongType", field, f"the column {name!r} holds transposed tensors; store them in order"
                )
            array = array.storage.flatten()
            continue
        if not _is_list(array.type):
            break
        length = _one_length(array, name, where, field)
        shape.append(length)
        array = array.flatten()
    if pa.types.is_integer(array.type) or pa.types.is_floating(array.type) or pa.types.is_boolean(array.type):
        values = array.to_numpy(zero_copy_only=False)
        if math.prod(shape) != len(values):
            raise TaskError("WrongShape", field, f"the column {name!r} holds lists of several lengths in {where}")
        return np.asarray(values).reshape(shape)
    objects = np.empty(len(array), dtype=object)
    objects[:] = array.to_pylist()
    return objects


def _one_length(array: Any, name: str, where: str, field: str) -> int:
    import pyarrow as pa

    if pa.types.is_fixed_size_list(array.type):
        return int(array.type.list_size)
    lengths = np.diff(array.offsets.to_numpy())
    if len(lengths) == 0:
        return 0
    if (lengths != lengths[0]).any():
        short, long = int(lengths.min()), int(lengths.max())
        raise TaskError(
            "WrongShape",
            field,
            f"the column {name!r} holds lists of {short} to {long} values in {where}; give all rows one length, or pad "
            "them",
        )
    return int(lengths[0])
