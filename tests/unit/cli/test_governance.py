"""`modelreuse audit` and `modelreuse promote-check` on files: what they print, and how they end."""

import json
from pathlib import Path
from typing import Any

import click.testing
import pytest
import yaml

from modelreuse.cli import main
from unit.decisions import scenes
from unit.decisions.scenes import OUTPUT, Json, sha

URI = f"{OUTPUT}/new.pt2"


def served(obj: Any) -> Json:
    found: Json = json.loads(json.dumps(obj.to_wire()))
    return found


def check() -> Json:
    return served(scenes.completed().check)


def record() -> Json:
    return served(scenes.completed().records[0])


def run(path: Path, *arguments: str, objects: list[Json] | None = None) -> click.testing.Result:
    """Runs a command with -f on these objects, as `kubectl get -o yaml` prints several."""
    wanted = [check(), record()] if objects is None else objects
    path = path / "saved.yaml"
    path.write_text(yaml.safe_dump({"apiVersion": "v1", "kind": "List", "items": wanted}))
    return click.testing.CliRunner().invoke(main, [*arguments, "-f", str(path)])


def test_the_chain_is_told_and_all_agrees(tmp_path: Path) -> None:
    done = run(tmp_path, "audit")
    assert done.exit_code == 0, done.output
    for words in (
        "asked       erika",
        "last edit   erika",
        "approved    petra (leads), 2026-05-04T12:00:00Z",
        "predicted   FineTune current: ",
        "400 steps, target reached (Reported)",
        "quality 0.65 before, 0.93 after (Measured)",
        f"digest      {scenes.completed().digest} agrees",
        "- contents  sha256:",
    ):
        assert words in done.stdout


def test_json_says_the_same(tmp_path: Path) -> None:
    document = json.loads(run(tmp_path, "audit", "-o", "json").stdout)
    (only,) = document["records"]
    assert only["spec"]["approval"]["approvedBy"] == "petra"
    assert only["outcome"]["newQuality"] == "0.93"
    assert all(each["agrees"] for each in only["hashes"])
    assert (only["disagreements"], document["contradictions"]) == ([], [])


def test_the_first_disagreement_is_named_in_one_line(tmp_path: Path) -> None:
    altered = record()
    altered["spec"]["approval"]["preimage"] = altered["spec"]["approval"]["preimage"].replace("current", "curren7")
    done = run(tmp_path, "audit", objects=[altered])
    assert done.exit_code == 1
    assert done.stderr.startswith(f"RetrainingRecord {altered['metadata']['name']}: spec.approval.digest: sha256:")
    assert done.stderr.count("\n") == 1
    assert "DISAGREES" in done.stdout


def test_a_check_without_its_record_disagrees(tmp_path: Path) -> None:
    done = run(tmp_path, "audit", objects=[check()])
    assert done.exit_code == 1
    assert "ModelReuseCheck digits: status.retraining.record: RetrainingRecord mrc-" in done.stderr


def test_where_nothing_was_launched_there_is_nothing_to_audit(tmp_path: Path) -> None:
    done = run(tmp_path, "audit", objects=[served(scenes.offered().check)])
    assert (done.exit_code, done.stderr.startswith("nothing to audit")) == (2, True)


@pytest.mark.parametrize(
    ("objects", "said"),
    [([], "holds no ModelReuseCheck and no RetrainingRecord"), ([{"kind": "RetrainingRecord"}], "holds no ")],
)
def test_a_file_without_our_objects_is_no_answer(tmp_path: Path, objects: list[Json], said: str) -> None:
    for command in (["audit"], ["promote-check", URI]):
        done = run(tmp_path, *command, objects=objects)
        assert done.exit_code == 2
        assert said in done.stderr


def test_an_unreadable_record_is_told_by_its_field(tmp_path: Path) -> None:
    done = run(tmp_path, "audit", objects=[record() | {"spec": {}}])
    assert done.exit_code == 2
    assert "spec.source: is required" in done.stderr


@pytest.mark.parametrize(
    "arguments", [["audit"], ["audit", ""], ["audit", "a/b/c"], ["audit", "digits", "-f", "x.yaml"]]
)
def test_an_audit_must_say_of_what(arguments: list[str]) -> None:
    assert click.testing.CliRunner().invoke(main, arguments).exit_code == 2


def test_a_file_knows_no_namespace(tmp_path: Path) -> None:
    done = run(tmp_path, "audit", "-n", "line7")
    assert (done.exit_code, "a file is read as it is" in done.stderr) == (2, True)


@pytest.mark.parametrize("options", [[], ["--sha256", sha("5")], ["--sha256", "5" * 64]])
def test_a_verified_artefact_may_be_promoted(tmp_path: Path, options: list[str]) -> None:
    done = run(tmp_path, "promote-check", URI, *options)
    assert done.exit_code == 0, done.stderr
    assert done.stdout.startswith(f"{URI} {sha('5')}: allowed by line7/digits: accuracy 0.65 before")


@pytest.mark.parametrize("arguments", [[URI, "--sha256", sha("6")], [f"{URI}x"]])
def test_any_other_may_not(tmp_path: Path, arguments: list[str]) -> None:
    done = run(tmp_path, "promote-check", *arguments)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("not allowed: UnknownArtefact: ")


def test_a_hash_that_is_none_is_no_question(tmp_path: Path) -> None:
    done = run(tmp_path, "promote-check", URI, "--sha256", "SHA256:5")
    assert (done.exit_code, done.stderr.startswith("--sha256 SHA256:5: give 64 hexadecimal digits")) == (2, True)


def test_a_check_that_is_about_something_else_need_not_be_readable(tmp_path: Path) -> None:
    other = {**check(), "spec": {"from": "the future"}}
    other["status"] = {"retraining": {"artifactUri": "pvc://else/where.pt2"}}
    assert run(tmp_path, "promote-check", URI, objects=[other, check()]).exit_code == 0
    assert run(tmp_path, "promote-check", "pvc://else/where.pt2", objects=[other]).exit_code == 2


def test_without_a_cluster_there_is_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    for arguments in (["audit", "digits"], ["audit", "record/mrc-1"], ["promote-check", URI]):
        done = click.testing.CliRunner().invoke(main, arguments)
        assert (done.exit_code, "Traceback" in done.output) == (2, False)
        assert done.stderr.startswith("the API server can't be asked: ")


def test_a_pilot_is_told_apart(tmp_path: Path) -> None:
    scene = scenes.pilot_ended()
    done = run(tmp_path, "audit", objects=[served(scene.check), served(scene.records[0])])
    assert done.exit_code == 0, done.output
    for words in (
        "what        a pilot of 25 steps: FineTune current, at most 1000 steps to reach 0.855",
        "predicted   FineTune current: 25 [25..25] steps (Measured)",
        "25 steps, target not reached (Reported), the quality 0.72 after 10, 0.8 after 25 (Reported)",
        "- pilot     sha256:",
    ):
        assert words in done.stdout


def test_what_a_pilot_has_made_may_never_be_promoted(tmp_path: Path) -> None:
    for scene in (scenes.pilot_answered().then(), scenes.pilot_ended()):
        done = run(tmp_path, "promote-check", f"{OUTPUT}/pilot.pt2", objects=[served(scene.check)])
        assert (done.exit_code, done.stdout) == (1, "")
