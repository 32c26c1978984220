"""The retraining Job: the requester's template, bounded, answerable, run once."""

import json
from typing import Any

import pytest

from modelreuse.api import TrainingPlan, parse_message
from modelreuse.manifests import InvalidTemplateError, JobTemplate, training_plan
from unit.manifests.checks import (
    DIGEST,
    Json,
    check,
    container,
    cost,
    environment,
    inputs,
    pod,
    retraining_job,
    trainer_template,
)


def built(
    template: Json | None = None,
    hours: float = 2.0,
    path: str = "spec.retraining.jobTemplate",
    reading: float = 3.0,
    **changes: Any,
) -> Json:
    one = check()
    plan = training_plan(one, cost(), **({"layers": ["fc2"], "target": 0.855, "digest": DIGEST} | changes))
    given = JobTemplate(path, trainer_template() if template is None else template)
    return retraining_job(one, given, plan, inputs(reading), hours_high=hours)


def told(job: Json) -> TrainingPlan:
    return parse_message(TrainingPlan, environment(job, "trainer")["MODELREUSE_PLAN"])


def test_the_trainer_is_told_what_was_approved() -> None:
    plan = told(built())
    assert (plan.action, plan.layers, plan.digest) == ("FineTune", ["fc2"], DIGEST)
    assert plan.output == "pvc://candidates/digits"
    assert float(plan.target) == 0.855
    assert plan.model.factory == "net:build"


def test_the_trainer_gets_the_steps_that_were_predicted_at_most() -> None:
    assert told(built()).max_steps == 401
    one = check()
    many = cost(steps={"low": "1", "high": "9999", "basis": "Assumed"})
    assert training_plan(one, many, layers=[], target=0.5, digest=DIGEST).max_steps == 1500


@pytest.mark.parametrize(("target", "written"), [(1.5, 1), (-1.0, 0), (1 / 3, 0.333333)])
def test_the_target_is_a_fraction(target: float, written: float) -> None:
    assert float(told(built(target=target)).target) == written


def test_the_time_is_the_approved_upper_end_and_the_start() -> None:
    assert built(hours=2.0)["spec"]["activeDeadlineSeconds"] == 7200 + 600
    assert built(hours=0.0001)["spec"]["activeDeadlineSeconds"] == 601


@pytest.mark.parametrize(("reading", "granted"), [(0.0, 600), (150.0, 600), (150.5, 601), (3600.0, 7500)])
def test_who_needs_long_to_read_is_granted_it_twice(reading: float, granted: int) -> None:
    assert built(reading=reading)["spec"]["activeDeadlineSeconds"] == 7200 + granted


@pytest.mark.parametrize(("theirs", "ours"), [(10**6, 7800), (7801, 7800), (7800, 7800), (60, 60)])
def test_a_template_can_shorten_it_but_not_prolong_it(theirs: int, ours: int) -> None:
    assert built(trainer_template(activeDeadlineSeconds=theirs), hours=2.0)["spec"]["activeDeadlineSeconds"] == ours


def test_a_template_cannot_repeat_it() -> None:
    spec = built(trainer_template(backoffLimit=6, completions=1, parallelism=1, completionMode="NonIndexed"))["spec"]
    assert (spec["backoffLimit"], spec["completions"], spec["parallelism"]) == (0, 1, 1)


def test_a_template_cannot_change_how_it_answers() -> None:
    template = trainer_template()
    template["spec"]["template"]["spec"]["restartPolicy"] = "OnFailure"
    template["spec"]["template"]["spec"]["containers"][0] |= {
        "terminationMessagePath": "/x",
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "env": [{"name": "MINE", "value": "1"}],
    }
    job = built(template)
    trainer = container(job, "trainer")
    assert pod(job)["restartPolicy"] == "Never"
    assert (trainer["terminationMessagePath"], trainer["terminationMessagePolicy"]) == ("/dev/termination-log", "File")
    assert told(job).digest == DIGEST
    assert environment(job, "trainer")["MINE"] == "1"
    assert environment(job, "trainer")["MODELREUSE_PVC_ROOT"] == "/mnt/modelreuse/pvc"


