"""The operator as a process: the whole flow, and what it survives."""

import re

import pytest

from cluster.controller.operator_process import WORKER_IMAGE, OperatorProcess
from cluster.controller.team import OURS, Team
from cluster.person import Object, RefusedError
from cluster.waiting import until
from unit.decisions import scenes


def _names(jobs: list[Object]) -> list[str]:
    return [job["metadata"]["name"] for job in jobs]


@pytest.mark.usefixtures("shared_operator")
class TestWithoutAPolicy:
    """What every check gets."""

    def test_a_check_gets_its_assessment_job(self, shared_team: Team) -> None:
        check = shared_team.check()
        job = shared_team.job(check, "assessment")
        (owner,) = job["metadata"]["ownerReferences"]
        assert (owner["kind"], owner["uid"], owner["controller"]) == ("ModelReuseCheck", check["metadata"]["uid"], True)
        assert job["spec"]["template"]["spec"]["containers"][0]["image"] == WORKER_IMAGE
        reference = {"name": job["metadata"]["name"], "uid": job["metadata"]["uid"]}

        def named() -> bool:
            return [each["job"] for each in shared_team.now(check)["status"]["assessments"]] == [reference]

        until(named, "status names the Job by its UID")
        shared_team.until(check, "Ready", "False", "Assessing")

    def test_the_answer_is_assessed_and_told(self, shared_team: Team) -> None:
        check = shared_team.check()
        shared_team.assess(check)
        shared_team.until(check, "Approved", "False", "NoPolicy")
        events = shared_team.obj("Event", version="events.k8s.io/v1")

        def told() -> bool:
            return any(
                event["reason"] == "Assessed" and event["regarding"]["uid"] == check["metadata"]["uid"]
                for event in shared_team["admin"].list(events)
            )

        until(told, "an event says that the check was assessed")

    def test_no_trace_is_left_on_what_is_watched(self, shared_team: Team) -> None:
        check = shared_team.check()
        shared_team.assess(check)
        metadata = shared_team.now(check)["metadata"]
        assert "finalizers" not in metadata
        assert all(name.startswith("modelreuse.io/") for name in metadata["annotations"])
        assert metadata["generation"] == 1

    def test_an_edited_spec_is_assessed_anew(self, shared_team: Team) -> None:
        check = shared_team.check()
        shared_team.assess(check)
        nonce, (old,) = shared_team.now(check)["status"]["nonce"], _names(shared_team.jobs(check))
        shared_team["bob"].patch(check, {"spec": {"data": {"new": {"uri": "pvc://data/line8.npz"}}}})
        until(lambda: shared_team.now(check)["status"]["nonce"] != nonce, "the nonce is a new one")
        until(lambda: _names(shared_team.jobs(check)) != [], "there is another assessment Job")
        until(lambda: old not in _names(shared_team.jobs(check)), "the old one is gone")

    def test_a_check_of_another_namespace_is_left_alone(self, shared_team: Team) -> None:
        elsewhere = {"namespace": "default", "name": shared_team.namespace}
        other = {"apiVersion": OURS, "kind": "ModelReuseCheck", "metadata": elsewhere, "spec": scenes.spec()}
        other = shared_team["admin"].create(other)
        shared_team.until(shared_team.check(), "Ready", "False", "Assessing")
        assert "status" not in shared_team["admin"].get(other)

    def test_probes_and_metrics_say_that_it_works(self, shared_team: Team, shared_operator: OperatorProcess) -> None:
        shared_team.until(shared_team.check(), "Ready", "False", "Assessing")
        assert shared_operator.answers("/healthz")
        metrics = shared_operator.metrics()
        assert re.search(r'^modelreuse_checks{recommendation=""} [1-9]', metrics, re.MULTILINE)
        assert 'modelreuse_reconciliations_total{result="error"} 0.0' in metrics
        assert 'modelreuse_last_event_timestamp_seconds{resource="modelreusechecks"}' in metrics


