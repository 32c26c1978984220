"""`modelreuse calibrate`: what is said and asked first, what is run and recorded, and how it goes on and ends."""

import csv
import json
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click.testing
import numpy as np
import pytest
import torch
import yaml
from safetensors.torch import save_file
from sklearn.datasets import load_digits

from modelreuse.api import RetrainingRecord
from modelreuse.calibration.retrainer import Retrainer
from modelreuse.cli import main
from modelreuse.cli.record_table import read_table
from modelreuse.costs import Experience, cases_of
from modelreuse.manifests import imported_record
from unit.calibration.digits import digit_net
from unit.calibration.trainers import HONEST, trainer

Calibrate = Callable[..., click.testing.Result]
SITE = Path(digit_net.__file__).parent


@pytest.fixture
def check(check: dict[str, Any]) -> dict[str, Any]:
    check["spec"]["retraining"] = {
        "actions": ["FineTune", "Retrain"],
        "recipe": "adam-3e-3",
        "batchSize": 16,
        "maxSteps": 20,
        "output": "pvc://candidates",
        "jobTemplate": {},
    }
    return check


@pytest.fixture
def calibrate(desk: Path, check: dict[str, Any]) -> Calibrate:
    """Runs the command on the check, with a trainer that does what `body` says, into records.csv."""

    def run(*options: str, body: str = HONEST, said: str | None = None, yes: bool = True) -> click.testing.Result:
        (desk / "check.yaml").write_text(yaml.safe_dump(check, sort_keys=False))
        given = ["--trainer", shlex.join(trainer(desk, body)), "-o", str(desk / "records.csv"), *options]
        agreed = ["--yes"] if yes else []
        arguments = ["calibrate", "-f", str(desk / "check.yaml"), *given, *agreed]
        return click.testing.CliRunner().invoke(main, arguments, input=said)

    return run


def lines(desk: Path) -> list[dict[str, str]]:
    with (desk / "records.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def somebody_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modelreuse.cli.trust.somebody_watches", lambda: True)


COUNTING = "(root / 'models' / 'ran').open('a').write('x')\n" + HONEST


def times_run(desk: Path) -> int:
    ran = desk / "models" / "ran"
    return len(ran.read_text()) if ran.exists() else 0


# --- before anything is trained -------------------------------------------------------------------------------------


def test_without_a_person_or_a_yes_nothing_is_begun(calibrate: Calibrate, desk: Path) -> None:
    done = calibrate(yes=False, body=COUNTING)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == "nobody can be asked whether these retrainings may be run; pass --yes if they may\n"
    assert times_run(desk) == 0


@pytest.mark.usefixtures("somebody_watches")
@pytest.mark.parametrize("said", ["n\n", "\n"])
def test_the_cost_is_said_and_a_no_is_a_no(calibrate: Calibrate, desk: Path, said: str) -> None:
    done = calibrate("--runs", "4", yes=False, body=COUNTING, said=said)
    assert done.exit_code == 2
    assert "Run the trainer 4 times? [y/N]" in done.stderr
    assert "2 FineTune" in done.stderr
    assert "0 to 80" in done.stderr
    assert "Wh" in done.stderr.partition("Run the trainer")[0]
    assert done.stderr.endswith("nothing was trained\n")
    assert times_run(desk) == 0
    assert not (desk / "records.csv").exists()


@pytest.mark.usefixtures("somebody_watches")
def test_a_yes_is_a_yes(calibrate: Calibrate, desk: Path) -> None:
    assert calibrate("--runs", "2", yes=False, body=COUNTING, said="y\n").exit_code == 0
    assert times_run(desk) == 2


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (
            ["--action", "TrainFromScratch"],
            "--action TrainFromScratch: spec.retraining.actions doesn't list it; it lists",
        ),
        (["--model", "none"], "--model none: the check has no such model; it has current"),
        (["--claim", "models"], "--claim models: give NAME=DIR, as in --claim models=./models"),
        (
            ["--trainer", "/no/such/trainer --fast"],
            "--trainer /no/such/trainer --fast: no such program; give a command",
        ),
        (["--trainer", "python 'train.py"], "--trainer python 'train.py: No closing quotation"),
        (["-o", "/no/such/folder/records.csv"], "/no/such/folder/records.csv: there is no folder /no/such/folder"),
        (
            ["--runs", "31"],
            "--runs 31: with one seed there are 30: 5 kinds of shift (noise, gain, offset, dropped-inputs",
        ),
    ],
)
def test_a_wrong_option_ends_with_2_and_one_line(calibrate: Calibrate, options: list[str], line: str) -> None:
    done = calibrate(*options)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(line)
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda spec: spec.pop("retraining"), "spec.retraining: is missing; calibration trains by its recipe"),
        (
            lambda spec: spec["data"].pop("labels"),
            "spec.data.labels: is missing; a trainer learns from labelled samples",
        ),
        (
            lambda spec: spec["retraining"].update(batchSize=100),
            "spec.data.reference.uri: 'pvc://data/reference.npz': of its labelled samples 22 would be held out and 68 ",
        ),
        (
            lambda spec: spec["data"]["new"].update(uri="pvc://data/new/"),
            "spec.data.new.uri: 'pvc://data/new/': calibra",
        ),
        (
            lambda spec: spec["models"][0].update(uri="pvc://models/x.pt2"),
            "spec.models[name=current].uri: 'pvc://models",
        ),
    ],
)
def test_a_check_that_can_not_be_calibrated_ends_with_2_and_one_line(
    calibrate: Calibrate, check: dict[str, Any], change: Callable[[dict[str, Any]], object], line: str
) -> None:
    change(check["spec"])
    done = calibrate()
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(line)
    assert done.stderr.count("\n") == 1


