"""Files and folders of any size, hashed before use and compared with their hash at every use.

What is larger than memory has to be read more than once: to hash it, and in each pass. A file that changed in between
would make the hash that a person approves a lie. So what lies elsewhere is downloaded once into the pod's scratch
folder and hashed on the way; what lies in a claim stays there, and every block that is read again must have the hash
that it had the first time.
"""

import errno
import hashlib
import io
import os
import shutil
import tempfile
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, cast

from modelreuse.api.names import SCRATCH_LIMIT_ENV
from modelreuse.worker.content import MAX_FILE_BYTES, open_regular
from modelreuse.worker.errors import TaskError, storage_error
from modelreuse.worker.places import Places
from modelreuse.worker.schemes import is_here, resolve, storage_of
from modelreuse.worker.schemes.storage import RemoteFile, Storage, attempted

BLOCK_BYTES = 4 * 2**20
MAX_FILES = 1_000_000
_CACHED_BLOCKS = 8
_DOWNLOADS_AT_ONCE = 8
_DIGEST_BYTES = 32
_DEEPEST = 32
_PREFIX = f"modelreuse-{os.getpid()}-"
"""Of what this process downloads: on a desk several share one folder."""

Wanted = Callable[[str], bool]
"""Whether a file of a folder, by its path there, belongs to what is read. Hidden files never do."""


@dataclass(frozen=True, slots=True)
class StagedFile:
    """One file. blocks: the digests of its blocks one after another; empty for a file of one block."""

    path: str
    size: int
    digest: bytes
    blocks: bytes = field(repr=False)


@dataclass(frozen=True, eq=False)
class Staged:
    """What a URI names, ready to be read. sha256: of the file; of a folder as `folder_sha256` says.

    files: by path below the folder, sorted; a file on its own stands under its last name. root: its local path.
    """

    uri: str
    field: str
    root: Path
    sha256: str
    files: Mapping[str, StagedFile]

    def open(self, name: str) -> BinaryIO:
        """A file, seekable; reading raises TaskError DataChanged where its bytes aren't those that were hashed."""
        return cast(BinaryIO, io.BufferedReader(_VerifiedFile(self.files[name], self), 64 * 2**10))

    def read(self, name: str) -> bytes:
        """All of a file. Raises as `open` does."""
        with self.open(name) as stream:
            return stream.read()

    @property
    def only(self) -> str:
        """The name of a single file."""
        (name,) = self.files
        return name

    def changed(self, path: str) -> TaskError:
        """The error for a file that isn't what it was."""
        shown = self.uri if len(self.files) == 1 else f"{self.uri.rstrip('/')}/{Path(path).name}"
        sentence = f"{shown!r}: changed while it was read; assess again"
        return TaskError("DataChanged", self.field, sentence, retryable=True)


def stage(uri: str, field: str, places: Places, *, wanted: Wanted | None = None, keep: bool = True) -> Staged:
    """Hashes the file, or, with `wanted`, the files of the folder; downloads them where they lie elsewhere.

    keep: whether the files will be read; otherwise nothing is written to the scratch folder. Downloads are deleted
    with the result. Raises TaskError: UnknownScheme, PathEscapes, FileNotFound, NotAFile, NotReadable, FileTooLarge,
    TooManyFiles, ScratchFull, StorageFailed and what storages raise.
    """
    if is_here(uri):
        return _staged_here(uri, field, places, wanted)
    return _downloaded(uri, field, places, wanted, keep=keep)


def folder_sha256(files: Mapping[str, StagedFile]) -> str:
    """`sha256:…` of a folder: of the text that `sha256sum` prints for its files, sorted by their paths as bytes."""
    digest = hashlib.sha256()
    for name, file in files.items():
        digest.update(f"{file.digest.hex()}  ".encode() + os.fsencode(name) + b"\n")
    return f"sha256:{digest.hexdigest()}"


def in_order(names: Iterator[str] | list[str]) -> list[str]:
    """Paths in the order of their bytes, which is the same everywhere."""
    return sorted(names, key=os.fsencode)


