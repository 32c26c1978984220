"""`modelreuse assess`: what is printed where, and how it ends."""

import json
import subprocess
import sys

import pytest
import yaml
from click.testing import CliRunner

from modelreuse import __version__
from modelreuse.api import AssessmentReport
from modelreuse.cli import main

SAFETENSORS = {"name": "current", "uri": "pvc://models/m.safetensors", "factory": "desk_net:build"}
CODE = {"uri": "pvc://code/"}


def test_json_is_one_document_and_nothing_else(assess, check):
    done = assess(check, "-o", "json")

    assert done.exit_code == 0
    (report,) = json.loads(done.stdout)["models"]
    assert AssessmentReport.model_validate(report).model.name == "current"


def test_yaml_says_the_same(assess, check):
    assert yaml.safe_load(assess(check, "-o", "yaml").stdout)["models"][0]["model"]["parameters"] == 67


def test_the_table_shows_scores_costs_and_layers(assess, check):
    out = assess(check).stdout

    for words in (
        "resque_dist",
        "initial_error",
        "forward pass: 180 samples",
        "training step of 64",
        "worth training: head: 40.3% of parameters, 30.0% of a backward pass",
        "evidence L1: a labelled audit",
    ):
        assert words in out


def test_nothing_is_shown_on_standard_error_when_nobody_watches(assess, check):
    assert assess(check, "-o", "json").stderr == ""


def test_every_model_is_assessed_in_the_order_of_the_check(assess, check):
    check["spec"]["models"].append({"name": "candidate", "uri": "pvc://models/m.pt2"})

    reports = json.loads(assess(check, "-o", "json").stdout)["models"]

    assert [report["model"]["name"] for report in reports] == ["current", "candidate"]


def test_one_model_can_be_chosen(assess, check):
    check["spec"]["models"].append({"name": "candidate", "uri": "pvc://models/m.pt2"})

    reports = json.loads(assess(check, "-o", "json", "--model", "candidate").stdout)["models"]

    assert [report["model"]["name"] for report in reports] == ["candidate"]


def test_a_claim_can_be_any_folder(assess, check, desk):
    (desk / "models").rename(desk / "elsewhere")

    assert assess(check, "--claim", f"models={desk / 'elsewhere'}").exit_code == 0


def test_the_retraining_batch_size_is_the_probes(assess, check):
    check["spec"]["retraining"] = {"maxSteps": 9, "output": "pvc://o/x", "jobTemplate": {}, "batchSize": 7}

    report = json.loads(assess(check, "-o", "json").stdout)["models"][0]

    assert report["measured"]["stepBatchSize"] == 7


def test_the_probe_can_be_switched_off(assess, check):
    check["spec"]["assessment"] = {"timingProbe": False}

    assert "stepSeconds" not in json.loads(assess(check, "-o", "json").stdout)["models"][0]["measured"]


def test_trusted_code_is_imported_and_its_chatter_kept_out_of_the_document(assess, check):
    check["spec"].update(models=[SAFETENSORS], code=CODE)

    done = assess(check, "-o", "json", "--trust-code")

    assert done.exit_code == 0
    assert json.loads(done.stdout)["models"][0]["model"]["format"] == "Safetensors"
    assert "hello from user code" in done.stderr


def test_code_is_not_imported_when_nobody_can_be_asked(assess, check):
    check["spec"].update(models=[SAFETENSORS], code=CODE)

    done = assess(check)

    assert done.exit_code == 2
    assert done.stderr == (
        "this check imports Python code: desk_net:build from pvc://code/; pass --trust-code if you trust it\n"
    )
    assert not hasattr(sys, "desk_net_was_here")


def test_a_reader_of_data_is_code_too(assess, check):
    check["spec"]["data"]["new"] = {"uri": "pvc://data/new.csv", "factory": "desk_reader:read"}

    assert "this check imports Python code: desk_reader:read; pass --trust-code" in assess(check).stderr


@pytest.mark.parametrize(("said", "exit_code"), [("y\n", 0), ("n\n", 2), ("\n", 2)])
def test_a_person_is_asked(assess, check, desk, monkeypatch, said, exit_code):
    check["spec"].update(models=[SAFETENSORS], code=CODE)
    assess(check)
    monkeypatch.setattr("modelreuse.cli.trust.somebody_watches", lambda: True)

    done = CliRunner().invoke(main, ["assess", "-f", str(desk / "check.yaml"), "-o", "json"], input=said)

    assert done.exit_code == exit_code
    assert hasattr(sys, "desk_net_was_here") is (exit_code == 0)


def test_a_model_without_code_needs_no_trust(assess, check):
    check["spec"]["code"] = CODE

    assert assess(check).exit_code == 0
    assert not hasattr(sys, "desk_net_was_here")


def test_the_import_path_is_as_before(assess, check):
    before = list(sys.path)
    check["spec"].update(models=[SAFETENSORS], code=CODE)

    assess(check, "--trust-code")

    assert sys.path == before


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (["--model", "none"], "--model none: the check has no such model; it has current"),
        (["--claim", "models"], "--claim models: give NAME=DIR, as in --claim models=./models"),
        (["--claim", "models=/no/such"], "--claim models=/no/such: /no/such is no folder"),
    ],
)
def test_a_wrong_option_ends_with_2_and_one_line(assess, check, options, line):
    done = assess(check, *options)

    assert (done.exit_code, done.stderr, done.stdout) == (2, f"{line}\n", "")


def test_what_the_worker_refuses_ends_with_2_and_its_sentence(assess, check):
    check["spec"]["data"]["new"]["uri"] = "pvc://data/none.npz"

    done = assess(check, "-o", "json")

    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == "spec.data.new.uri: 'pvc://data/none.npz': no such file\n"


def test_a_missing_folder_of_code_is_told(assess, check):
    check["spec"].update(models=[SAFETENSORS], code={"uri": "pvc://nowhere/"})

    assert assess(check, "--trust-code").stderr == "spec.code.uri: 'pvc://nowhere/': no such folder\n"


def test_a_defect_of_ours_ends_with_1(assess, check, monkeypatch):
    def fail(*_, **__):
        raise ZeroDivisionError

    monkeypatch.setattr("modelreuse.worker.assess.worth_training", fail)

    done = assess(check)

    assert done.exit_code == 1
    assert "ZeroDivisionError" in done.stderr


def test_without_torch_there_is_one_line(assess, check, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)

    done = assess(check)

    assert done.exit_code == 1
    assert done.stderr == "modelreuse assess needs the worker extra: pip install 'model-reuse-operator[worker]'\n"


def test_a_bad_check_is_told_also_without_torch(assess, check, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    check["spec"]["models"][0]["uri"] = "s4://bucket/m.pt2"

    assert "unknown scheme" in assess(check).stderr


def test_version_is_printed():
    assert CliRunner().invoke(main, ["version"]).stdout == f"{__version__}\n"


def test_help_loads_nothing_heavy():
    heavy = {"torch", "kubernetes", "pydantic", "numpy", "rich.console"}
    program = (
        "import sys; from modelreuse.cli import main; main(['assess', '--help'], standalone_mode=False); "
        "print(*sys.modules, file=sys.stderr)"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert "--trust-code" in done.stdout
    assert heavy.isdisjoint(done.stderr.split())
