"""What trainers say: untrusted, sometimes a lie, always an end that is stated."""

import json
from datetime import timedelta

import pytest

from modelreuse.decisions import ObservedPod, Plan
from unit.decisions import scenes
from unit.decisions.scenes import NOW, OUTPUT, Scene, condition, launched, pod, profile, result, sha, spec


def answered(message: object, **pod_changes: object) -> Plan:
    return launched().answered(launched().training, message, **pod_changes).plan()


def lie(**changes: object) -> Plan:
    return answered(result(launched().digest, **changes))


def failed(plan: Plan) -> str:
    """The reason of a retraining that failed; nothing of what the trainer said was taken over."""
    retraining = plan.status.retraining
    assert retraining is not None
    assert retraining.result == "Failed"
    assert retraining.failure is not None
    assert (retraining.steps, retraining.artifact_uri, retraining.artifact_sha256) == (None, None, None)
    assert plan.create == ()
    assert plan.outcome is not None
    assert plan.outcome.outcome.result == "Failed"
    assert plan.outcome.outcome.steps is None
    found = condition(plan, "Retrained")
    assert (found.status, found.reason) == ("False", retraining.failure.reason)
    assert found.message == retraining.failure.message
    return found.reason


def test_an_honest_answer_is_taken_over_as_reported() -> None:
    retraining = lie(energyWh="12.5", energyBasis="Measured").status.retraining
    assert retraining is not None
    assert retraining.result == "Succeeded"
    assert (retraining.steps, retraining.target_reached) == (400, True)
    assert retraining.artifact_uri == f"{OUTPUT}/new.pt2"
    assert str(retraining.reported_energy_wh) == "12.5"


@pytest.mark.parametrize(
    "message",
    [
        "done",
        "{",
        "null",
        "[1]",
        '"text"',
        "x" * 4097,
        "é" * 3000,
        "[" * 4000,
        '{"digest": ' * 300,
        json.dumps({"digest": sha("1")}),
        "\x00",
        "{'digest': 1}",
    ],
)
def test_what_is_not_the_contract_is_unreadable(message: str) -> None:
    assert failed(answered(message)) == "UnreadableAnswer"


@pytest.mark.parametrize(
    "changes",
    [
        {"steps": "NaN"},
        {"steps": -1},
        {"steps": 1.5},
        {"steps": 10**30},
        {"seconds": "NaN"},
        {"seconds": "-1"},
        {"seconds": 20},
        {"seconds": "1e5"},
        {"energyWh": "Infinity"},
        {"energyWh": "-3"},
        {"energyBasis": "Reported"},
        {"artifactSha256": "sha256:beef"},
        {"artifactUri": "s4://bucket/new.pt2"},
        {"artifactUri": f"{OUTPUT}/../models/current.pt2"},
        {"version": 2},
        {"promoted": True},
        {"targetReached": "perhaps"},
    ],
)
def test_a_field_that_breaks_the_contract_is_unreadable(changes: dict[str, object]) -> None:
    assert failed(lie(**changes)) == "UnreadableAnswer"


def test_not_a_number_in_json_is_unreadable() -> None:
    text = json.dumps(result(launched().digest)).replace("400", "NaN")
    assert failed(answered(text)) == "UnreadableAnswer"


@pytest.mark.parametrize(
    "changes",
    [
        {"digest": sha("9")},
        {"steps": 1001},
        {"artifactUri": "pvc://candidates/digits"},
        {"artifactUri": "pvc://candidates/digits-of-another/new.pt2"},
        {"artifactUri": "pvc://models/current.pt2"},
        {"artifactUri": "file:///candidates/digits/new.pt2"},
    ],
)
def test_an_answer_that_cannot_be_true_is_wrong(changes: dict[str, object]) -> None:
    assert failed(lie(**changes)) == "WrongAnswer"


def test_a_wrong_answer_is_a_sentence_whatever_the_output_is_called() -> None:
    given = spec()
    long = "pvc://candidates/" + "x" * 1000
    given["retraining"] = given["retraining"] | {"output": long}
    scene = scenes.approve(scenes.assessed(spec=given)).then().then().then().then()
    answer = result(scene.digest, artifactUri="pvc://models/current.pt2")
    assert failed(scene.answered(scene.training, answer).plan()) == "WrongAnswer"


