"""`modelreuse records import`: what it makes of a table, what it says of a wrong one, and what a repetition does."""

import csv
from collections.abc import Sequence
from pathlib import Path

import click.testing
import pytest

from modelreuse.api import RetrainingRecord
from modelreuse.cli import main
from modelreuse.cli.problems import Problem
from modelreuse.cli.record_table import COLUMNS, RecordTable, read_table
from modelreuse.cli.records import Tally, bring_in
from modelreuse.costs import cases_of
from modelreuse.manifests import imported_record
from unit.cluster_client.fake_api_server import HANGS_UP, Answer, no, server, yes
from unit.controller import served

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "examples/records/past-retrainings.csv"
GOOD = {
    "action": "FineTune",
    "model": "digits",
    "recipe": "adam-1e-3",
    "maxSteps": "2000",
    "target": "0.95",
    "finishedAt": "2025-03-04",
    "result": "Succeeded",
    "steps": "740",
    "targetReached": "true",
}
I_AM_IVAN = yes(status={"userInfo": {"username": "ivan"}})


def written(path: Path, *rows: dict[str, str]) -> Path:
    """A file with these lines; its columns are those of the first."""
    file = path / "past.csv"
    with file.open("w", newline="", encoding="utf-8") as out:
        table = csv.DictWriter(out, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    return file


def table(path: Path, *rows: dict[str, str]) -> RecordTable:
    return read_table(written(path, *rows))


def run(*arguments: object) -> click.testing.Result:
    return click.testing.CliRunner().invoke(main, ["records", "import", *map(str, arguments)])


def records(read: RecordTable) -> list[RetrainingRecord]:
    return [
        RetrainingRecord.parse(imported_record("line7", one.name, one.spec, one.outcome, imported_by="ivan"))
        for one in read.retrainings
    ]


def test_the_example_becomes_records_that_teach() -> None:
    read = read_table(EXAMPLE)
    assert (read.mistakes, read.notes) == ([], [])
    found = records(read)
    assert len(cases_of(found)) == len(found) == 12
    first = found[0]
    assert (first.spec.source, first.spec.mechanism, first.spec.max_steps) == ("Imported", "noise", 1500)
    assert {score.name: str(score.value) for score in first.spec.scores}["initial_error"] == "0.04625"
    assert first.outcome is not None
    assert (first.outcome.steps, first.outcome.target_reached, first.outcome.evaluated_every) == (30, True, 10)


def test_every_column_is_documented() -> None:
    page = (ROOT / "docs/predictions.md").read_text()
    assert [column.name for column in COLUMNS if f"`{column.name}`" not in page] == []
    assert "`score.NAME`" in page


def test_a_line_is_the_same_record_however_it_is_written(tmp_path: Path) -> None:
    (name,) = (one.name for one in table(tmp_path, GOOD).retrainings)
    turned = dict(reversed(GOOD.items()))
    for same in (
        turned,
        GOOD | {"target": "0.950", "targetReached": "TRUE", "steps": "740.0"},
        GOOD | {"finishedAt": "2025-03-04T01:00:00+01:00"},
        GOOD | {"samples": ""},
    ):
        assert [one.name for one in table(tmp_path, same).retrainings] == [name]
    assert [one.name for one in table(tmp_path, GOOD | {"steps": "741"}).retrainings] != [name]


def test_what_spreadsheets_write_is_read(tmp_path: Path) -> None:
    file = tmp_path / "past.csv"
    file.write_bytes(b"\xef\xbb\xbf" + ",".join([*GOOD, "score.lda_error"]).encode() + b"\r\n\r\n")
    with file.open("a", newline="") as out:
        csv.writer(out).writerow([*GOOD.values(), " 1.5e-05 "])
    (one,) = read_table(file).retrainings
    assert (one.line, str(one.spec.scores[0].value)) == (3, "0.000015")


def test_looks_at_the_quality_stand_in_one_cell(tmp_path: Path) -> None:
    (one,) = table(tmp_path, GOOD | {"evaluations": "20:0.50  500:0.93"}).retrainings
    assert [(each.step, str(each.quality)) for each in one.outcome.evaluations or []] == [(20, "0.5"), (500, "0.93")]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"evaluations": "10"}, 'column evaluations: "10": give at most 8 of STEP:QUALITY, steps rising, as in 10:0.5'),
        ({"evaluations": "10:1.5"}, 'column evaluations: "10:1.5": give at most 8 of STEP:QUALITY'),
        ({"evaluations": "0:0.5"}, 'column evaluations: "0:0.5": give at most 8 of STEP:QUALITY'),
        ({"evaluations": "20:0.5 10:0.6"}, 'column evaluations: "20:0.5 10:0.6": give at most 8 of STEP:QUALITY'),
        (
            {"evaluations": "10:0.5 741:0.5"},
            "column evaluations: has a quality after 741 steps, of 740 that were taken",
        ),
        ({"evaluations": " ".join(f"{n}:0.5" for n in range(1, 10))}, "give at most 8 of STEP:QUALITY"),
        ({"target": "98%"}, 'column target: "98%": give a number from 0 to 1, as in 0.98'),
        ({"target": "1.2"}, 'column target: "1.2": give a number from 0 to 1, as in 0.98'),
        ({"target": "0,95"}, 'column target: "0,95": give a number from 0 to 1'),
        ({"target": "nan"}, 'column target: "nan": give a number from 0 to 1'),
        ({"target": ""}, "column target: is empty; give a number from 0 to 1"),
        ({"action": "Finetune"}, 'column action: "Finetune": give FineTune, Retrain or TrainFromScratch'),
        ({"model": "Digits CNN"}, 'column model: "Digits CNN": give a name of lower-case letters, digits and dashes'),
        ({"recipe": "x" * 64}, "give at most 63 characters"),
        ({"maxSteps": "0"}, 'column maxSteps: "0": give a whole number of steps, from 1 to 10000000'),
        ({"steps": "740.5"}, 'column steps: "740.5": give a whole number of steps'),
        ({"steps": "-1"}, 'column steps: "-1": give a whole number of steps'),
        ({"steps": "2001"}, 'column steps: "2001": is more than maxSteps, 2000'),
        ({"steps": ""}, "column steps: is empty; where result is Succeeded, give a whole number of steps"),
        ({"targetReached": "yes"}, 'column targetReached: "yes": give true or false'),
        ({"targetReached": ""}, "column targetReached: is empty; where result is Succeeded, give true or false"),
        ({"finishedAt": "04/03/2025"}, 'column finishedAt: "04/03/2025": give a day, or a time and its zone'),
        ({"finishedAt": "2025-03-04T05:06:07"}, 'column finishedAt: "2025-03-04T05:06:07": give a day, or a time and'),
        ({"result": "OK"}, 'column result: "OK": give Succeeded, Failed or Lost'),
        ({"energyWh": "3"}, "column energyBasis: is empty; energyWh and energyBasis stand together: give Measured"),
        ({"energyWh": "-3", "energyBasis": "Measured"}, 'column energyWh: "-3": give a number of 0 or more'),
        (
            dict.fromkeys(["hashes.new", "hashes.reference"], "sha256:" + "a" * 64),
            "column hashes.model: is empty; the three hashes stand there together",
        ),
        ({"score.lda_error": "low"}, 'column score.lda_error: "low": give a number, as in 0.25'),
    ],
)
def test_a_wrong_cell_is_told_by_line_column_value_and_what_would_do(
    tmp_path: Path, changes: dict[str, str], said: str
) -> None:
    wrong = table(tmp_path, GOOD | dict.fromkeys(changes, "") | GOOD, GOOD | changes)
    assert not wrong.retrainings
    (mistake,) = wrong.mistakes
    assert mistake.startswith("line 3, ")
    assert said in mistake


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        (["targt"], 'line 1: column "targt" is not known; did you mean target?'),
        (["colour"], 'line 1: column "colour" is not known; known: action, model, recipe'),
        (["score.LDA"], 'line 1: column "score.LDA" is not known'),
        (["score.lda_error/Guessed"], 'line 1: column "score.lda_error/Guessed" is not known'),
        (["steps", "steps"], 'line 1: column "steps" stands there 2 times'),
        ([], "line 1: column recipe is missing: at most 63 characters"),
        (["action;model;recipe"], "line 1: has one column; cells are separated by commas"),
    ],
)
def test_wrong_columns_are_told_with_those_that_are_known(tmp_path: Path, columns: list[str], said: str) -> None:
    file = tmp_path / "past.csv"
    file.write_text(",".join(columns) + "\n" if said.endswith("commas") else ",".join(["action", *columns]) + "\n")
    assert any(each.startswith(said) for each in read_table(file).mistakes)


