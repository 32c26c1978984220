"""From records to lines of the table that `modelreuse records import` reads: what `record_table` does, backwards.

A file is replaced as a whole, so whoever is interrupted, or reads it meanwhile, has whole lines.
"""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from modelreuse.api import Outcome, RetrainingRecordSpec
from modelreuse.cli.problems import Problem
from modelreuse.cli.record_table import COLUMNS, LABELS, SCORE

_ORDER = {column.name: place for place, column in enumerate(COLUMNS)}


def cells_of(spec: RetrainingRecordSpec, outcome: Outcome) -> dict[str, str]:
    """What a line says of a retraining, by column; what is not known is absent."""
    record = spec.to_wire() | outcome.to_wire()
    cells = {column.name: _cell(found) for column in COLUMNS if (found := _inside(record, column.name)) is not None}
    for score in record["scores"]:
        labels = "" if score["labels"] == LABELS[0] else f"/{score['labels']}"
        cells[f"{SCORE}{score['name']}{labels}"] = score["value"]
    return cells


def append(path: Path, cells: Mapping[str, str]) -> None:
    """One line more in a table that can be read, or in a new one; columns that it lacks are added. Raises Problem."""
    try:
        lines = _lines(path) if has_lines(path) else []
        names = sorted({name for line in [*lines, cells] for name in line}, key=_place)
        new = path.resolve().with_name(f".{path.name}.new")
        with new.open("w", newline="", encoding="utf-8") as file:
            table = csv.DictWriter(file, names, restval="", lineterminator="\n")
            table.writeheader()
            table.writerows([*lines, cells])
        new.replace(path.resolve())
    except OSError as error:
        raise Problem(f"{path}: can't be written: {error.strerror}") from None


def has_lines(path: Path) -> bool:
    """Whether there is something to keep."""
    return path.exists() and (not path.is_file() or path.stat().st_size > 0)


def _lines(path: Path) -> list[dict[str, str]]:
    """By column, as they stand there, without columns and lines that are empty throughout."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = [{name.strip(): cell for name, cell in row.items() if cell} for row in csv.DictReader(file)]
    return [row for row in rows if row]


def _place(name: str) -> tuple[int, str]:
    return _ORDER.get(name, len(_ORDER)), name


def _inside(record: Mapping[str, Any], name: str) -> Any:
    outer, _, inner = name.partition(".")
    found = record.get(outer)
    return found.get(inner) if inner and found is not None else found


def _cell(value: object) -> str:
    if isinstance(value, list):
        return " ".join(f"{look['step']}:{look['quality']}" for look in value)
    return str(value).lower() if isinstance(value, bool) else str(value)
