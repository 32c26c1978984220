# ruff: noqa: E501 - one refusal a line, as rows of a table
"""A TrainJob of one node, on a runtime that nobody else can change: bounded, answerable, run once."""

from typing import Any

import pytest

from modelreuse.api import TrainingPlan, parse_message
from modelreuse.manifests import KINDS, InvalidTemplateError, JobTemplate, Rendered, render_retraining, training_plan
from unit.manifests.checks import DIGEST, Json, check, cost, inputs
from unit.manifests.train_jobs import PYTORCH, STEP, TRAINER, runtime, train_job


def template(given: Json | None = None, source: Json | None = None) -> JobTemplate:
    kept = JobTemplate("ClusterTrainingRuntime torch: spec", runtime() if source is None else source)
    content = train_job() if given is None else given
    return JobTemplate("spec.retraining.objectTemplate", content, "TrainJob", refers_to=kept)


def built(given: Json | None = None, source: Json | None = None, hours: float = 2.0, name: str = "digits") -> Rendered:
    one = check(name)
    plan = training_plan(one, cost(), layers=["fc2"], target=0.855, digest=DIGEST)
    return render_retraining(one, template(given, source), plan, inputs(), hours_high=hours)


def prepared(rendered: Rendered) -> Json:
    assert rendered.prepared is not None
    return rendered.prepared


def job_of(rendered: Rendered) -> Json:
    found: Json = prepared(rendered)["spec"]["template"]["spec"]["replicatedJobs"][0]["template"]["spec"]
    return found


def node(rendered: Rendered) -> Json:
    return next(each for each in job_of(rendered)["template"]["spec"]["containers"] if each["name"] == "node")


def test_the_train_job_refers_to_the_runtime_that_is_made_for_it() -> None:
    rendered = built()
    reference = rendered.launched["spec"]["runtimeRef"]
    made = prepared(rendered)
    assert reference == {
        "apiGroup": "trainer.kubeflow.org",
        "kind": made["kind"],
        "name": made["metadata"]["name"],
    }
    for obj in (rendered.launched, made):
        assert obj["metadata"]["annotations"]["modelreuse.io/task"] == DIGEST
        assert obj["metadata"]["ownerReferences"][0]["kind"] == "ModelReuseCheck"
        assert obj["metadata"]["namespace"] == "line7"


def test_its_pod_has_our_label_so_that_nobody_else_can_make_one() -> None:
    labels = job_of(built())["template"]["metadata"]["labels"]
    assert labels == {"team": "vision", "modelreuse.io/check": "digits", "modelreuse.io/role": "retraining"}


def test_it_runs_once() -> None:
    job = job_of(built(source=runtime(job={"backoffLimit": 6}, job_set={"failurePolicy": {"maxRestarts": 0}})))
    assert (job["backoffLimit"], job["completions"], job["parallelism"]) == (0, 1, 1)
    assert job["template"]["spec"]["restartPolicy"] == "Never"
    assert "failurePolicy" not in prepared(built())["spec"]["template"]["spec"]
    assert prepared(built())["spec"]["mlPolicy"] == {"torch": {}, "numNodes": 1}


def test_the_trainer_is_told_what_was_approved_and_answers_by_its_termination_message() -> None:
    environment = {each["name"]: each.get("value") for each in node(built())["env"]}
    assert parse_message(TrainingPlan, environment["MODELREUSE_PLAN"]).digest == DIGEST
    assert node(built())["terminationMessagePolicy"] == "File"


def test_our_container_compares_inputs_before_all_others() -> None:
    spec = job_of(built(source=runtime(pod={"initContainers": [{"name": "warm", "image": PYTORCH}]})))["template"][
        "spec"
    ]
    assert [each["name"] for each in spec["initContainers"]] == ["modelreuse-inputs", "warm"]


