"""Lines of a table of retrainings: what is written is what is read, and nothing that was there is lost."""

import csv
from pathlib import Path

import pytest

from modelreuse.api import Outcome, RetrainingRecordSpec
from modelreuse.cli.problems import Problem
from modelreuse.cli.record_lines import append, cells_of
from modelreuse.cli.record_table import COLUMNS, read_table

EXAMPLE = Path(__file__).parents[3] / "examples/records/past-retrainings.csv"
HASH = "sha256:" + "a" * 64
FULL = RetrainingRecordSpec.model_validate(
    {
        "source": "Imported",
        "action": "FineTune",
        "model": "current",
        "recipe": "adam",
        "maxSteps": 900,
        "target": "0.95",
        "samples": 300,
        "trainableShare": "0.25",
        "mechanism": "noise",
        "hashes": {"model": HASH, "reference": HASH, "new": HASH},
        "scores": [
            {"name": "arm", "value": "1.5", "labels": "Unused"},
            {"name": "initial_error", "value": "0.5", "labels": "Given"},
            {"name": "resque_dist", "value": "-0.01", "labels": "Predicted"},
        ],
    }
)
ENDED = Outcome.model_validate(
    {
        "finishedAt": "2026-03-04T05:06:07Z",
        "result": "Succeeded",
        "steps": 40,
        "targetReached": True,
        "evaluatedEvery": 10,
        "evaluations": [{"step": 10, "quality": "0.5"}, {"step": 40, "quality": "0.95"}],
        "podSeconds": "3.5",
        "energyWh": "0.000015",
        "energyBasis": "Estimated",
        "oldQuality": "0.4",
        "newQuality": "0.96",
    }
)
FAILED = Outcome.model_validate({"finishedAt": "2026-03-04T05:06:07Z", "result": "Failed"})


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    file = tmp_path / "r.csv"
    append(file, cells_of(FULL, ENDED))
    append(file, cells_of(FULL, FAILED))
    first, second = read_table(file).retrainings
    assert (first.spec, first.outcome) == (FULL, ENDED)
    assert (second.spec, second.outcome) == (FULL, FAILED)


def test_every_column_can_be_written() -> None:
    assert {column.name for column in COLUMNS} <= set(cells_of(FULL, ENDED))


def test_a_table_that_is_copied_line_by_line_is_the_same_records(tmp_path: Path) -> None:
    file = tmp_path / "r.csv"
    there = read_table(EXAMPLE).retrainings
    for one in there:
        append(file, cells_of(one.spec, one.outcome))
    assert [one.name for one in read_table(file).retrainings] == [one.name for one in there]


def test_columns_that_a_table_lacks_are_added_and_its_cells_stay(tmp_path: Path) -> None:
    file = tmp_path / "r.csv"
    file.write_text(EXAMPLE.read_text())
    append(file, cells_of(FULL, ENDED))
    with EXAMPLE.open(newline="") as before, file.open(newline="") as after:
        rows = list(csv.DictReader(after))
        for old, new in zip(csv.DictReader(before), rows, strict=False):
            assert {name: cell for name, cell in new.items() if cell} == {n: c for n, c in old.items() if c}
    assert rows[-1]["score.arm/Unused"] == "1.5"


def test_a_file_without_a_line_is_a_new_table(tmp_path: Path) -> None:
    (tmp_path / "r.csv").touch()
    append(tmp_path / "r.csv", cells_of(FULL, ENDED))
    assert len(read_table(tmp_path / "r.csv").retrainings) == 1


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "claim").mkdir()
    (tmp_path / "r.csv").symlink_to(tmp_path / "claim/records.csv")
    append(tmp_path / "r.csv", cells_of(FULL, ENDED))
    assert (tmp_path / "r.csv").is_symlink()
    assert [path.name for path in (tmp_path / "claim").iterdir()] == ["records.csv"]


def test_a_place_that_takes_no_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(Problem, match=r"none/r\.csv: can't be written: No such file or directory"):
        append(tmp_path / "none/r.csv", cells_of(FULL, ENDED))