def test_what_can_not_be_shifted_is_told(calibrate: Calibrate, desk: Path) -> None:
    inputs = np.zeros((90, 4))
    inputs[3, 2] = np.nan
    np.savez(desk / "data/reference.npz", inputs=inputs, labels=np.arange(90) % 3)
    assert (
        calibrate().stderr
        == "spec.data.reference.uri: the array 'inputs' holds NaN or infinity, which can't be shifted\n"
    )


def test_code_of_the_check_is_asked_for_as_ever(calibrate: Calibrate, check: dict[str, Any]) -> None:
    weights = {"name": "current", "uri": "pvc://models/m.safetensors", "factory": "desk_net:build"}
    check["spec"].update(models=[weights], code={"uri": "pvc://code/"})
    assert "this check imports Python code: desk_net:build from pvc://code/; pass --trust-code" in calibrate().stderr


def test_a_table_that_is_wrong_somewhere_is_not_written_on(calibrate: Calibrate, desk: Path) -> None:
    (desk / "records.csv").write_text("action,model\nRetrain,m\n")
    done = calibrate(body=COUNTING)
    assert done.exit_code == 2
    assert "records.csv: line 1: column recipe is missing" in done.stderr
    assert times_run(desk) == 0
    assert (desk / "records.csv").read_text() == "action,model\nRetrain,m\n"


# --- runs and lines -------------------------------------------------------------------------------------------------


def test_every_run_is_a_line_that_can_be_imported(calibrate: Calibrate, desk: Path) -> None:
    done = calibrate("--runs", "10")
    assert done.exit_code == 0, done.stderr
    table = read_table(desk / "records.csv")
    assert (table.mistakes, table.notes) == ([], [])
    assert len(table.retrainings) == 10
    one = table.retrainings[0]
    assert (one.spec.recipe, one.spec.max_steps, one.spec.samples) == ("adam-3e-3", 20, 68)
    assert (one.outcome.steps, one.outcome.target_reached, one.outcome.evaluated_every) == (4, True, 2)
    assert one.outcome.old_quality == one.outcome.new_quality is not None
    assert one.outcome.energy_basis == "Assumed"
    assert {each.spec.mechanism for each in table.retrainings[:5]} == {
        "noise", "gain", "offset", "dropped-inputs", "label-shift"
    }  # fmt: skip
    assert {score.name for score in one.spec.scores} >= {"initial_error", "initial_cross_entropy", "lda_error"}


def test_it_sums_up_what_the_next_prediction_makes_of_them(calibrate: Calibrate, desk: Path) -> None:
    out = calibrate("--runs", "10").stdout
    assert "10 retrainings\n" in out
    assert "Retrain by adam-3e-3: 5 records, 5 met their target: a point" in out
    assert "10 records of 5 kinds of shift" in out
    assert f"modelreuse records import {desk / 'records.csv'} -n NAMESPACE" in out


def test_the_target_is_the_checks_own(calibrate: Calibrate, check: dict[str, Any], desk: Path) -> None:
    check["spec"]["objective"] = {"target": {"relative": "0.5"}}
    assert calibrate("--runs", "1").exit_code == 0
    (line,) = lines(desk)
    assert float(line["target"]) == pytest.approx(0.5 * float(line["score.initial_accuracy_reference"]), rel=1e-4)


def test_only_the_actions_that_are_wanted_are_run(calibrate: Calibrate, desk: Path) -> None:
    calibrate("--runs", "3", "--action", "Retrain")
    assert [line["action"] for line in lines(desk)] == ["Retrain"] * 3


# --- going on -------------------------------------------------------------------------------------------------------