def test_what_the_train_job_says_of_its_node_takes_the_place_of_what_the_runtime_says() -> None:
    asked = {"limits": {"nvidia.com/gpu": 1}}
    found = node(built(train_job({"resourcesPerNode": asked})))
    assert (found["image"], found["command"]) == (TRAINER, ["python", "train.py"])
    assert found["resources"] == asked
    values = [(each["name"], each["value"]) for each in found["env"] if not each["name"].startswith("MODELREUSE_")]
    assert values == [("LOG", "x"), ("EPOCHS", "9")]
    assert node(built(train_job({"resourcesPerNode": {}})))["resources"] == {"limits": {"cpu": "2"}}


def test_a_variable_that_is_given_anew_keeps_nothing_of_the_old_one() -> None:
    secret = {"secretKeyRef": {"name": "s", "key": "k"}}
    found = node(built(train_job({"env": [{"name": "LOG", "valueFrom": secret}]})))
    assert [each for each in found["env"] if each["name"] == "LOG"] == [{"name": "LOG", "valueFrom": secret}]


def test_the_pod_that_is_charged_for_is_the_pod_that_runs() -> None:
    rendered = built()
    assert rendered.pod == job_of(rendered)["template"]["spec"]
    plain = KINDS["TrainJob"].pod_of(template())
    assert [each["image"] for each in plain.spec["containers"]] == [TRAINER]
    assert "initContainers" not in plain.spec


@pytest.mark.parametrize(("theirs", "ours"), [(None, 7800), (10**6, 7800), (60, 60)])
def test_the_time_is_the_approved_upper_end_and_never_more(theirs: int | None, ours: int) -> None:
    own = {} if theirs is None else {"activeDeadlineSeconds": theirs}
    assert built(train_job(**own)).launched["spec"]["activeDeadlineSeconds"] == ours


def test_a_queue_finds_it_by_its_label_and_may_hold_it() -> None:
    held = {**train_job(suspend=True), "metadata": {"labels": {"kueue.x-k8s.io/queue-name": "gpus"}}}
    launched = built(held).launched
    assert launched["metadata"]["labels"]["kueue.x-k8s.io/queue-name"] == "gpus"
    assert launched["spec"]["suspend"] is True


def test_the_longest_name_leaves_room_for_the_names_of_pods() -> None:
    name = built(name="a" * 253).launched["metadata"]["name"]
    assert len(f"{name}-node-0-0-abcde") <= 63


REFUSED_TRAIN_JOBS: list[tuple[Json, str]] = [
    ({"apiVersion": "trainer.kubeflow.org/v2", "kind": "TrainJob"}, "apiVersion: trainer.kubeflow.org/v2: only"),
    ({**train_job(), "status": {}}, "status: is not accepted"),
    ({**train_job(), "metadata": {"namespace": "theirs"}}, "metadata.namespace: is not accepted"),
    ({**train_job(), "metadata": {"labels": {"modelreuse.io/check": "x"}}}, "metadata.labels: modelreuse.io/check"),
    (train_job(runtimePatches=[]), "spec.runtimePatches: is not accepted"),
    (train_job(podTemplateOverrides=[]), "spec.podTemplateOverrides: is not accepted"),
    (train_job(initializer={}), "spec.initializer: is not accepted"),
    (train_job(managedBy="kueue.x-k8s.io/multikueue"), "spec.managedBy: kueue.x-k8s.io/multikueue: only"),
    (train_job({"numNodes": 2}), "spec.trainer.numNodes: 2: one approval is one pod"),
    (train_job({"env": [{"name": "MODELREUSE_PLAN", "value": "{}"}]}), "spec.trainer.env[0].name: MODELREUSE_PLAN"),
    (train_job({"env": [{"value": "x"}]}), "spec.trainer.env[0].name: is missing"),
    (train_job({"resourcesPerNode": 1}), "spec.trainer.resourcesPerNode: must be an object"),
    (train_job(runtimeRef={}), "spec.runtimeRef.name: is missing"),
    (
        train_job(runtimeRef={"name": "t", "kind": "Secret"}),
        "spec.runtimeRef.kind: Secret: give Cluster",
    ),
    (train_job(runtimeRef={"name": "t", "apiGroup": "x"}), "spec.runtimeRef.apiGroup: x: only trainer.kubeflow.org"),
    (train_job(activeDeadlineSeconds=0), "spec.activeDeadlineSeconds: 0: give whole seconds"),
    (train_job(suspend="yes"), "spec.suspend: yes: give true or false"),
    ({**train_job(), "spec": None}, "spec: is missing"),
]