def test_labels_of_the_job_are_those_that_a_queue_looks_for() -> None:
    job = built({"metadata": {"labels": {"kueue.x-k8s.io/queue-name": "gpus"}}} | trainer_template())
    assert job["metadata"]["labels"] == {
        "kueue.x-k8s.io/queue-name": "gpus",
        "modelreuse.io/check": "digits",
        "modelreuse.io/role": "retraining",
    }
    assert job["metadata"]["annotations"] == {"modelreuse.io/task": DIGEST}


def test_everything_else_of_the_template_stays() -> None:
    template = trainer_template(suspend=True)
    template["spec"]["template"]["metadata"] = {"labels": {"team": "vision"}}
    template["spec"]["template"]["spec"]["volumes"] = [{"name": "x", "emptyDir": {}}]
    job = built(template)
    assert job["spec"]["suspend"] is True
    assert container(job, "trainer")["command"] == ["python", "train.py"]
    assert pod(job)["volumes"][0] == {"name": "x", "emptyDir": {}}
    assert job["spec"]["template"]["metadata"]["labels"] == {
        "team": "vision",
        "modelreuse.io/check": "digits",
        "modelreuse.io/role": "retraining",
    }


def test_the_plan_is_not_rewritten_by_what_kubernetes_expands() -> None:
    job = built(layers=["$(MINE)"])
    assert "$" not in environment(job, "trainer")["MODELREUSE_PLAN"]
    assert told(job).layers == ["$(MINE)"]


def test_there_is_no_token_unless_the_template_asks() -> None:
    assert pod(built())["automountServiceAccountToken"] is False
    asking = trainer_template()
    asking["spec"]["template"]["spec"]["automountServiceAccountToken"] = True
    assert pod(built(asking))["automountServiceAccountToken"] is True


def test_the_job_is_bound_to_the_digest() -> None:
    assert built()["metadata"]["annotations"] == {"modelreuse.io/task": DIGEST}
    assert built()["metadata"]["name"] != built(digest="sha256:" + "e" * 64)["metadata"]["name"]


def test_a_template_that_cannot_be_run_is_refused_by_its_path_in_the_check() -> None:
    with pytest.raises(InvalidTemplateError, match=r"^spec\.retraining\.jobTemplate\.spec\.managedBy: is not accepted"):
        built(trainer_template(managedBy="example.com/me"))


def test_a_template_of_a_cron_job_is_named_as_such() -> None:
    with pytest.raises(InvalidTemplateError, match=r"^CronJob n: spec\.jobTemplate\.spec\.managedBy: is not accepted"):
        built(trainer_template(managedBy="example.com/me"), path="CronJob n: spec.jobTemplate")


def test_a_model_that_is_not_listed_is_refused() -> None:
    with pytest.raises(InvalidTemplateError, match=r"spec\.models: no longer lists gone"):
        training_plan(check(), cost(model="gone"), layers=[], target=0.5, digest=DIGEST)


def test_without_a_retraining_there_is_no_plan() -> None:
    with pytest.raises(InvalidTemplateError, match=r"spec\.retraining: is missing"):
        training_plan(check(retraining=None), cost(), layers=[], target=0.5, digest=DIGEST)


def test_a_pilot_is_told_when_to_stop_and_when_to_look() -> None:
    plan = told(built(pilot_steps=12))
    assert (plan.max_steps, plan.pilot_steps, plan.evaluate_at) == (401, 12, [10])
    assert told(built(pilot_steps=25)).evaluate_at == [10, 25]


def test_who_is_no_pilot_is_told_nothing_of_pilots() -> None:
    said = json.loads(environment(built(), "trainer")["MODELREUSE_PLAN"])
    assert list(said) == [
        *("version", "action", "model", "data", "layers", "maxSteps", "metric", "target", "digest", "output"),
    ]
