"""From a CSV file of past retrainings to records, and everything that is wrong with it, by line and column.

The file is somebody's spreadsheet: it is read whole before anything is made of it, so that its author mends all
mistakes at once. A column is a field of RetrainingRecord by its own name; what a cell may hold is what that field may.
"""

import csv
import difflib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from modelreuse.api import MAX_LOOKS, Outcome, RetrainingRecordSpec, decimal, format_decimal
from modelreuse.cli.problems import Problem
from modelreuse.costs import SCORES
from modelreuse.decisions import sha256_of
from modelreuse.manifests import imported_record_name

Cells = Mapping[str, Any]
"""What a line says, by column, as JSON; what it leaves open is absent."""

SCORE = "score."
LABELS = ("Given", "Predicted", "Unused")
MAX_CHARACTERS = 32 * 2**20


def _text(cell: str) -> str:
    return cell


def _whole(cell: str) -> int:
    value = Decimal(cell)
    if value != value.to_integral_value():
        raise ValueError(cell)
    return int(value)


def _figure(cell: str) -> str:
    return format_decimal(decimal(Decimal(cell)))


def _truth(cell: str) -> bool:
    return {"true": True, "false": False}[cell.lower()]


def _time(cell: str) -> str:
    time = datetime.fromisoformat(cell)
    if time.tzinfo is None and time.time() != datetime.min.time():
        raise ValueError(cell)
    return f"{(time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _looks(cell: str) -> list[dict[str, Any]]:
    pairs = [pair.partition(":") for pair in cell.split()]
    steps = [_whole(step) for step, _, _ in pairs]
    if any(later <= earlier for earlier, later in pairwise(steps)):
        raise ValueError(cell)
    return [{"step": step, "quality": _figure(quality)} for step, (_, _, quality) in zip(steps, pairs, strict=True)]


@dataclass(frozen=True)
class Column:
    """A field of the record. wanted: what a cell may hold, as a phrase; read: raises where it can't be that."""

    name: str
    part: type[BaseModel]
    wanted: str
    read: Callable[[str], Any] = _text
    required: bool = False


_SHARE = "a number from 0 to 1, as in 0.98"
_AMOUNT = "a number of 0 or more, as in 0.25"
_STEPS = "a whole number of steps, at most 10000000"
_LOOKS = f"at most {MAX_LOOKS} of STEP:QUALITY, steps rising, as in 10:0.5 50:0.93"
_HASH = "sha256: and 64 hexadecimal digits"
_WHEN = "a day, or a time and its zone, as in 2026-03-04 or 2026-03-04T05:06:07Z"
_FEW_WORDS = "at most 63 characters"

COLUMNS = (
    Column("action", RetrainingRecordSpec, "FineTune, Retrain or TrainFromScratch", required=True),
    Column("model", RetrainingRecordSpec, "a name of lower-case letters, digits and dashes", required=True),
    Column("recipe", RetrainingRecordSpec, _FEW_WORDS, required=True),
    Column("maxSteps", RetrainingRecordSpec, "a whole number of steps, from 1 to 10000000", _whole, required=True),
    Column("target", RetrainingRecordSpec, _SHARE, _figure, required=True),
    Column("samples", RetrainingRecordSpec, "a whole number of 1 or more", _whole),
    Column("trainableShare", RetrainingRecordSpec, _SHARE, _figure),
    Column("mechanism", RetrainingRecordSpec, _FEW_WORDS),
    Column("hashes.model", RetrainingRecordSpec, _HASH),
    Column("hashes.reference", RetrainingRecordSpec, _HASH),
    Column("hashes.new", RetrainingRecordSpec, _HASH),
    Column("finishedAt", Outcome, _WHEN, _time, required=True),
    Column("result", Outcome, "Succeeded, Failed or Lost", required=True),
    Column("steps", Outcome, _STEPS, _whole),
    Column("targetReached", Outcome, "true or false", _truth),
    Column("evaluatedEvery", Outcome, "a whole number of steps, from 1 to 10000000", _whole),
    Column("evaluations", Outcome, _LOOKS, _looks),
    Column("podSeconds", Outcome, _AMOUNT, _figure),
    Column("energyWh", Outcome, _AMOUNT, _figure),
    Column("energyBasis", Outcome, "Measured, Estimated, Assumed or Reported"),
    Column("oldQuality", Outcome, _SHARE, _figure),
    Column("newQuality", Outcome, _SHARE, _figure),
)  # fmt: skip
_BY_NAME = {column.name: column for column in COLUMNS}