@pytest.mark.parametrize(("given", "said"), REFUSED_TRAIN_JOBS)
def test_a_train_job_that_could_be_more_than_one_run_is_refused(given: Json, said: str) -> None:
    with pytest.raises(InvalidTemplateError) as caught:
        built(given)
    assert str(caught.value).startswith(f"spec.retraining.objectTemplate.{said}")


def replicated(**changes: Any) -> Json:
    """A runtime whose one replicated job is changed."""
    source = runtime()
    job = source["template"]["spec"]["replicatedJobs"][0]
    source["template"]["spec"]["replicatedJobs"] = [job | changes]
    return source


JOBS = "template.spec.replicatedJobs"
REFUSED_RUNTIMES: list[tuple[Json, str]] = [
    (runtime(podGroupPolicy={}), "podGroupPolicy: is not accepted"),
    (runtime(mlPolicy={"numNodes": 2}), "mlPolicy.numNodes: 2: one approval is one pod"),
    (runtime(mlPolicy={"mpi": {}}), "mlPolicy.mpi: is not accepted"),
    (runtime(mlPolicy={"torch": {"elasticPolicy": {}}}), "mlPolicy.torch.elasticPolicy: is not accepted; accepted are none"),
    (runtime(job_set={"failurePolicy": {"maxRestarts": 3}}), "template.spec.failurePolicy.maxRestarts: 3: an"),
    (runtime(job_set={"failurePolicy": {"rules": []}}), "template.spec.failurePolicy.rules: is not accepted"),
    (runtime(job_set={"ttlSecondsAfterFinished": 0}), "template.spec.ttlSecondsAfterFinished: is not accepted"),
    (runtime(job_set={"successPolicy": {}}), "template.spec.successPolicy: is not accepted"),
    (runtime(job_set={"replicatedJobs": []}), f"{JOBS}: []: one approval is one pod"),
    (runtime(template={}), f"{JOBS}: []: one approval is one pod"),
    (replicated(name="launcher"), f"{JOBS}[0].name: launcher: only node"),
    (replicated(replicas=2), f"{JOBS}[0].replicas: 2: one approval is one pod"),
    (replicated(dependsOn=[]), f"{JOBS}[0].dependsOn: is not accepted"),
    (replicated(template={"spec": {}}), f"{JOBS}[0].template.metadata.labels: {STEP}: trainer is missing"),
    (runtime(job={"completions": 2}), f"{JOBS}[0].template.spec.completions: 2: one approval is one pod"),
    (runtime(job={"podFailurePolicy": {}}), f"{JOBS}[0].template.spec.podFailurePolicy: is not accepted"),
    (runtime(pod={"containers": [{"name": "trainer"}]}), f"{JOBS}[0].template.spec.template.spec.containers: one must"),
    (runtime(pod={"containers": [{"name": "node", "env": [{"name": "MODELREUSE_X"}]}]}), f"{JOBS}[0].template.spec.template.spec.containers[0].env[0].name"),
    (runtime(pod={"volumes": [{"name": "modelreuse-x"}]}), f"{JOBS}[0].template.spec.template.spec.volumes[0].name"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "said"), REFUSED_RUNTIMES)
def test_a_runtime_that_could_be_more_than_one_run_is_refused(source: Json, said: str) -> None:
    with pytest.raises(InvalidTemplateError) as caught:
        built(source=source)
    assert str(caught.value).startswith(f"ClusterTrainingRuntime torch: spec.{said}")


def test_a_runtime_that_was_not_read_is_no_runtime() -> None:
    one = check()
    plan = training_plan(one, cost(), layers=[], target=0.5, digest=DIGEST)
    alone = JobTemplate("spec.retraining.objectTemplate", train_job(), "TrainJob")
    with pytest.raises(InvalidTemplateError, match="runtimeRef: was not read"):
        render_retraining(one, alone, plan, inputs(), hours_high=1.0)