def test_all_mistakes_are_told_at_once_and_nothing_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    file = written(tmp_path, GOOD | {"target": "x", "steps": "y"}, GOOD, GOOD | {"action": ""})
    done = run(file)
    assert done.exit_code == 2
    told = done.stderr.splitlines()
    assert [each.removeprefix(f"{file}: ").partition(":")[0] for each in told[:-1]] == [
        "line 2, column target",
        "line 2, column steps",
        "line 4, column action",
    ]
    assert told[-1] == f"{file}: 3 mistakes; nothing was created"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty; its first line names the columns"),
        (b"action\n\xff\n", "byte 7 is no UTF-8"),
        (b'action\n"Fine', "line 2: is no CSV"),
        (None, "can't be read: No such file"),
    ],
)
def test_what_is_no_table_is_told_in_one_line(tmp_path: Path, content: bytes | None, said: str) -> None:
    file = tmp_path / "past.csv"
    if content is not None:
        file.write_bytes(content)
    done = run(file)
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert said in done.stderr


def test_lines_of_another_length_and_no_lines_are_told(tmp_path: Path) -> None:
    file = written(tmp_path, GOOD)
    file.write_text(file.read_text() + "FineTune,digits\n")
    assert read_table(file).mistakes == ["line 3: has 2 cells, where line 1 names 9 columns"]
    file.write_text(",".join(GOOD))
    assert read_table(file).mistakes == ["line 1: names columns, and no retraining follows"]