def hidden(name: str) -> bool:
    """Whether a part of the path begins with a dot, as names do that listings leave out."""
    return any(part.startswith(".") and part not in {".", ".."} for part in name.split("/"))


# --- here -----------------------------------------------------------------------------------------------------------


def _staged_here(uri: str, field: str, places: Places, wanted: Wanted | None) -> Staged:
    root = resolve(uri, field, places)
    try:
        if wanted is None:
            found = _hashed_file(root, uri, field)
            return Staged(uri, field, root, f"sha256:{found.digest.hex()}", {root.name: found})
        names = in_order(name for name in _walk(uri, field, places, root, "") if wanted(name))
        for name in names:
            _check_name(name, uri, field)
        if len(names) > MAX_FILES:
            raise _too_many(uri, field)
        files = {name: _hashed_file(root / name, f"{uri.rstrip('/')}/{name}", field) for name in names}
    except OSError as error:
        raise storage_error(error, field, uri) from error
    return Staged(uri, field, root, folder_sha256(files), files)


def _walk(uri: str, field: str, places: Places, root: Path, below: str, depth: int = 0) -> Iterator[str]:
    """Paths below the root of all files that aren't hidden; links are followed where they stay in the claim."""
    if depth > _DEEPEST:
        raise TaskError("TooManyFiles", field, f"{uri!r}: folders lie more than {_DEEPEST} deep; is a link circular?")
    with os.scandir(root / below) as entries:
        for entry in entries:
            name = f"{below}{entry.name}"
            if entry.name.startswith("."):
                continue
            if entry.is_symlink():
                resolve(f"{uri.rstrip('/')}/{name}", field, places)
            if entry.is_dir():
                yield from _walk(uri, field, places, root, f"{name}/", depth + 1)
            else:
                yield name


def _hashed_file(path: Path, uri: str, field: str) -> StagedFile:
    with os.fdopen(open_regular(path, uri, field), "rb", buffering=0) as stream:
        hashes = _Hashes()
        while chunk := stream.read(BLOCK_BYTES):
            hashes.add(chunk)
    return hashes.file(str(path))


# --- elsewhere ------------------------------------------------------------------------------------------------------


def _downloaded(uri: str, field: str, places: Places, wanted: Wanted | None, *, keep: bool) -> Staged:
    storage, rest = storage_of(uri, field)
    if wanted is None:
        listed = [RemoteFile(rest.rstrip("/").rpartition("/")[2], attempted(lambda: storage.size(rest), field, uri))]
    else:
        listed = _listed(storage, rest, uri, field, wanted)
    budget = _Budget(uri, field, places, listed, held=_held(places.scratch) if keep else 0)
    root = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=places.scratch)) if keep else None

    def fetch(each: RemoteFile) -> StagedFile:
        path = rest if wanted is None else f"{rest.rstrip('/')}/{each.name}"
        shown = uri if wanted is None else f"{uri.rstrip('/')}/{each.name}"
        target = root / each.name if root else None
        return attempted(lambda: _fetched(storage, path, each.size, target, budget), field, shown)

    try:
        if len(listed) == 1:
            files = {listed[0].name: fetch(listed[0])}
        else:
            with ThreadPoolExecutor(_DOWNLOADS_AT_ONCE) as pool:
                files = dict(zip((each.name for each in listed), pool.map(fetch, listed), strict=True))
        sha256 = f"sha256:{files[listed[0].name].digest.hex()}" if wanted is None else folder_sha256(files)
    except BaseException:
        if root:
            shutil.rmtree(root, ignore_errors=True)
        raise
    if root is None:
        return Staged(uri, field, Path(os.devnull), sha256, files)
    staged = Staged(uri, field, root if wanted is not None else root / listed[0].name, sha256, files)
    weakref.finalize(staged, shutil.rmtree, root, ignore_errors=True)
    return staged


