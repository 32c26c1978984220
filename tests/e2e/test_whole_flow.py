"""From `kubectl apply` to the artefact that may be promoted, typed as three people type it."""

import hashlib
import json
import shlex
import subprocess
from dataclasses import dataclass
from typing import Any

import pytest
import rfc8785

from demo.figures import condition
from e2e.team import Seen, Team
from e2e.town import RESULTS, Town

NAMESPACE = "flow"


@dataclass(frozen=True)
class Flow:
    """What the people saw, and how it ended."""

    asked: str
    """The sentence that asks for approval."""
    digest: str
    refusals: dict[str, str]
    approval: str
    waited: str
    seen: Seen
    team: Team


def flow(town: Town) -> Flow:
    team = Team.gather(town, NAMESPACE, labels={"environment": "production"})
    file = RESULTS / "check.json"
    file.write_text(json.dumps(team.example()))
    applied = town.kubectl("ada", "apply", "-f", str(file))
    assert applied.returncode == 0, applied.stderr
    check = team.offered()
    asked = condition(check, "Approved")["message"]
    command = shlex.split(asked.partition("approve: ")[2])[1:]
    refusals = {}
    for person in ("mallory", "ada"):
        refused = town.kubectl(person, *command)
        assert refused.returncode != 0, f"{person} could approve"
        refusals[person] = refused.stderr
    approval = done(town.kubectl("grace", *command))
    wait = ("wait", "--for=condition=PromotionAllowed", "--timeout=240s", "-n", NAMESPACE, "mrc/digits")
    waited = done(town.kubectl("ada", *wait))
    digest = check["status"]["approval"]["digest"]
    return Flow(asked, digest, refusals, approval, waited, team.ended(), team)


def done(result: "subprocess.CompletedProcess[str]") -> str:
    assert result.returncode == 0, result.stderr
    return result.stdout


pytestmark = pytest.mark.story.with_args(flow)


def test_whoever_may_not_approve_is_refused_by_the_api_server(end: Flow):
    assert "forbidden" in end.refusals["mallory"].lower()
    assert "mallory" in end.refusals["mallory"]


def test_the_requester_is_refused_although_she_may_approve_others_requests(end: Flow):
    assert "forbidden" in end.refusals["ada"].lower()
    assert 'its requester ("ada")' in end.refusals["ada"]


def test_the_printed_command_approves(end: Flow):
    assert end.digest in end.asked
    assert "annotated" in end.approval
    assert end.seen.check["metadata"]["annotations"]["modelreuse.io/approved-by"] == "grace"
    assert end.seen.condition("Approved") == ("True", "Approved")


def test_exactly_one_retraining_job_is_ever_created(end: Flow):
    created = end.team.town.created_jobs(NAMESPACE, "retraining")

    assert created == [end.seen.check["status"]["retraining"]["job"]["name"]]


def test_kubectl_can_wait_for_the_promotion(end: Flow):
    assert "condition met" in end.waited


def test_the_promotion_names_the_very_file_that_was_trained(end: Flow):
    (file,) = (end.team.folder / "candidates").iterdir()
    content = f"sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}"

    assert end.seen.condition("PromotionAllowed") == ("True", "Verified")
    assert end.seen.message("PromotionAllowed").endswith(f"pvc://candidates/{file.name} {content}")


def test_our_own_worker_measured_the_improvement(end: Flow):
    verification = end.seen.check["status"]["verification"]
    answer = end.seen.answer("verification")

    assert float(verification["newQuality"]) > float(verification["oldQuality"])
    assert [answer[key] for key in ("oldQuality", "newQuality")] == [
        verification[key] for key in ("oldQuality", "newQuality")
    ]


def test_the_record_tells_what_came_of_it(end: Flow):
    (record,) = end.seen.records
    status = end.seen.check["status"]

    assert record["outcome"]["result"] == "Succeeded"
    assert record["outcome"]["steps"] == status["retraining"]["steps"]
    assert record["outcome"]["newQuality"] == status["verification"]["newQuality"]


def test_the_records_preimage_hashes_to_the_digest_that_was_approved(end: Flow):
    approval: dict[str, Any] = end.seen.records[0]["spec"]["approval"]
    parts = json.loads(approval["preimage"])

    assert approval["approvedBy"] == "grace"
    assert approval["digest"] == end.digest
    assert f"sha256:{hashlib.sha256(approval['preimage'].encode()).hexdigest()}" == end.digest
    assert rfc8785.dumps(parts).decode() == approval["preimage"]
    assert parts["check"] == end.seen.check["metadata"]["uid"]


def test_the_check_is_ready_at_the_end(end: Flow):
    assert end.seen.condition("Ready") == ("True", "Completed")