def test_two_lines_that_say_the_same_would_be_one_record(tmp_path: Path) -> None:
    (mistake,) = table(tmp_path, GOOD, GOOD).mistakes
    assert mistake.startswith("line 3: says the same as line 2")


def test_a_score_that_is_likely_misspelt_is_noted_and_imported(tmp_path: Path) -> None:
    read = table(tmp_path, GOOD | {"score.initial_eror": "0.5", "score.confidence_reference": "0.9"})
    assert len(read.retrainings) == 1
    (note,) = read.notes
    assert note.endswith("no prediction reads it; did you mean score.initial_error?")


def test_without_a_cluster_a_dry_run_checks_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    dry = run(EXAMPLE, "--dry-run")
    assert (dry.exit_code, "12 records, all in order; " in dry.stdout) == (0, True), dry.output
    real = run(EXAMPLE)
    assert (real.exit_code, real.stderr.startswith("the API server can't be asked: ")) == (1, True)


def listed(*items: object) -> Answer:
    return Answer(200, {"metadata": {}, "items": list(items)})


async def brought(
    answers: Sequence[Answer], rows: RecordTable, *, dry: bool = False
) -> tuple[Tally | Problem, list[str], list[dict]]:
    async with server([I_AM_IVAN, *answers]) as (told, client):
        try:
            done: Tally | Problem = await bring_in(client, "line7", rows.retrainings, dry=dry)
        except Problem as problem:
            done = problem
        assert told.answers == []
        posted = [body for asked, body in zip(told.asked, told.bodies, strict=True) if "retrainingrecords" in asked]
        return done, told.asked, [body for body in posted if body]


async def test_what_is_there_is_left_and_what_is_missing_is_created(tmp_path: Path) -> None:
    rows = table(tmp_path, GOOD, GOOD | {"steps": "100"})
    there = {"metadata": {"name": rows.retrainings[0].name}}
    done, asked, bodies = await brought([listed(there), yes(), listed(served.profile(trusted=("line7",)))], rows)
    assert done == Tally("line7", created=1, known=1, trusted_by=["site"])
    assert asked[2] == "POST /apis/modelreuse.io/v1alpha1/namespaces/line7/retrainingrecords"
    (record,) = bodies
    assert record["metadata"]["name"] == rows.retrainings[1].name
    assert record["metadata"]["annotations"] == {"modelreuse.io/imported-by": "ivan"}


async def test_a_dry_run_asks_the_server_and_stores_nothing(tmp_path: Path) -> None:
    done, asked, _ = await brought([listed(), yes(), listed()], table(tmp_path, GOOD), dry=True)
    assert asked[2].endswith("/retrainingrecords?dryRun=All")
    assert done == Tally("line7", created=1, known=0, trusted_by=[])


async def test_who_may_not_import_is_told_what_it_takes(tmp_path: Path) -> None:
    refusal = no(403, "Forbidden", 'user "ivan" may not import line7/import-1')
    for answers in ([listed(), refusal], [refusal]):
        done, _, _ = await brought(answers, table(tmp_path, GOOD))
        assert isinstance(done, Problem)
        assert str(done) == (
            'user "ivan" may not import line7/import-1; importing takes the ClusterRole modelreuse-importer: '
            "kubectl create rolebinding modelreuse-importer -n line7 --clusterrole=modelreuse-importer --user=ivan"
        )
        assert done.exit_status == 1


@pytest.mark.parametrize("answer", [no(500, "InternalError"), no(422, "Invalid", "spec: is odd"), HANGS_UP])
async def test_an_import_that_was_stopped_says_how_far_it_came_and_how_to_go_on(tmp_path: Path, answer: Answer) -> None:
    done, _, bodies = await brought([listed(), yes(), answer], table(tmp_path, GOOD, GOOD | {"steps": "100"}))
    assert isinstance(done, Problem)
    assert str(done).startswith("stopped after 1 record: ")
    assert str(done).endswith("give the same command again: it creates what is missing")
    assert len(bodies) == 2


async def test_a_record_that_appeared_meanwhile_is_no_error(tmp_path: Path) -> None:
    done, _, _ = await brought([listed(), no(409, "AlreadyExists"), no(403, "Forbidden")], table(tmp_path, GOOD))
    assert done == Tally("line7", created=1, known=0, trusted_by=None)
