"""The folder that a check names for what an assessment leaves behind: reports, and references to be used again."""

import errno
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from modelreuse.worker.content import read
from modelreuse.worker.errors import TaskError, storage_error
from modelreuse.worker.places import Places
from modelreuse.worker.schemes import is_here, resolve, storage_of
from modelreuse.worker.schemes.storage import attempted

OUTPUT_FIELD = "spec.assessment.output"


@dataclass(frozen=True)
class Output:
    """The folder `uri`, here or elsewhere."""

    uri: str
    places: Places

    def write(self, name: str, data: bytes) -> None:
        """Makes or replaces the file `name`, whole or not at all. Raises TaskError, naming `spec.assessment.output`."""
        if is_here(self.uri):
            folder = resolve(self.uri, OUTPUT_FIELD, self.places)
            try:
                folder.mkdir(parents=True, exist_ok=True)
                _write_atomically(folder / name, data)
            except OSError as error:
                raise _not_written(error, self.uri) from error
            return
        storage, rest = storage_of(self.uri, OUTPUT_FIELD)
        attempted(lambda: storage.write(f"{rest.rstrip('/')}/{name}", data), OUTPUT_FIELD, self._uri(name))

    def read(self, name: str, *, limit: int) -> bytes | None:
        """The file `name`, or None if there is none. Raises TaskError for whatever else `content.read` raises."""
        try:
            return read(self._uri(name), OUTPUT_FIELD, self.places, limit=limit).data
        except TaskError as error:
            if error.reason == "FileNotFound":
                return None
            raise

    def _uri(self, name: str) -> str:
        return f"{self.uri.rstrip('/')}/{name}"


def _not_written(error: OSError, uri: str) -> TaskError:
    if isinstance(error, PermissionError) or error.errno == errno.EROFS:
        return TaskError("NotWritable", OUTPUT_FIELD, f"{uri!r}: may not be written by the worker's user")
    if isinstance(error, FileExistsError | NotADirectoryError):
        return TaskError("NotWritable", OUTPUT_FIELD, f"{uri!r}: is or lies below a file; name a folder")
    return storage_error(error, OUTPUT_FIELD, uri)


def _write_atomically(path: Path, data: bytes) -> None:
    descriptor, temporary = tempfile.mkstemp(prefix=".assessment-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
