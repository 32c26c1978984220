"""Whatever a template holds, our part of the object stands, or the template is refused with a field's name."""

import json
from typing import Any

from hypothesis import event, given
from hypothesis import strategies as st
from pydantic import ValidationError

from modelreuse.api import ModelReuseCheck
from modelreuse.api.names import CHECK_LABEL, ROLE_LABEL
from modelreuse.manifests import (
    InvalidTemplateError,
    JobTemplate,
    assessment_job,
    training_plan,
    verification_job,
)
from modelreuse.manifests.merge import merged
from unit.manifests.checks import DIGEST, IMAGE, NONCE, check, container, cost, environment, inputs, pod, retraining_job

KEYS = ["metadata", "spec", "template", "containers", "name", "env", "volumes", "volumeMounts", "mountPath", "labels"]
KEYS += ["restartPolicy", "value", "command", "args", "resources", "worker", "trainer", "parallelism", "nodeSelector"]
leaves = (
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["worker", "trainer", "Always"])
)
trees = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=25,
)
names = st.sampled_from(["a", "b", "c"])
variables = st.lists(st.fixed_dictionaries({"name": names}, optional={"value": st.text(max_size=3)}), max_size=2)
mounts = st.lists(
    st.fixed_dictionaries(
        {"name": names, "mountPath": st.sampled_from(["/data", "/tmp", "/etc/ssl", "/mnt/modelreuse/pvc"])}
    ),
    max_size=2,
)


def containers(*called: str) -> st.SearchStrategy[Any]:
    """Mostly such as templates have them."""
    one = st.fixed_dictionaries(
        {"name": st.sampled_from(called)},
        optional={"env": variables, "volumeMounts": mounts, "image": st.just("mine:1")},
    )
    return st.lists(one, min_size=1, max_size=2, unique_by=lambda each: each["name"])


def pods(*called: str) -> st.SearchStrategy[Any]:
    """Pod templates, mostly such as are accepted."""
    spec = st.fixed_dictionaries(
        {"containers": containers(*called)},
        optional={
            "initContainers": containers("fetch", "check"),
            "volumes": st.just([{"name": "a", "emptyDir": {}}]),
            "restartPolicy": st.just("Never"),
            "nodeSelector": st.just({"gpu": "a100"}),
        },
    )
    return st.fixed_dictionaries({"spec": spec}, optional={"metadata": st.just({"labels": {"a": "b"}})}) | trees


@given(trees, trees)
def test_merging_is_total_and_changes_nothing_that_was_given(base, patch) -> None:
    before = json.dumps([base, patch])
    merged(base, patch)
    assert json.dumps([base, patch]) == before


@given(trees)
def test_merging_nothing_changes_nothing(base) -> None:
    if isinstance(base, dict):
        assert merged(base, {}) == base


def ours_stands(job: dict[str, Any], name: str, role: str, variable: str) -> None:
    assert pod(job)["restartPolicy"] == "Never"
    assert job["spec"]["backoffLimit"] == 0
    labels = job["spec"]["template"]["metadata"]["labels"]
    assert (labels[CHECK_LABEL], labels[ROLE_LABEL]) == ("digits", role)
    found = container(job, name)
    assert found["terminationMessagePolicy"] == "File"
    assert found["terminationMessagePath"] == "/dev/termination-log"
    assert json.loads(environment_value(found, variable))["version"] == 1
    json.dumps(job)


def environment_value(found: dict[str, Any], variable: str) -> str:
    values = [each["value"] for each in found["env"] if isinstance(each, dict) and each.get("name") == variable]
    assert len(values) == 1
    return str(values[0])


def with_template(template: Any) -> ModelReuseCheck | None:
    """The check, or None where the template is refused by its name."""
    try:
        return check(assessment={"template": template})
    except ValidationError as error:
        refused = {each["loc"][:3] for each in error.errors()}
    if refused != {("spec", "assessment", "template")}:
        raise AssertionError(refused)
    return None


@given(pods("worker"))
def test_no_assessment_template_changes_what_decides(template) -> None:
    one = with_template(template)
    event("accepted" if one else "refused")
    if one is None:
        return
    job = assessment_job(one, one.spec.models[0], nonce=NONCE, attempt=1, image=IMAGE, probe_allowed=True)
    ours_stands(job, "worker", "assessment", "MODELREUSE_TASK")
    worker = container(job, "worker")
    assert worker["command"] == ["python3", "-I", "-m", "modelreuse.worker"]
    assert [each["name"] for each in pod(job)["containers"]] == ["worker"]
    for each in [worker, *pod(job).get("initContainers", [])]:
        assert each["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert each["securityContext"]["readOnlyRootFilesystem"] is True
    claims = {each["mountPath"]: each["name"] for each in worker["volumeMounts"] if "/pvc/" in each["mountPath"]}
    assert claims
    assert all(name.startswith("modelreuse-claim-") for name in claims.values())


@given(pods("worker"))
def test_no_assessment_template_changes_what_is_verified(template) -> None:
    one = with_template(template)
    if one is None:
        return
    model = one.spec.models[0]
    job = verification_job(one, old=model, new=model, artifact_sha256=DIGEST, digest=DIGEST, attempt=1, image=IMAGE)
    ours_stands(job, "worker", "verification", "MODELREUSE_TASK")
    assert container(job, "worker")["image"] == IMAGE
    assert [each["name"] for each in pod(job)["containers"]] == ["worker"]
    assert environment(job, "worker").keys() == {"HOME", "MODELREUSE_TASK"}


@given(st.fixed_dictionaries({}, optional={"spec": st.fixed_dictionaries({"template": pods("trainer", "x")})}))
def test_a_retraining_template_is_run_as_approved_or_refused(template) -> None:
    one: ModelReuseCheck = check()
    plan = training_plan(one, cost(), layers=[], target=0.5, digest=DIGEST)
    refusal = ""
    try:
        job = retraining_job(one, JobTemplate("spec.retraining.jobTemplate", template), plan, inputs(), hours_high=1.0)
    except InvalidTemplateError as error:
        refusal, job = str(error), {}
    event("refused" if refusal else "run")
    if refusal:
        assert refusal.startswith("spec.retraining.jobTemplate")
        return
    ours_stands(job, "trainer", "retraining", "MODELREUSE_PLAN")
    assert job["spec"]["activeDeadlineSeconds"] == 4200