@dataclass(frozen=True)
class PastRetraining:
    """One line of the file. name: made of what it says, so the same line is the same record, whenever it comes."""

    line: int
    name: str
    spec: RetrainingRecordSpec
    outcome: Outcome


@dataclass(frozen=True)
class RecordTable:
    """What a file holds. mistakes: one sentence each; notes: what is right, and probably not meant."""

    retrainings: Sequence[PastRetraining]
    mistakes: Sequence[str]
    notes: Sequence[str]


def read_table(path: Path) -> RecordTable:
    """All of a CSV file. Raises Problem for what is no table at all."""
    lines = _lines(path)
    try:
        _, header = next(lines)
    except StopIteration:
        raise Problem(f"{path}: is empty; its first line names the columns, listed in docs/predictions.md") from None
    columns, mistakes = _columns(header)
    is_complete = not mistakes
    found: dict[str, PastRetraining] = {}
    number = 0
    for number, (line, row) in enumerate(lines, 1):  # noqa: B007 - how many there were
        if len(row) != len(header):
            mistakes.append(f"line {line}: has {len(row)} cells, where line 1 names {len(header)} columns")
            continue
        cells, wrong = _cells(columns, row)
        for name, what in _contradictions(cells):
            wrong.setdefault(name, what)
        told = sorted(wrong.items(), key=lambda each: header.index(each[0]) if each[0] in header else len(header))
        mistakes += [f"line {line}, column {name}: {what}" for name, what in told]
        if is_complete and not wrong:
            one = _retraining(line, cells)
            if one.name in found:
                twin = found[one.name].line
                mistakes.append(
                    f"line {line}: says the same as line {twin}; where those were two retrainings, "
                    "give finishedAt to the second"
                )
            found.setdefault(one.name, one)
    if not number and not mistakes:
        mistakes.append("line 1: names columns, and no retraining follows")
    return RecordTable(() if mistakes else tuple(found.values()), mistakes, _notes(columns))


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Number and cells of each line that isn't blank, without white space around cells."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise Problem(f"{path}: can't be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise Problem(f"{path}: byte {error.start} is no UTF-8; save it as CSV in UTF-8") from None
    if len(text) > MAX_CHARACTERS:
        raise Problem(f"{path}: is longer than {MAX_CHARACTERS} characters; give it in parts")
    reader = csv.reader(text.splitlines(keepends=True), strict=True)
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if any(cells):
                yield reader.line_num, cells
    except csv.Error as error:
        raise Problem(f"{path}: line {reader.line_num}: is no CSV: {error}") from None


def _columns(header: Sequence[str]) -> tuple[list[Column | None], list[str]]:
    """The columns by place, None for one that is not known, and what is wrong with them."""
    mistakes = []
    columns: list[Column | None] = []
    for name in header:
        column = _BY_NAME.get(name) or _score(name)
        if header.count(name) > 1:
            mistakes.append(f"line 1: column {_shown(name)} stands there {header.count(name)} times; one is accepted")
        elif column is None:
            mistakes.append(f"line 1: column {_shown(name)} is not known; {_meant(name)}")
        columns.append(column)
    missing = [column.name for column in COLUMNS if column.required and column.name not in header]
    if len(header) == 1 and (";" in header[0] or "\t" in header[0]):
        return columns, ["line 1: has one column; cells are separated by commas"]
    mistakes += [f"line 1: column {name} is missing: {_BY_NAME[name].wanted}" for name in missing]
    return columns, list(dict.fromkeys(mistakes))


def _score(name: str) -> Column | None:
    """The column of a score, `score.NAME` or `score.NAME/LABELS`."""
    if not name.startswith(SCORE):
        return None
    bare, _, labels = name.removeprefix(SCORE).partition("/")
    if not bare.isidentifier() or bare != bare.lower() or (labels and labels not in LABELS):
        return None
    return Column(name, RetrainingRecordSpec, "a number, as in 0.25", _figure)


