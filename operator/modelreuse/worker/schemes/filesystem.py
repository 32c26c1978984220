"""A storage behind fsspec: the same few calls for every library that offers them."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, cast

from modelreuse.worker.errors import TaskError
from modelreuse.worker.schemes.storage import RemoteFile, StorageTroubleError, no_such_file

BLOCK_BYTES = 8 * 2**20
"""How much one request reads ahead."""

Explain = Callable[[Exception], StorageTroubleError | None]
"""What an exception of a library means; None for one that isn't the storage's."""


class FileSystemStorage:
    """A Storage made of an fsspec file system. file_system: makes it, or raises what `explain` knows."""

    def __init__(self, file_system: Callable[[], Any], explain: Explain) -> None:
        self._make = file_system
        self._explain = explain
        self._made: Any = None

    def files(self, folder: str) -> Iterator[RemoteFile]:
        """All files below a folder. An empty or absent one is FileNotFound: object storages know no empty folders."""
        root = folder.strip("/")
        with self._explained():
            found: dict[str, dict[str, Any]] = self._fs.find(root, detail=True)
        names = {path.strip("/"): facts for path, facts in found.items()}
        inside = {path.removeprefix(f"{root}/"): facts for path, facts in names.items() if path.startswith(f"{root}/")}
        if not inside:
            raise no_such_file("no such folder, or nothing in it")
        for name, facts in inside.items():
            yield RemoteFile(name, facts.get("size"))

    def size(self, path: str) -> int | None:
        """Bytes of one file. Raises StorageTroubleError NotAFile for a folder."""
        with self._explained():
            facts = self._fs.info(path)
        if facts.get("type") == "directory":
            raise StorageTroubleError(
                "NotAFile", "is a folder; give a file, or end the URI with a / to mean the folder"
            )
        return cast(int | None, facts.get("size"))

    @contextmanager
    def open(self, path: str, size: int | None = None) -> Iterator[BinaryIO]:
        """One file, read in blocks; a small one of known size in a single request, as folders of images need it."""
        if size and size <= BLOCK_BYTES:
            with self._explained():
                data = self._fs.cat_file(path, start=0, end=size + 1)
            if len(data) != size:
                raise StorageTroubleError("DataChanged", "changed while it was downloaded", retryable=True)
            yield io.BytesIO(data)
            return
        with (
            self._explained(),
            self._fs.open(path, "rb", block_size=BLOCK_BYTES, cache_type="readahead") as stream,
        ):
            yield stream

    def write(self, path: str, data: bytes) -> None:
        """One request; what was there stays until it succeeds."""
        with self._explained():
            self._fs.pipe_file(path, data)

    @property
    def _fs(self) -> Any:
        if self._made is None:
            self._made = self._make()
        return self._made

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (StorageTroubleError, TaskError):
            raise
        except Exception as error:
            trouble = self._explain(error)
            if trouble is None:
                raise
            raise trouble from error