def test_what_is_recorded_is_not_run_again(calibrate: Calibrate, desk: Path) -> None:
    calibrate("--runs", "2", body=COUNTING)
    first = lines(desk)
    done = calibrate("--runs", "5", body=COUNTING)
    assert "; 2 runs more recorded." in done.stderr
    assert times_run(desk) == 5
    assert lines(desk)[:2] == first
    again = calibrate("--runs", "5", body=COUNTING)
    assert (again.exit_code, times_run(desk)) == (0, 5)
    assert "5 retrainings" in again.stdout


@pytest.mark.parametrize("option", [["--seed", "1"], ["--action", "Retrain"]])
def test_another_seed_or_other_actions_are_other_runs(calibrate: Calibrate, desk: Path, option: list[str]) -> None:
    calibrate("--runs", "2", "--action", "FineTune", body=COUNTING)
    calibrate("--runs", "2", *(option if "Retrain" in option else ["--action", "FineTune", *option]), body=COUNTING)
    assert times_run(desk) == 4


def test_another_target_is_another_campaign(calibrate: Calibrate, check: dict[str, Any], desk: Path) -> None:
    calibrate("--runs", "1", body=COUNTING)
    check["spec"]["objective"] = {"target": {"absolute": "0.2"}}
    calibrate("--runs", "1", body=COUNTING)
    assert times_run(desk) == 2


def test_lines_of_others_stay_as_they_are(calibrate: Calibrate, desk: Path) -> None:
    theirs = (
        "steps,recipe,action,model,maxSteps,target,finishedAt,result,targetReached\n"
        "740.0,x,Retrain,m,900,0.950,2025-03-04,Succeeded,TRUE\n"
    )
    (desk / "records.csv").write_text("\ufeff" + theirs)
    calibrate("--runs", "1")
    first, second = lines(desk)
    assert (first["steps"], first["target"], first["targetReached"], first["mechanism"]) == (
        "740.0",
        "0.950",
        "TRUE",
        "",
    )
    assert second["mechanism"]
    assert len(read_table(desk / "records.csv").retrainings) == 2


def test_an_interruption_leaves_whole_lines_and_the_rest_for_later(
    calibrate: Calibrate, desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        honest, begun = Retrainer.carry_out, []

        def interrupted(self: Retrainer, *arguments: Any) -> Any:
            begun.append(arguments)
            if len(begun) == 3:
                raise KeyboardInterrupt
            return honest(self, *arguments)

        patch.setattr(Retrainer, "carry_out", interrupted)
        done = calibrate("--runs", "4")
    assert done.exit_code == 1
    assert done.stderr.endswith(f"interrupted; the same command goes on from what {desk / 'records.csv'} holds\n")
    assert len(read_table(desk / "records.csv").retrainings) == 2
    assert [path.name for path in desk.glob(".records*")] == []
    calibrate("--runs", "4", body=COUNTING)
    assert times_run(desk) == 2


# --- trainers that fail or lie --------------------------------------------------------------------------------------


FAILS_ONCE = """
marker = root / "models" / "failed"
if not marker.exists():
    marker.touch()
    raise SystemExit("out of memory")
answer()
"""


def test_a_failed_run_is_a_line_and_the_others_go_on(calibrate: Calibrate, desk: Path) -> None:
    done = calibrate("--runs", "3", body=FAILS_ONCE)
    assert done.exit_code == 0
    assert "failed: TrainerFailed: exit status 1; it said: out of memory" in done.stderr
    assert [line["result"] for line in lines(desk)] == ["Failed", "Succeeded", "Succeeded"]
    first = lines(desk)[0]
    assert (first["steps"], first["targetReached"], first["newQuality"]) == ("", "", "")
    assert float(first["energyWh"]) > 0
    assert "1 of them failed" in done.stdout


def test_a_failed_run_is_run_again(calibrate: Calibrate, desk: Path) -> None:
    calibrate("--runs", "3", body=FAILS_ONCE)
    calibrate("--runs", "3", body=COUNTING)
    assert times_run(desk) == 1
    assert [line["result"] for line in lines(desk)] == ["Failed", "Succeeded", "Succeeded", "Succeeded"]


def test_three_failures_in_a_row_end_it(calibrate: Calibrate, desk: Path) -> None:
    done = calibrate(body="raise SystemExit('no GPU')")
    assert done.exit_code == 1
    assert [line["result"] for line in lines(desk)] == ["Failed"] * 3
    assert "stopped after 3 of 30 runs: the last 3 failed; mend the trainer" in done.stderr


def test_a_campaign_of_which_nothing_succeeded_is_no_success(calibrate: Calibrate) -> None:
    assert calibrate("--runs", "1", body="raise SystemExit(1)").exit_code == 1


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("log.write_text('{')", "UnreadableAnswer"),
        ("answer(digest='sha256:' + 'b' * 64)", "WrongAnswer"),
        ("answer(energyWh='-1')", "UnreadableAnswer"),
        ("answer(steps=21)", "WrongAnswer"),
        ("answer(artifactSha256='sha256:' + 'b' * 64)", "ArtifactMismatch"),
        ("answer(artifactUri=plan['output'] + '/none.pt2')", "FileNotFound"),
    ],
)
def test_a_lie_is_no_record_that_teaches(calibrate: Calibrate, desk: Path, body: str, why: str) -> None:
    done = calibrate("--runs", "1", body=body)
    assert f"failed: {why}: " in done.stderr
    (line,) = lines(desk)
    assert (line["result"], line.get("steps", "")) == ("Failed", "")
    assert read_table(desk / "records.csv").mistakes == []


