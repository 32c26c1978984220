"""Arrays from `.npz`, without pickle and without trusting a header.

numpy allocates what an array's header declares before it reads a byte, so a hundred bytes can ask for a terabyte. Here
a header must agree with its member's size, and the sum of the members with a limit, before anything is allocated.
"""

import math
import zlib
from collections.abc import Iterable
from typing import Any
from zipfile import ZipExtFile

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from modelreuse.worker.content import Content
from modelreuse.worker.errors import TaskError
from modelreuse.worker.formats.archive import DAMAGED, Archive
from modelreuse.worker.wording import few

MAX_ARRAYS_BYTES = 16 * 2**30
"""What the arrays that a task names may take together, unpacked."""

_SUFFIX = ".npy"
_HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
_PLAIN_KINDS = frozenset("biuf")


def load_npz(
    content: Content, field: str, wanted: Iterable[str], *, limit: int = MAX_ARRAYS_BYTES
) -> dict[str, NDArray[Any]]:
    """Those of the `wanted` arrays that the archive holds, by name; other members are not looked at.

    Raises TaskError: ArchiveDamaged, ArchiveTooLarge, NeedsPickle (an array of objects), WrongType (text, dates,
    complex or structured values).
    """
    archive = Archive(content, field, ".npz")
    members = {name: f"{name}{_SUFFIX}" for name in wanted if f"{name}{_SUFFIX}" in archive.names}
    archive.check_size(members.values(), limit)
    return {name: _load(archive, member, name) for name, member in members.items()}


def array_names(content: Content, field: str) -> list[str]:
    """The names of the arrays in the archive. Raises TaskError ArchiveDamaged."""
    archive = Archive(content, field, ".npz")
    return [name.removesuffix(_SUFFIX) for name in archive.names if name.endswith(_SUFFIX)]


def missing_array(content: Content, field: str, name: str) -> TaskError:
    """Why an array that must be there can't be used."""
    return TaskError("ArrayMissing", field, f"holds no array {name!r}; it holds {few(array_names(content, field))}")


def _load(archive: Archive, member: str, name: str) -> NDArray[Any]:
    try:
        with archive.open(member) as stream:
            shape, fortran, dtype = _header(archive, stream, name)
            _check_type(archive.field, name, dtype)
            if stream.tell() + math.prod(shape) * dtype.itemsize != archive.size(member):
                raise archive.damaged(f"the array {name!r} has another size than its header says")
            flat = np.empty(math.prod(shape), dtype)
            _fill(stream, flat, archive, name)
    except (*DAMAGED, zlib.error):
        raise archive.damaged(f"the array {name!r} can't be read: cut off or damaged") from None
    return flat.reshape(shape[::-1]).transpose() if fortran else flat.reshape(shape)


def _header(archive: Archive, stream: ZipExtFile, name: str) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    version = npy.read_magic(stream)
    if version not in _HEADERS:
        raise TaskError("WrongType", archive.field, f"the array {name!r} is of a format that only structured data need")
    return _HEADERS[version](stream)


def _check_type(field: str, name: str, dtype: np.dtype[Any]) -> None:
    if dtype.hasobject:
        raise TaskError("NeedsPickle", field, f"the array {name!r} holds Python objects; store plain numbers instead")
    if dtype.kind not in _PLAIN_KINDS or dtype.itemsize > 8:
        raise TaskError("WrongType", field, f"the array {name!r} is of type {dtype}; give integers or floating point")


def _fill(stream: ZipExtFile, flat: NDArray[Any], archive: Archive, name: str) -> None:
    view = flat.view(np.uint8)
    filled = 0
    while filled < len(view):
        chunk = stream.read(min(4 * 2**20, len(view) - filled))
        if not chunk:
            raise archive.damaged(f"the array {name!r} ends early")
        view[filled : filled + len(chunk)] = np.frombuffer(chunk, np.uint8)
        filled += len(chunk)
    stream.read(1)  # reaching the end compares the checksum
