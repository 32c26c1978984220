"""The folder `spec.code`: hashed, and imported from a copy of exactly what was hashed.

Whoever approves a retraining approves this code too: the same network is built from it again when the result is
verified. So every file is read once, and what Python imports are those bytes, whatever happens to the folder
meanwhile. The copy stands last on the import path: a `numpy.py` in it hides nothing, and neither does a `modelreuse`.
"""

import hashlib
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from modelreuse.api import CodeSource
from modelreuse.worker.content import read_path
from modelreuse.worker.errors import TaskError, storage_error
from modelreuse.worker.places import Places
from modelreuse.worker.schemes import resolve

CODE_FIELD = "spec.code.uri"
MAX_CODE_FILES = 10_000
MAX_CODE_BYTES = 256 * 2**20
MAX_CODE_DEPTH = 32
_PASSED_OVER = frozenset({"__pycache__", "lost+found"})
"""Beside hidden names. What is passed over is not in the copy either, so no code can be hidden in it."""


@contextmanager
def imported_from(
    code: CodeSource | None,
    places: Places,
    wanted: Iterable[str | None],
    expected_sha256: str | None = None,
) -> Iterator[str | None]:
    """The code on the import path while the context lasts; gives its hash, None without code.

    wanted: names of factories and transforms. Where there are none the code is hashed and not importable: nothing of
    it should be found by a library that only looks whether something is installed.
    expected_sha256: other code is refused before anything of it is imported.
    Raises TaskError: CodeChanged, CodeTooLarge, NotAFolder, and what reading files raises.
    """
    if code is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="code-") as copy:
        root = Path(copy).resolve()
        sha256 = copied(code.uri, places, root)
        if expected_sha256 not in (None, sha256):
            raise TaskError(
                "CodeChanged", CODE_FIELD, f"{code.uri!r}: holds {sha256}, but {expected_sha256} was assessed"
            )
        if any(wanted):
            sys.path.append(str(root))
        try:
            yield sha256
        finally:
            _forget(root)


def copied(uri: str, places: Places, target: Path) -> str:
    """Copies the folder's files below `target` and gives their common hash.

    The hash is that of what `sha256sum` prints for the files, sorted by path: `HEX  a/b.py` and a line end for each.
    """
    folder = resolve(uri, CODE_FIELD, places)
    if not folder.is_dir():
        raise TaskError("NotAFolder", CODE_FIELD, f"{uri!r}: no such folder")
    digest = hashlib.sha256()
    left = MAX_CODE_BYTES
    for name, path in sorted(_Walk(uri, folder.resolve()).files(), key=lambda each: str(each[0])):
        content = read_path(path, f"{uri.rstrip('/')}/{name}", CODE_FIELD, limit=MAX_CODE_BYTES)
        left -= len(content.data)
        if left < 0:
            raise _too_large(uri, f"more than {MAX_CODE_BYTES} bytes")
        digest.update(f"{content.sha256.removeprefix('sha256:')}  {name}\n".encode())
        place = target / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content.data)
    return f"sha256:{digest.hexdigest()}"


@dataclass(frozen=True)
class _Walk:
    """Through a folder, links inside it followed; whatever leaves it is refused."""

    uri: str
    root: Path

    def files(self) -> list[tuple[PurePosixPath, Path]]:
        """Every file's path in the folder, and where it really is."""
        try:
            return self._files(self.root, PurePosixPath(), [])
        except OSError as error:
            raise storage_error(error, CODE_FIELD, self.uri) from error

    def _files(
        self, folder: Path, name: PurePosixPath, found: list[tuple[PurePosixPath, Path]]
    ) -> list[tuple[PurePosixPath, Path]]:
        if len(name.parts) > MAX_CODE_DEPTH:
            raise _too_large(self.uri, f"folders more than {MAX_CODE_DEPTH} deep")
        for entry in sorted(path.name for path in folder.iterdir()):
            if entry.startswith(".") or entry in _PASSED_OVER:
                continue
            inside = name / entry
            if not entry.isprintable():
                raise TaskError("PathEscapes", CODE_FIELD, f"{self.uri!r}: the name {entry!r} is not printable")
            real = (folder / entry).resolve()
            if not real.is_relative_to(self.root):
                raise TaskError(
                    "PathEscapes",
                    CODE_FIELD,
                    f"{self.uri!r}: {str(inside)!r} is a link out of the folder; copy what it names into the folder",
                )
            if real.is_dir():
                self._files(real, inside, found)
            else:
                found.append((inside, real))
            if len(found) > MAX_CODE_FILES:
                raise _too_large(self.uri, f"more than {MAX_CODE_FILES} files")
        return found


def _too_large(uri: str, what: str) -> TaskError:
    return TaskError(
        "CodeTooLarge", CODE_FIELD, f"{uri!r}: holds {what}; name a folder with nothing but the code that is needed"
    )


def _forget(root: Path) -> None:
    """Drops what was imported from a copy that is going: another assessment in this process has another copy."""
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None) or "").startswith(f"{root}{os.sep}"):
            del sys.modules[name]
    sys.path[:] = [path for path in sys.path if path != str(root)]
    sys.path_importer_cache.pop(str(root), None)
