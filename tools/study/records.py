"""The study as those see it who fit and judge predictions.

`development()` gives the rows that may be looked at. The held-out ones are given by another function, which refuses
until split.yaml says when and why they were opened: a change that everybody sees in the history.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from study import split
from study.places import RECORDS
from study.row import Row
from study.split import Fold, Split
from study.store import DEVELOPMENT, HELD_OUT, Store

AUDITED = "scores"
"""The table of scores of new data of which the audit sample has labels."""
LABELLED = "scores-all-labels"
"""The same where all have."""


class HeldOutRowsAreClosedError(Exception):
    """Somebody asked for rows on which predictions will be judged, before that was due."""


@dataclass(frozen=True)
class Record:
    """One retraining with what was known before it.

    scores: by name `score` or `score.detail`, of the setting, with labels on the audit sample; labelled: the same with
    all labels. A score that is undefined there is missing.
    """

    row: Row
    scores: Mapping[str, float]
    labelled: Mapping[str, float]


def development(folder: Path = RECORDS, frozen: Split | None = None) -> list[Record]:
    """All retrainings that no side of the split holds out. Raises ValueError for one that lies in the wrong file."""
    return _records(folder, DEVELOPMENT, frozen or split.frozen())


def held_out_rows_opened_once(folder: Path = RECORDS, frozen: Split | None = None) -> list[Record]:
    """The rows that predictions are judged on. Raises HeldOutRowsAreClosedError until split.yaml opens them."""
    known = frozen or split.frozen()
    if known.opened is None:
        raise HeldOutRowsAreClosedError(
            "split.yaml: opened: null; the held-out rows are opened once, when nothing is left to choose: set it to "
            "{date, commit, reason} and commit that first"
        )
    return _records(folder, HELD_OUT, known)


def folds(frozen: Split | None = None) -> tuple[Fold, ...]:
    """The rounds in which development is cross-validated."""
    return (frozen or split.frozen()).folds()


def _records(folder: Path, side: str, known: Split) -> list[Record]:
    rows = Store(folder, known).side_rows(side)
    for row in rows:
        if known.holds_out(row) != (side == HELD_OUT):
            raise ValueError(f"{row.name} lies among the {side} rows, where split.yaml does not put it")
    scores, labelled = (_scores(folder / side / table) for table in (AUDITED, LABELLED))
    return [Record(row, scores.get(row.setting, {}), labelled.get(row.setting, {})) for row in rows]


def _scores(folder: Path) -> dict[str, Mapping[str, float]]:
    found: dict[str, Mapping[str, float]] = {}
    for file in sorted(folder.glob("*.csv")):
        with file.open(newline="") as lines:
            for cells in csv.DictReader(lines):
                name = cells.pop("setting")
                cells.pop("findings")
                found[name] = {key: float(cell) for key, cell in cells.items() if cell}
    return found
