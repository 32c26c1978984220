"""Records on disk: CSV files that are whole at every moment, sorted, one line per run.

Rows that the split holds out lie in a folder of their own, so that no development reads them by accident. Runs of
several processes may end at the same time: a lock orders them. Those who analyse records use `study.records`.
"""

import csv
import fcntl
import io
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from study.row import COLUMNS, Row
from study.split import Placed, Split

DEVELOPMENT: Final = "development"
HELD_OUT: Final = "held-out"


class Store:
    """The records in a folder, divided by a split."""

    def __init__(self, folder: Path, split: Split) -> None:
        self.folder = folder
        self.split = split

    def file(self, row: Placed) -> Path:
        """Where a row of this kind lies."""
        return self.folder / self.side(row) / f"{row.data_set}.csv"

    def side(self, row: Placed) -> str:
        """The folder on its side of the split."""
        return HELD_OUT if self.split.holds_out(row) else DEVELOPMENT

    def add(self, row: Row) -> None:
        """Keep a row; one of the same name is replaced."""
        file = self.file(row)
        with self._locked():
            rows = {known.name: known for known in read(file)}
            rows[row.name] = row
            write_table(file, COLUMNS, (rows[name].to_cells() for name in sorted(rows)))

    def definitions(self) -> dict[str, str]:
        """Of every stored run, by name, what decided it: enough to know what is left to do, and no results."""
        return {
            row.name: row.definition
            for side in (DEVELOPMENT, HELD_OUT)
            for file in sorted((self.folder / side).glob("*.csv"))
            for row in read(file)
        }

    def side_rows(self, side: str) -> list[Row]:
        """All rows of one side."""
        return [row for file in sorted((self.folder / side).glob("*.csv")) for row in read(file)]

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def read(file: Path) -> list[Row]:
    """The rows of one file; none where there is no file. Raises ValueError that names file and line for a bad one."""
    if not file.exists():
        return []
    rows = []
    with file.open(newline="") as lines:
        for number, cells in enumerate(csv.DictReader(lines), start=2):
            try:
                rows.append(Row.from_cells(cells))
            except ValueError as error:
                raise ValueError(f"{file}, line {number}: {error}") from error
    return rows


def write_table(file: Path, columns: Sequence[str], lines: Iterable[Mapping[str, str]]) -> None:
    """A CSV file, whole or not at all."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_suffix(f".{os.getpid()}.new")  # within a process one writes at a time: the lock
    temporary.write_text(text.getvalue())
    temporary.replace(file)