def test_all_steps_of_the_budget_are_possible() -> None:
    retraining = lie(steps=1000, targetReached=False).status.retraining
    assert retraining is not None
    assert (retraining.result, retraining.steps, retraining.target_reached) == ("Succeeded", 1000, False)


def test_a_training_that_missed_its_target_says_so() -> None:
    assert "target not reached, as the trainer reports" in condition(lie(targetReached=False), "Retrained").message


def test_a_training_that_reached_its_target_says_so() -> None:
    said = condition(answered(result(launched().digest)), "Retrained")
    assert (said.status, said.message) == ("True", "400 steps; target reached, as the trainer reports")


def test_a_job_that_failed_has_no_result_whatever_its_pod_says() -> None:
    scene = launched()
    plan = scene.failed(scene.training, "DeadlineExceeded", result(scene.digest)).plan()
    assert failed(plan) == "DeadlineExceeded"


@pytest.mark.parametrize("message", [None, ""])
def test_a_job_that_succeeded_silently_is_lost(message: str | None) -> None:
    plan = answered(message)
    assert condition(plan, "Retrained").reason == "ResultLost"
    assert plan.outcome is not None
    assert plan.outcome.outcome.result == "Lost"


def test_a_job_without_pods_is_lost() -> None:
    scene = launched().with_job(launched().training, finished_at=NOW, succeeded=True, pods=())
    assert condition(scene.plan(), "Retrained").reason == "ResultLost"


# --- what it has cost ------------------------------------------------------------------------------------------------


def spent(*pods: ObservedPod, **changes: object) -> tuple[float, float | None, str | None]:
    """Pod seconds, Wh and basis."""
    scene: Scene = launched().but(**changes)
    message = json.dumps(result(scene.digest))
    pods = pods or (pod(message),)
    retraining = scene.with_job(scene.training, finished_at=NOW, succeeded=True, pods=pods).plan().status.retraining
    assert retraining is not None
    energy = retraining.energy_wh
    return float(retraining.pod_seconds or 0), None if energy is None else float(energy), retraining.energy_basis


def test_energy_is_pod_time_by_power_by_pue() -> None:
    # One minute on one core of 10 W at a PUE of 1.4.
    assert spent() == (60, pytest.approx(60 / 3600 * 10 * 1.4, rel=1e-5), "Estimated")


def test_every_core_counts() -> None:
    assert spent(pod("{}", cpu_cores=2.5))[1] == pytest.approx(60 / 3600 * 25 * 1.4, rel=1e-5)


def test_a_pod_that_still_runs_counts_until_the_job_ended() -> None:
    assert spent(pod("{}", finished_at=None, started_at=NOW - timedelta(seconds=90)))[0] == 90


def test_a_pod_that_never_started_counts_nothing() -> None:
    assert spent(pod("{}", started_at=None))[:2] == (0, None)


def test_clocks_that_disagree_cost_nothing_negative() -> None:
    assert spent(pod("{}", started_at=NOW + timedelta(seconds=5)))[:2] == (0, 0)


def test_every_pod_counts() -> None:
    assert spent(pod("{}"), pod(None, name="evicted"))[0] == 120


def test_a_pod_on_unlisted_hardware_makes_the_energy_unknown_and_not_smaller() -> None:
    cpus = [{"name": "x", "powerWatts": "1", "source": "x", "nodeSelector": {"matchLabels": {"a": "b"}}}]
    known = {"node-1": {"a": "b"}}
    changes = {"profiles": (profile(cpus=cpus),), "node_labels": known}
    assert spent(pod("{}"), **changes)[1] is not None
    assert spent(pod("{}"), pod(None, node="node-2"), **changes) == (120, None, None)


def test_without_a_policy_the_time_is_known_and_the_energy_is_not() -> None:
    assert spent(policies=()) == (60, None, None)


def test_the_trainers_own_energy_is_kept_apart() -> None:
    retraining = lie(energyWh="0.001", energyBasis="Measured").status.retraining
    assert retraining is not None
    assert float(retraining.energy_wh or 0) == pytest.approx(60 / 3600 * 10 * 1.4, rel=1e-5)