def _cells(columns: Sequence[Column | None], row: Sequence[str]) -> tuple[Cells, dict[str, str]]:
    """What a line says, and by column what is wrong with it."""
    cells: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for column, cell in zip(columns, row, strict=True):
        if column is None:
            continue
        if not cell:
            if column.required:
                wrong[column.name] = f"is empty; give {column.wanted}"
            continue
        try:
            cells[column.name] = column.read(cell)
        except (ValueError, KeyError, InvalidOperation, OverflowError):
            wrong[column.name] = f"{_shown(cell)}: give {column.wanted}"
    given = {column.name: (column, cell) for column, cell in zip(columns, row, strict=True) if column is not None}
    for part in (RetrainingRecordSpec, Outcome):
        try:
            part.model_validate(_nested(cells, part))
        except ValidationError as error:
            for each in error.errors(include_url=False):
                name = _column_at(each["loc"], cells)
                if name in given and name in cells:
                    column, cell = given[name]
                    wrong[name] = f"{_shown(cell)}: give {column.wanted}"
                elif name.startswith("hashes."):
                    wrong[name] = "is empty; the three hashes stand there together, or none"
    return cells, wrong


def _contradictions(cells: Cells) -> Iterator[tuple[str, str]]:
    """Cells that are right by themselves, and not together."""
    steps, most = cells.get("steps"), cells.get("maxSteps")
    if cells.get("result") == "Succeeded":
        for name in ("steps", "targetReached"):
            if name not in cells:
                yield name, f"is empty; where result is Succeeded, give {_BY_NAME[name].wanted}"
    if steps is not None and most is not None and 0 < most < steps:
        yield "steps", f'"{steps}": is more than maxSteps, {most}'
    last = max((look["step"] for look in cells.get("evaluations", [])), default=0)
    if steps is not None and 0 <= steps < last:
        yield "evaluations", f"has a quality after {last} steps, of {steps} that were taken"
    if ("energyWh" in cells) != ("energyBasis" in cells):
        name = "energyBasis" if "energyWh" in cells else "energyWh"
        yield name, f"is empty; energyWh and energyBasis stand together: give {_BY_NAME[name].wanted}"


def _retraining(line: int, cells: Cells) -> PastRetraining:
    return PastRetraining(
        line,
        imported_record_name(sha256_of(dict(cells))),
        RetrainingRecordSpec.model_validate(_nested(cells, RetrainingRecordSpec)),
        Outcome.model_validate(_nested(cells, Outcome)),
    )


def _nested(cells: Cells, part: type[BaseModel]) -> dict[str, Any]:
    """The cells of one part of the record, as the API server would be told."""
    nested: dict[str, Any] = {"source": "Imported", "scores": []} if part is RetrainingRecordSpec else {}
    for name, value in cells.items():
        if name.startswith(SCORE):
            bare, _, labels = name.removeprefix(SCORE).partition("/")
            if part is RetrainingRecordSpec:
                nested["scores"].append({"name": bare, "value": value, "labels": labels or LABELS[0]})
        elif _BY_NAME[name].part is part:
            outer, _, inner = name.partition(".")
            if inner:
                nested.setdefault(outer, {})[inner] = value
            else:
                nested[outer] = value
    return nested


def _column_at(location: Sequence[int | str], cells: Cells) -> str:
    """The column that pydantic's location means."""
    if location[0] == "scores" and len(location) > 1:
        return [name for name in cells if name.startswith(SCORE)][int(location[1])]
    if location[0] == "evaluations":
        return "evaluations"
    return ".".join(str(part) for part in location)


def _notes(columns: Sequence[Column | None]) -> list[str]:
    """Scores that no prediction reads: most likely misspelt, unless they are an assessment's other kinds of one."""
    notes = []
    for column in columns:
        if column is not None and column.name.startswith(SCORE):
            bare = column.name.removeprefix(SCORE).partition("/")[0]
            near = difflib.get_close_matches(bare, sorted(SCORES), n=1, cutoff=0.8)
            if bare.removesuffix("_reference").removesuffix("_labelled") not in SCORES and near:
                notes.append(f"line 1: column {column.name}: no prediction reads it; did you mean {SCORE}{near[0]}?")
    return notes


def _meant(name: str) -> str:
    known = [column.name for column in COLUMNS]
    near = difflib.get_close_matches(name, [*known, *(f"{SCORE}{score}" for score in sorted(SCORES))], n=1)
    listed = f"known: {', '.join(known)}, and {SCORE}NAME for a score, where need be with /Predicted or /Unused"
    return f"did you mean {near[0]}?" if near else listed


def _shown(value: str) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 100 else text[:99] + "…"