def _listed(storage: Storage, rest: str, uri: str, field: str, wanted: Wanted) -> list[RemoteFile]:
    def listing() -> dict[str, RemoteFile]:
        found: dict[str, RemoteFile] = {}
        for each in storage.files(rest):
            if hidden(each.name) or each.name.endswith("/") or not wanted(each.name):
                continue
            _check_name(each.name, uri, field)
            found[each.name] = each
            if len(found) > MAX_FILES:
                raise _too_many(uri, field)
        return found

    found = attempted(listing, field, uri)
    return [found[name] for name in in_order(list(found))]


def _held(scratch: Path) -> int:
    """Bytes of the downloads of this process that lie there."""
    return sum(
        path.stat().st_size for root in scratch.glob(f"{_PREFIX}*") for path in root.rglob("*") if path.is_file()
    )


class _Budget:
    """How many bytes may still be downloaded. held: those of earlier downloads, which share the scratch volume."""

    def __init__(self, uri: str, field: str, places: Places, listed: list[RemoteFile], held: int) -> None:
        self._uri = uri
        self._field = field
        self._limit = places.scratch_limit
        self._held = held
        self._left = self._limit - held
        self._lock = threading.Lock()
        declared = sum(each.size or 0 for each in listed)
        largest = max((each.size or 0 for each in listed), default=0)
        if largest > MAX_FILE_BYTES:
            raise TaskError("FileTooLarge", field, f"{uri!r}: {largest} bytes; at most {MAX_FILE_BYTES} are read")
        if declared > self._left:
            raise self.exceeded(f"{declared} bytes")
        free = shutil.disk_usage(places.scratch).free
        if declared > free:
            raise TaskError(
                "ScratchFull",
                field,
                f"{uri!r}: {declared} bytes, but the worker's scratch volume has {free} left; give it more room",
            )

    def take(self, size: int) -> None:
        """Uses up some of it; negative gives it back. Raises TaskError where nothing is left."""
        with self._lock:
            self._left -= size
            if self._left < 0:
                raise self.exceeded(f"more than {self._limit - self._held} bytes")

    def exceeded(self, how_much: str) -> TaskError:
        """The error for what doesn't fit beside what is there."""
        others = f", of which other downloads take {self._held}" if self._held else ""
        return TaskError(
            "ScratchFull",
            self._field,
            f"{self._uri!r}: {how_much}; at most {self._limit} are downloaded{others}, unless {SCRATCH_LIMIT_ENV} in "
            "assessment.template's env says more",
        )

    def not_written(self, error: OSError) -> TaskError:
        """The error for a scratch volume that doesn't take a file."""
        what = errno.errorcode.get(error.errno or 0, "an I/O error")
        return TaskError(
            "ScratchFull",
            self._field,
            f"{self._uri!r}: the worker's scratch volume doesn't take the download ({what}); give it more room",
        )


def _fetched(storage: Storage, path: str, size: int | None, target: Path | None, budget: _Budget) -> StagedFile:
    hashes = _Hashes()
    try:
        with storage.open(path, size) as source, _Sink(target, budget) as write:
            while chunk := source.read(BLOCK_BYTES):
                hashes.add(chunk)
                budget.take(len(chunk))
                write(chunk)
    except BaseException:
        budget.take(-hashes.size)  # another attempt begins anew
        raise
    return hashes.file(str(target or os.devnull))


class _Sink:
    """Writes into a new file, or nowhere."""

    def __init__(self, target: Path | None, budget: _Budget) -> None:
        self._target = target
        self._budget = budget
        self._file: io.FileIO | None = None

    def __enter__(self) -> Callable[[bytes], None]:
        if self._target is None:
            return lambda _: None
        try:
            self._target.parent.mkdir(parents=True, exist_ok=True)
            self._file = io.FileIO(self._target, "w")
        except OSError as error:
            raise self._budget.not_written(error) from error
        return self._write

    def _write(self, chunk: bytes) -> None:
        assert self._file is not None
        try:
            written = 0
            while written < len(chunk):
                written += self._file.write(memoryview(chunk)[written:]) or 0
        except OSError as error:
            raise self._budget.not_written(error) from error

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()


