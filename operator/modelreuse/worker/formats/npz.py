"""Arrays from `.npz`, without pickle and without trusting a header.

numpy allocates what an array's header declares before it reads a byte, so a hundred bytes can ask for a terabyte. Here
a header must agree with its member's size before anything is allocated; what is compressed may not unpack to more than
a limit; and data sets are read row by row, so that neither has to fit into memory.
"""

import io
import math
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from zipfile import ZipExtFile

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray
from typing_extensions import override

from modelreuse.worker.content import Content
from modelreuse.worker.errors import TaskError
from modelreuse.worker.formats.archive import DAMAGED, Archive
from modelreuse.worker.formats.source import Column, Rows, RowSource, Wish, check_lengths, check_row_bytes
from modelreuse.worker.staged import Staged

MAX_ARRAYS_BYTES = 16 * 2**30
"""What the arrays that a task names may take together where they are compressed, or have to be in memory at once."""

_SUFFIX = ".npy"
_HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
_PLAIN_KINDS = frozenset("biuf")
_PIECE_BYTES = 4 * 2**20


class NpzRows(RowSource):
    """The wished arrays of an archive; other members are not looked at.

    Raises TaskError: ArchiveDamaged, ArchiveTooLarge, NeedsPickle (an array of objects), WrongType (text, dates,
    complex or structured values), WrongShape, LengthsDiffer, EmptyData.
    """

    kind = "Npz"

    def __init__(self, staged: Staged, wish: Wish, *, limit: int = MAX_ARRAYS_BYTES) -> None:
        self._staged = staged
        with self._staged.open(staged.only) as stream:
            archive = Archive(stream, staged.field, ".npz")
            self.available = array_names(archive)
            there = [name for name in dict.fromkeys(wish.names) if name in self.available]
            arrays = [_Array(archive, name) for name in there]
            archive.check_size([each.member for each in arrays if archive.is_compressed(each.member)], limit)
            archive.check_size([each.member for each in arrays if each.fortran], limit)
        self.columns = {each.name: Column(each.name, str(each.dtype), each.shape[1:]) for each in arrays}
        self.samples = check_lengths({each.name: each.shape for each in arrays}, staged.field) if arrays else 0
        for each in arrays:
            check_row_bytes(each.name, each.row_bytes, staged.field)

    @override
    def chunks(self, names: Sequence[str], size: int) -> Iterator[Rows]:
        assert self.samples is not None
        with self._staged.open(self._staged.only) as stream:
            archive = Archive(stream, self._staged.field, ".npz")
            arrays = [_Array(archive, name) for name in names]
            for start in range(0, self.samples, size):
                count = min(size, self.samples - start)
                yield {each.name: each.take(count) for each in arrays}
            for each in arrays:
                each.end()


def load_npz(
    content: Content, field: str, wanted: Iterable[str], *, limit: int = MAX_ARRAYS_BYTES
) -> dict[str, NDArray[Any]]:
    """Those of the `wanted` arrays that the archive holds, whole, by name. Raises TaskError as `NpzRows` does."""
    archive = Archive(io.BytesIO(content.data), field, ".npz")
    there = array_names(archive)
    names = [name for name in wanted if name in there]
    archive.check_size([f"{name}{_SUFFIX}" for name in names], limit)
    return {name: _Array(archive, name).whole() for name in names}


def array_names(archive: Archive) -> list[str]:
    """The names of the arrays in the archive."""
    return [name.removesuffix(_SUFFIX) for name in archive.names if name.endswith(_SUFFIX)]


class _Array:
    """One array of an archive, read from its beginning."""

    def __init__(self, archive: Archive, name: str) -> None:
        self.name = name
        self.member = f"{name}{_SUFFIX}"
        self._archive = archive
        self._all: NDArray[Any] | None = None
        self._taken = 0
        try:
            self._stream = archive.open(self.member)
            self.shape, self.fortran, self.dtype = self._header(self._stream)
        except (*DAMAGED, zlib.error):
            raise self._damaged() from None
        _check_type(archive.field, name, self.dtype)
        if self._stream.tell() + math.prod(self.shape) * self.dtype.itemsize != archive.size(self.member):
            raise archive.damaged(f"the array {name!r} has another size than its header says")

    @property
    def row_bytes(self) -> int:
        """Of one row."""
        return math.prod(self.shape[1:]) * self.dtype.itemsize

    def take(self, count: int) -> NDArray[Any]:
        """The next rows. An array in Fortran's order, where rows lie scattered, is read as a whole."""
        if self.fortran:
            self._all = self.whole() if self._all is None else self._all
            self._taken += count
            return self._all[self._taken - count : self._taken]
        return self._filled((count, *self.shape[1:]))

    def whole(self) -> NDArray[Any]:
        """Everything."""
        values = self._filled(self.shape[::-1] if self.fortran else self.shape)
        self.end()
        return values.transpose() if self.fortran else values

    def end(self) -> None:
        """Compares the checksum, which reading the last byte does."""
        try:
            self._stream.read(1)
        except (*DAMAGED, zlib.error):
            raise self._damaged() from None

    def _header(self, stream: ZipExtFile) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
        version = npy.read_magic(stream)
        if version not in _HEADERS:
            raise TaskError(
                "WrongType",
                self._archive.field,
                f"the array {self.name!r} is of a format that only structured data need",
            )
        return _HEADERS[version](stream)

    def _filled(self, shape: tuple[int, ...]) -> NDArray[Any]:
        flat = np.empty(math.prod(shape), self.dtype)
        view = flat.view(np.uint8)
        filled = 0
        try:
            while filled < len(view):
                piece = self._stream.read(min(_PIECE_BYTES, len(view) - filled))
                if not piece:
                    raise self._archive.damaged(f"the array {self.name!r} ends early")
                view[filled : filled + len(piece)] = np.frombuffer(piece, np.uint8)
                filled += len(piece)
        except (*DAMAGED, zlib.error):
            raise self._damaged() from None
        return flat.reshape(shape)

    def _damaged(self) -> TaskError:
        return self._archive.damaged(f"the array {self.name!r} can't be read: cut off or damaged")


def _check_type(field: str, name: str, dtype: np.dtype[Any]) -> None:
    if dtype.hasobject:
        raise TaskError("NeedsPickle", field, f"the array {name!r} holds Python objects; store plain numbers instead")
    if dtype.kind not in _PLAIN_KINDS or dtype.itemsize > 8:
        raise TaskError("WrongType", field, f"the array {name!r} is of type {dtype}; give integers or floating point")
