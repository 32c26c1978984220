"""From a data set's URI to rows: one line in a table per format, chosen by the suffix."""

from collections.abc import Callable

from modelreuse.api import DataSource
from modelreuse.api.uris import is_folder
from modelreuse.worker.errors import TaskError
from modelreuse.worker.formats.factory import FactoryRows
from modelreuse.worker.formats.images import CLASSES_FILE, ImageRows
from modelreuse.worker.formats.images import SUFFIXES as IMAGE_SUFFIXES
from modelreuse.worker.formats.npz import NpzRows
from modelreuse.worker.formats.parquet import SUFFIX as PARQUET_SUFFIX
from modelreuse.worker.formats.parquet import ParquetRows
from modelreuse.worker.formats.source import RowSource, Wish
from modelreuse.worker.places import Places
from modelreuse.worker.staged import Staged, Wanted, stage

Opener = Callable[[Staged, Wish], RowSource]

FORMATS: dict[str, Opener] = {
    ".npz": NpzRows,
    PARQUET_SUFFIX: ParquetRows,
}


def staged_data(source: DataSource, field: str, places: Places, *, keep: bool = True) -> Staged:
    """The files of a data set, hashed. keep: whether they will be read. Raises TaskError as `stage` does."""
    return stage(source.uri, field, places, wanted=_wanted(source) if is_folder(source.uri) else None, keep=keep)


def open_rows(source: DataSource, staged: Staged, wish: Wish) -> RowSource:
    """The rows of a data set. Raises TaskError UnknownFormat, and what the format raises."""
    if wish.factory is not None:
        return FactoryRows(staged, wish)
    if is_folder(source.uri):
        return _folder(staged, wish)
    for suffix, opener in FORMATS.items():
        if source.uri.endswith(suffix):
            return opener(staged, wish)
    raise TaskError(
        "UnknownFormat", staged.field, f"{source.uri!r}: unknown format; known suffixes: {', '.join(FORMATS)}"
    )


def _wanted(source: DataSource) -> Wanted:
    if source.factory is not None:
        return lambda _: True
    return lambda name: name.lower().endswith((PARQUET_SUFFIX, *IMAGE_SUFFIXES)) or name == CLASSES_FILE


def _folder(staged: Staged, wish: Wish) -> RowSource:
    tables = [name for name in staged.files if name.endswith(PARQUET_SUFFIX)]
    images = [name for name in staged.files if name.lower().endswith(IMAGE_SUFFIXES)]
    if tables and images:
        raise TaskError(
            "UnknownFormat",
            staged.field,
            f"holds both tables ({tables[0]!r}) and images ({images[0]!r}); name one kind",
        )
    return ParquetRows(staged, wish) if tables else ImageRows(staged, wish)