def test_the_whole_flow(team: Team, running: OperatorProcess) -> None:
    team.govern()
    check = team.check()
    team.assess(check)
    recommended = team.until(check, "RetrainingRecommended", "True", "FineTune")
    assert "quality fell by 0.3" in recommended["message"]
    awaiting = team.until(check, "Approved", "False", "AwaitingApproval")
    digest = team.digest(check)
    assert f"modelreuse.io/approve={digest}" in awaiting["message"]
    assert team.roles(check) == ["assessment"]

    team["alice"].annotate(check, approve=digest)
    training = team.job(check, "retraining")
    (record,) = team["bob"].list(team.obj("RetrainingRecord"))
    assert record["spec"]["approval"]["approvedBy"] == "alice"
    assert record["spec"]["approval"]["requestedBy"] == "bob"
    assert "outcome" not in record

    team.answer(training, lambda plan: scenes.result(plan["digest"]))
    team.answer(team.job(check, "verification"), lambda task: scenes.verified(task["task"]))
    allowed = team.until(check, "PromotionAllowed", "True", "Verified")
    assert f"{scenes.OUTPUT}/new.pt2 {scenes.sha('5')}" in allowed["message"]
    team.until(check, "Ready", "True", "Completed")

    def outcome() -> Object | None:
        return team["bob"].get(team.obj("RetrainingRecord", record["metadata"]["name"])).get("outcome")

    recorded = until(outcome, "the record has its outcome")
    assert (recorded["result"], recorded["steps"], recorded["newQuality"]) == ("Succeeded", 400, "0.93")
    assert team.roles(check) == ["assessment", "retraining", "verification"]


def test_a_check_that_is_deleted_while_it_is_retrained_leaves_a_record_that_says_so(
    team: Team, running: OperatorProcess
) -> None:
    team.govern()
    check = team.check()
    team.assess(check)
    team["alice"].annotate(check, approve=team.digest(check))
    team.job(check, "retraining")
    (record,) = team["bob"].list(team.obj("RetrainingRecord"))
    team["bob"].delete(check)
    reference = team.obj("RetrainingRecord", record["metadata"]["name"])
    until(lambda: team["bob"].get(reference).get("outcome", {}).get("result") == "Lost", "the record says Lost")


def test_a_rejection_consumes_the_digest(team: Team, running: OperatorProcess) -> None:
    team.govern()
    check = team.check()
    team.assess(check)
    digest = team.digest(check)
    team["alice"].annotate(check, reject=digest)
    said = team.until(check, "Approved", "False", "Rejected")
    assert said["message"].startswith("rejected by alice, ")
    team["alice"].annotate(check, reject=None)
    with pytest.raises(RefusedError, match="that is final for this assessment"):
        team["alice"].annotate(check, approve=digest)
    team["bob"].annotate(check, assess="after-it")
    until(lambda: team.now(check)["status"].get("history"), "the rejected assessment is a row of history")
    (row,) = team.now(check)["status"]["history"]
    assert "steps (Assumed); rejected by alice, " in row["message"]
    assert "retraining" not in team.now(check)["status"]
    assert team["bob"].list(team.obj("RetrainingRecord")) == []


def test_policies_count_from_when_they_arrive_until_they_go(team: Team, running: OperatorProcess) -> None:
    check = team.check()
    team.assess(check)
    team.until(check, "Approved", "False", "NoPolicy")
    team.govern()
    team.until(check, "Approved", "False", "AwaitingApproval")
    team.digest(check)
    team["admin"].delete({"apiVersion": OURS, "kind": "RetrainPolicy", "metadata": {"name": team.namespace}})
    team.until(check, "Approved", "False", "NoPolicy")
    assert "approval" not in team.now(check)["status"]


def test_a_killed_operator_goes_on_where_it_was_and_a_terminated_one_ends_well(
    team: Team, operator: OperatorProcess
) -> None:
    operator.start()
    check = team.check()
    job = team.job(check, "assessment")
    operator.kill()
    team.answer(job, lambda task: scenes.summary(task["task"]))
    team.govern()
    operator.start()
    team.until(check, "Approved", "False", "AwaitingApproval")
    assert team.roles(check) == ["assessment"]

    assert operator.terminate() == 0
    log = operator.log.read_text()
    assert "Traceback" not in log
    assert log.rstrip().endswith("-: ended")
