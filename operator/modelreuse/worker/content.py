"""Bytes and their hash, read once.

The hash that a person approves must be the hash of the very bytes that are parsed: a file that changes between two
reads would make it a lie. So a file is read into memory once, hashed on the way, and never opened again.
"""

import hashlib
import io
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from modelreuse.worker.errors import TaskError, storage_error
from modelreuse.worker.places import Places
from modelreuse.worker.schemes import is_here, resolve, storage_of
from modelreuse.worker.schemes.storage import Storage, attempted

MAX_FILE_BYTES = 64 * 2**30
_CHUNK_BYTES = 4 * 2**20


@dataclass(frozen=True, eq=False)
class Content:
    """A file's bytes, and `sha256:…` of exactly them."""

    data: bytes
    sha256: str


def read(uri: str, field: str, places: Places, *, limit: int = MAX_FILE_BYTES) -> Content:
    """The file that `uri` names.

    Raises TaskError: UnknownScheme, PathEscapes, FileNotFound, NotAFile, NotReadable, FileTooLarge, StorageFailed, and
    what storages elsewhere raise.
    """
    if not is_here(uri):
        storage, rest = storage_of(uri, field)
        return attempted(lambda: _fetched(storage, rest, uri, field, limit), field, uri)
    return read_path(resolve(uri, field, places), uri, field, limit=limit)


def read_path(path: Path, uri: str, field: str, *, limit: int = MAX_FILE_BYTES) -> Content:
    """The file at `path`, which a person knows as `uri`. Raises as `read` does, except for what is wrong with a URI."""
    try:
        return _read(path, uri, field, limit)
    except OSError as error:
        raise storage_error(error, field, uri) from error


def open_regular(path: Path, uri: str, field: str) -> int:
    """A descriptor of a regular file. Raises TaskError NotAFile for anything else, OSError as `open` does."""
    # O_NONBLOCK: a named pipe must be refused, not waited for.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        kind = "a folder" if stat.S_ISDIR(mode) else "no regular file"
        raise TaskError("NotAFile", field, f"{uri!r}: is {kind}; give a file")
    return descriptor


def _read(path: Path, uri: str, field: str, limit: int) -> Content:
    with os.fdopen(open_regular(path, uri, field), "rb", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        if size > limit:
            raise TaskError("FileTooLarge", field, f"{uri!r}: {size} bytes; at most {limit} are read")
        data = file.readall()
    return Content(data, f"sha256:{hashlib.sha256(data).hexdigest()}")


def _fetched(storage: Storage, path: str, uri: str, field: str, limit: int) -> Content:
    declared = storage.size(path)
    if declared is not None and declared > limit:
        raise TaskError("FileTooLarge", field, f"{uri!r}: {declared} bytes; at most {limit} are read")
    digest = hashlib.sha256()
    data = io.BytesIO()
    with storage.open(path, declared) as source:
        while chunk := source.read(_CHUNK_BYTES):
            digest.update(chunk)
            data.write(chunk)
            if data.tell() > limit:
                raise TaskError("FileTooLarge", field, f"{uri!r}: more than {limit} bytes, which is all that is read")
    return Content(data.getvalue(), f"sha256:{digest.hexdigest()}")