# --- a site that is real --------------------------------------------------------------------------------------------


@pytest.fixture
def digits(tmp_path: Path) -> Path:
    """A check on scikit-learn's digits, a network that reads them, and the trainer of the folder `digits`."""
    data = load_digits()
    images, labels = (data.images / 16).astype(np.float32), data.target.astype(np.int64)
    for claim in ("data", "models"):
        (tmp_path / claim).mkdir()
    np.savez(tmp_path / "data/reference.npz", image=images[1000:], label=labels[1000:])
    torch.manual_seed(0)
    model = digit_net.build()
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(150):
        optimiser.zero_grad()
        logits = model(torch.from_numpy(images[:1000]))
        torch.nn.functional.cross_entropy(logits, torch.from_numpy(labels[:1000])).backward()
        optimiser.step()
    save_file(model.state_dict(), tmp_path / "models/net.safetensors")
    spec = {
        "code": {"uri": f"file://{SITE}"},
        "models": [{"name": "net", "uri": "pvc://models/net.safetensors", "factory": "digit_net:build"}],
        "data": {
            "inputs": ["image"],
            "labels": "label",
            "reference": {"uri": "pvc://data/reference.npz"},
            "new": {"uri": "pvc://data/line7.npz"},
        },
        "objective": {"target": {"relative": "0.9"}},
        "retraining": {"recipe": "sgd-0.3", "batchSize": 64, "maxSteps": 150, "output": "pvc://c", "jobTemplate": {}},
    }
    check = {"apiVersion": "modelreuse.io/v1alpha1", "kind": "ModelReuseCheck", "metadata": {"name": "d"}, "spec": spec}
    (tmp_path / "check.yaml").write_text(yaml.safe_dump(check))
    return tmp_path


def on_digits(digits: Path, command: list[str], *options: str) -> list[dict[str, str]]:
    """The lines of a campaign there."""
    given = ["-f", str(digits / "check.yaml"), "-o", str(digits / "records.csv"), "--trainer", shlex.join(command)]
    done = click.testing.CliRunner().invoke(main, ["calibrate", *given, "--yes", "--trust-code", *options])
    assert done.exit_code == 0, done.stderr
    return lines(digits)


def test_a_fine_tuning_trains_less_than_everything(digits: Path) -> None:
    told = "(root / 'models' / 'told').open('a').write(json.dumps([plan['action'], plan.get('layers')]) + '\\n')\n"
    written = on_digits(digits, trainer(digits, told + HONEST), "--runs", "16")
    shares = {line["action"]: float(line["trainableShare"]) for line in written}
    assert shares == {"FineTune": pytest.approx(330 / 2410, abs=1e-5), "Retrain": 1.0}
    layers = {tuple(json.loads(line)[1] or ()) for line in (digits / "models/told").read_text().splitlines()}
    assert layers == {("3",), ()}


def test_a_real_trainer_on_real_digits_makes_records_that_a_prediction_learns_from(digits: Path) -> None:
    written = on_digits(digits, [sys.executable, str(SITE / "train.py")], "--runs", "8", "--action", "Retrain")
    by_loss = sorted(written, key=lambda line: float(line["oldQuality"]))
    assert len({line["mechanism"] for line in by_loss}) == 8
    assert int(by_loss[0]["steps"]) > int(by_loss[-1]["steps"])
    assert float(by_loss[0]["newQuality"]) > float(by_loss[0]["oldQuality"]) + 0.1
    records = [
        RetrainingRecord.parse(imported_record("past", one.name, one.spec, one.outcome, imported_by="ivan"))
        for one in read_table(digits / "records.csv").retrainings
    ]
    cases = cases_of(records)
    assert len(cases) == 8
    assert Experience([]).forecast(cases[0].situation, 150).steps.estimate is None
    assert Experience(cases).forecast(cases[0].situation, 150).steps.estimate is not None
