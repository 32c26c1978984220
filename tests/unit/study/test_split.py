"""The frozen split, and the guard in front of the rows that it holds out."""

import random
from dataclasses import replace
from pathlib import Path

import pytest

from study import split
from study.grid import settings
from study.records import HeldOutRowsAreClosedError, development, folds, held_out_rows_opened_once
from study.shifts import MECHANISM_GROUPS
from study.store import HELD_OUT, Store
from unit.study.rows import ROW, SPLIT

BLURRED = replace(ROW, shift="defocus")
OPENED = replace(SPLIT, opened={"date": "2026-01-01", "commit": "0123456", "reason": "the end"})


@pytest.fixture
def records(tmp_path: Path) -> Path:
    """A folder with one row on each side."""
    store = Store(tmp_path, SPLIT)
    store.add(ROW)
    store.add(BLURRED)
    return tmp_path


def test_the_lots_came_out_as_the_split_says() -> None:
    groups = random.Random("model reuse study: the held-out group of mechanisms").choice(sorted(MECHANISM_GROUPS))
    seed = random.Random("model reuse study: the held-out seed").choice([0, 1, 2])
    assert split.frozen().groups == (groups,)
    assert split.frozen().seeds == (seed,)


def test_development_never_sees_a_held_out_row(records: Path) -> None:
    assert [record.row for record in development(records, SPLIT)] == [ROW]


def test_held_out_rows_are_refused_until_the_split_says_they_are_opened(records: Path) -> None:
    with pytest.raises(HeldOutRowsAreClosedError, match="opened once"):
        held_out_rows_opened_once(records, SPLIT)
    assert [record.row for record in held_out_rows_opened_once(records, OPENED)] == [BLURRED]


def test_a_held_out_row_in_the_wrong_file_is_an_error(records: Path) -> None:
    (records / HELD_OUT / "mnist.csv").rename(records / "development" / "mnist.csv")
    with pytest.raises(ValueError, match="defocus"):
        development(records, SPLIT)


def test_scores_come_with_their_setting(records: Path) -> None:
    table = records / "development" / "scores" / "mnist.csv"
    table.parent.mkdir()
    table.write_text(f"setting,findings,initial_error,resque_dist\n{ROW.setting},OneClass,0.25,\n")
    (record,) = development(records, SPLIT)
    assert record.scores == {"initial_error": 0.25}


def test_every_round_fits_on_other_groups_and_seeds_than_it_tests() -> None:
    rows = [setting for setting in settings() if not split.frozen().holds_out(setting)]
    tested = 0
    for fold in folds():
        part = [row for row in rows if fold.tests(row)]
        rest = [row for row in rows if fold.fits(row)]
        assert part
        assert rest
        assert not {row.seed for row in part} & {row.seed for row in rest}
        assert not {row.shift for row in part} & {row.shift for row in rest}
        tested += len(part)
    assert tested == len(rows)
