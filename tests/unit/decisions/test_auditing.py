"""The audit of a record: whatever is altered in it is found, and named by its field."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import rfc8785

from modelreuse.api import ModelReuseCheck, RetrainingRecord
from modelreuse.decisions import audit, contradictions
from modelreuse.decisions.digest import preimage
from modelreuse.manifests import record_name
from unit.decisions import scenes
from unit.decisions.scenes import Json, sha

Change = Callable[[Json], None]


def recorded() -> Json:
    """The record of a retraining that has ended, as the API server has it."""
    return json.loads(json.dumps(scenes.completed().records[0].to_wire()))


def found_in(record: Json) -> tuple[str, ...]:
    return audit(RetrainingRecord.parse(record)).disagreements


def setting(path: str, value: Any) -> Change:
    *parents, last = path.split("/")

    def change(record: Json) -> None:
        for part in parents:
            record = record[int(part) if part.isdigit() else part]
        record[last] = value

    return change


def other_preimage(**parts: Any) -> Change:
    """Another preimage, whose digest, components and name are made to fit: only the other fields can tell."""

    def change(record: Json) -> None:
        approval = record["spec"]["approval"]
        again = preimage(json.loads(approval["preimage"]) | parts)
        approval |= {"preimage": again.canonical, "digest": again.digest}
        approval["components"] = [each.to_wire() for each in again.components]
        record["metadata"]["name"] = record_name(again.digest)

    return change


def test_a_record_of_the_operator_agrees_with_itself() -> None:
    done = audit(RetrainingRecord.parse(recorded()))
    assert done.disagreements == ()
    assert done.hashes[0].name == "digest"
    assert {each.name for each in done.hashes[1:]} >= {"spec", "job", "contents", "policies", "prediction"}
    assert all(each.agrees for each in done.hashes)


def test_who_was_the_last_to_edit_is_recorded() -> None:
    scene = scenes.approve(scenes.offered().annotated(spec_changed_by="otto")).then().then()
    approval = scene.records[0].spec.approval
    assert approval is not None
    assert (approval.requested_by, approval.edited_by, approval.approved_by) == ("erika", "otto", "petra")


@pytest.mark.parametrize(
    ("change", "first"),
    [
        (setting("spec/approval/digest", sha("9")), "spec.approval.digest: sha256:999"),
        (setting("spec/approval/preimage", "{}"), "spec.approval.digest: sha256:"),
        (setting("spec/approval/components/0/sha256", sha("9")), "spec.approval.components[check]: sha256:999"),
        (setting("spec/approval/components/0/name", "czeck"), "spec.approval.components[check]: is missing"),
        (setting("spec/approval/components", []), "spec.approval.components[check]: is missing"),
        (setting("metadata/name", "mrc-another"), "metadata.name: mrc-another: a record of this digest is called mrc-"),
        (setting("spec/approval/approvedBy", "Erika "), "spec.approval.approvedBy: "),
        (setting("spec/approval/approvedBy", "system:serviceaccount:ci:ci"), "spec.approval.approvedBy: "),
        (setting("spec/approval/editedBy", "PETRA"), "spec.approval.approvedBy: "),
        (setting("spec/check/uid", "another"), "spec.check.uid: another: approved was 6d9f3a7e"),
        (setting("spec/action", "Retrain"), "spec.action: Retrain: approved was FineTune"),
        (setting("spec/model", "other"), "spec.model: other: approved was current"),
        (setting("spec/maxSteps", 2000), "spec.maxSteps: 2000: approved was 1000"),
        (setting("spec/recipe", "other"), "spec.recipe: other: approved was default"),
        (setting("spec/hashes/model", sha("9")), "spec.hashes: "),
        (setting("spec/predicted/steps/high", "5"), "spec.predicted: "),
        (other_preimage(check="another"), "spec.check.uid: "),
        (other_preimage(contents={}), "spec.hashes: "),
        (other_preimage(prediction={"costs": 7}), "spec.predicted: "),
        (other_preimage(recommendation="none"), "spec.action: FineTune: approved was nothing"),
        (other_preimage(spec=[]), "spec.maxSteps: 1000: approved was nothing"),
    ],
)
def test_whatever_is_altered_is_named(change: Change, first: str) -> None:
    record = recorded()
    change(record)
    disagreements = found_in(record)
    assert disagreements[0].startswith(first), disagreements


@pytest.mark.parametrize("text", ["", "[]", "null", "{", "[" * 100_000])
def test_a_preimage_that_is_no_object_is_told(text: str) -> None:
    record = recorded()
    record["spec"]["approval"]["preimage"] = text
    assert found_in(record)[1] == "spec.approval.preimage: is not a JSON object"


def test_a_preimage_that_says_two_things_at_once_is_told() -> None:
    record = recorded()
    approval = record["spec"]["approval"]
    twice = '{"check":"another",' + approval["preimage"][1:]
    approval["preimage"] = twice
    assert any("canonical form" in each for each in found_in(record))


def test_a_part_that_no_component_stands_for_is_told() -> None:
    record = recorded()
    approval = record["spec"]["approval"]
    approval["preimage"] = rfc8785.dumps(json.loads(approval["preimage"]) | {"more": 1}).decode()
    assert "spec.approval.components[more]: is missing" in found_in(record)[1]


def test_a_recipe_of_its_own_is_what_was_approved() -> None:
    scene = scenes.assessed(spec=scenes.spec(retraining=scenes.spec()["retraining"] | {"recipe": "frozen"}))
    (record,) = scenes.approve(scene).then().then().records
    assert record.spec.recipe == "frozen"
    assert audit(record).disagreements == ()


def test_a_component_that_stands_for_no_part_is_told() -> None:
    record = recorded()
    record["spec"]["approval"]["components"].append({"name": "more", "sha256": sha("9")})
    assert found_in(record) == (f"spec.approval.components[more]: {sha('9')}: the preimage has no such part",)


def test_the_prediction_is_that_of_the_action_wherever_it_stands_among_others() -> None:
    record = recorded()
    prediction = json.loads(record["spec"]["approval"]["preimage"])["prediction"]
    assert len(prediction["costs"]) > 1
    other_preimage(prediction=prediction | {"costs": prediction["costs"][::-1]})(record)
    assert found_in(record) == ()


def test_an_import_was_approved_by_nobody() -> None:
    record = recorded()
    del record["spec"]["approval"]
    record["spec"]["source"] = "Imported"
    assert found_in(record) == ("spec.approval: is missing: a record of source Imported was approved by nobody",)


def test_a_record_from_before_editors_were_recorded_agrees() -> None:
    record = recorded()
    del record["spec"]["approval"]["editedBy"]
    assert found_in(record) == ()


def against(change: Change = lambda _: None, records: bool = True) -> list[str]:
    """What contradicts the records in the status of a check whose retraining has ended."""
    scene = scenes.completed()
    served = json.loads(json.dumps(scene.check.to_wire()))
    change(served)
    return list(contradictions(ModelReuseCheck.parse(served), scene.records if records else ()))


def test_a_check_agrees_with_its_record() -> None:
    assert against() == []
    assert list(contradictions(scenes.offered().check, ())) == []
    assert list(contradictions(scenes.intended().check, ())) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (setting("status/retraining/record", "mrc-other"), "status.retraining.record: mrc-other: the record of its"),
        (setting("status/approval/digest", sha("9")), "status.approval.digest: sha256:999"),
        (setting("status/approval/by", "otto"), "status.approval.by: otto: recorded is petra"),
        (setting("status/retraining/result", "Failed"), "status.retraining.result: Failed: recorded is Succeeded"),
    ],
)
def test_a_status_that_says_something_else_is_told(change: Change, said: str) -> None:
    assert against(change)[0].startswith(said)


def test_another_requester_than_recorded_is_told() -> None:
    def change(check: Json) -> None:
        check["metadata"]["annotations"]["modelreuse.io/requested-by"] = "otto"

    assert against(change) == ["metadata.annotations[modelreuse.io/requested-by]: otto: recorded is erika"]


def test_a_status_that_forgot_its_approval_is_told() -> None:
    def change(check: Json) -> None:
        del check["status"]["approval"]

    assert against(change)[0].startswith("status.approval.digest: nothing: recorded is sha256:")


def test_imports_say_nothing_about_a_check() -> None:
    imported = recorded()
    del imported["spec"]["approval"]
    imported["spec"]["source"] = "Imported"
    both = (RetrainingRecord.parse(imported), *scenes.completed().records)
    assert list(contradictions(scenes.completed().check, both)) == []


def test_a_past_retraining_with_its_record_is_as_it_should_be() -> None:
    row = {"assessedAt": "2026-05-01T00:00:00Z", "action": "FineTune", "outcome": "Succeeded"}
    assert against(setting("status/history", [row | {"digest": scenes.completed().digest}])) == []


def test_a_launch_without_a_record_is_told() -> None:
    assert "is not there" in against(records=False)[0]


@pytest.mark.parametrize(("outcome", "missed"), [("Succeeded", True), ("Lost", True), ("Failed", False)])
def test_a_past_retraining_without_a_record_is_told(outcome: str, missed: bool) -> None:
    row = {"assessedAt": "2026-05-01T00:00:00Z", "action": "FineTune", "digest": sha("8"), "outcome": outcome}
    said = against(setting("status/history", [row]))
    assert said == ([f"status.history[0].digest: {sha('8')}: {outcome}, and no record of this check says so"] * missed)