def _check_name(name: str, uri: str, field: str) -> None:
    """Raises TaskError PathEscapes for names that could lead elsewhere, or forge a line of the folder's listing."""
    if any(part in {"", "..", "."} for part in name.split("/")) or not set("\n\r\\\0").isdisjoint(name):
        raise TaskError("PathEscapes", field, f"{uri!r}: holds a file called {name!r}; rename it")


def _too_many(uri: str, field: str) -> TaskError:
    return TaskError("TooManyFiles", field, f"{uri!r}: holds more than {MAX_FILES} files; pass a sample of the data")


# --- hashes ---------------------------------------------------------------------------------------------------------


class _Hashes:
    """The digest of a stream, and of each of its blocks."""

    def __init__(self) -> None:
        self.size = 0
        self._whole = hashlib.sha256()
        self._block = hashlib.sha256()
        self._blocks = bytearray()

    def add(self, data: bytes) -> None:
        """The next bytes, however many."""
        self._whole.update(data)
        view = memoryview(data)
        while view:
            room = BLOCK_BYTES - self.size % BLOCK_BYTES
            part, view = view[:room], view[room:]
            self._block.update(part)
            self.size += len(part)
            if len(part) == room:
                self._next()

    def _next(self) -> None:
        self._blocks += self._block.digest()
        self._block = hashlib.sha256()

    def file(self, path: str) -> StagedFile:
        """What was seen."""
        if self.size <= BLOCK_BYTES:
            return StagedFile(path, self.size, self._whole.digest(), b"")
        if self.size % BLOCK_BYTES:
            self._next()
        return StagedFile(path, self.size, self._whole.digest(), bytes(self._blocks))


class _VerifiedFile(io.RawIOBase):
    """Reads a file block by block, and gives no byte of a block that isn't what it was."""

    def __init__(self, file: StagedFile, staged: Staged) -> None:
        self._file = file
        self._staged = staged
        self._position = 0
        self._cached: OrderedDict[int, bytes] = OrderedDict()
        try:
            self._descriptor: int | None = open_regular(Path(file.path), staged.uri, staged.field)
        except FileNotFoundError:
            raise staged.changed(file.path) from None
        except OSError as error:
            raise storage_error(error, staged.field, staged.uri) from error

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._file.size}[whence]
        self._position = max(0, start + offset)
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if self._position >= self._file.size:
            return 0
        number, offset = divmod(self._position, BLOCK_BYTES)
        part = memoryview(self._block(number))[offset : offset + len(buffer)]
        buffer[: len(part)] = part
        self._position += len(part)
        return len(part)

    def readall(self) -> bytes:
        parts = []
        while self._position < self._file.size:
            number, offset = divmod(self._position, BLOCK_BYTES)
            parts.append(self._block(number)[offset:])
            self._position += len(parts[-1])
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _block(self, number: int) -> bytes:
        if number in self._cached:
            self._cached.move_to_end(number)
            return self._cached[number]
        data = self._read_block(number * BLOCK_BYTES)
        wanted = self._file.blocks[number * _DIGEST_BYTES : (number + 1) * _DIGEST_BYTES] or self._file.digest
        if hashlib.sha256(data).digest() != wanted:
            raise self._staged.changed(self._file.path)
        self._cached[number] = data
        if len(self._cached) > _CACHED_BLOCKS:
            self._cached.popitem(last=False)
        return data

    def _read_block(self, start: int) -> bytes:
        assert self._descriptor is not None
        parts = []
        left = min(BLOCK_BYTES, self._file.size - start)
        try:
            while left:
                part = os.pread(self._descriptor, left, start)
                if not part:
                    raise self._staged.changed(self._file.path)
                parts.append(part)
                start += len(part)
                left -= len(part)
        except OSError as error:
            raise storage_error(error, self._staged.field, self._staged.uri) from error
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def close(self) -> None:
        if not self.closed and self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
        super().close()
