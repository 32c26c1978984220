"""The objects in full, as files that a reader can apply: `UPDATE_GOLDEN=1 make test-unit` rewrites them."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from modelreuse.api import RetrainingRecordSpec
from modelreuse.manifests import (
    JobTemplate,
    Rendered,
    artifact_source,
    assessment_job,
    assessment_service,
    render_retraining,
    retraining_record,
    training_plan,
    verification_job,
)
from unit.manifests import train_jobs
from unit.manifests.checks import DIGEST, IMAGE, NONCE, UID, check, cost, inputs, retraining_job, trainer_template

JOB_UID = "6d9f3a7e-0000-4000-8000-000000000002"
GOLDEN = Path(__file__).with_name("golden")


def assessment() -> dict[str, Any]:
    one = check()
    return assessment_job(one, one.spec.models[0], nonce=NONCE, attempt=1, image=IMAGE, probe_allowed=True)


def smallest() -> dict[str, Any]:
    model = {"name": "current", "uri": "pvc://models/digits.pt2"}
    data = {"reference": {"uri": "pvc://data/train.npz"}, "new": {"uri": "pvc://data/line7.npz"}}
    one = check(code=None, models=[model], data=data, objective={}, assessment={}, retraining=None)
    return assessment_job(one, one.spec.models[0], nonce=NONCE, attempt=1, image=IMAGE, probe_allowed=True)


def shared_assessment() -> dict[str, Any]:
    one = check(assessment={"shards": 4, "output": "s3://reports/digits/"})
    return assessment_job(one, one.spec.models[0], nonce=NONCE, attempt=1, image=IMAGE, probe_allowed=True)


def rendezvous() -> dict[str, Any]:
    return assessment_service(check(), shared_assessment()["metadata"]["name"], JOB_UID)


def retraining() -> dict[str, Any]:
    plan = training_plan(check(), cost(), layers=["fc2"], target=0.855, digest=DIGEST)
    template = JobTemplate("spec.retraining.jobTemplate", trainer_template())
    return retraining_job(check(), template, plan, inputs(), hours_high=2.0)


def as_train_job() -> Rendered:
    plan = training_plan(check(), cost(), layers=["fc2"], target=0.855, digest=DIGEST)
    kept = JobTemplate("ClusterTrainingRuntime torch: spec", train_jobs.runtime(), "ClusterTrainingRuntime")
    template = JobTemplate("spec.retraining.objectTemplate", train_jobs.train_job(), "TrainJob", refers_to=kept)
    return render_retraining(check(), template, plan, inputs(), hours_high=2.0)


def train_job() -> dict[str, Any]:
    return as_train_job().launched


def training_runtime() -> dict[str, Any]:
    return as_train_job().prepared or {}


def verification() -> dict[str, Any]:
    one = check()
    return verification_job(
        one,
        old=one.spec.models[0],
        new=artifact_source(one, "current", "pvc://candidates/digits/new.safetensors"),
        artifact_sha256="sha256:" + "5" * 64,
        digest=DIGEST,
        attempt=1,
        image=IMAGE,
    )


def record() -> dict[str, Any]:
    spec = {
        "source": "Operator",
        "check": {"name": "digits", "uid": UID},
        "action": "FineTune",
        "model": "current",
        "recipe": "adam",
        "maxSteps": 1500,
        "target": "0.855",
        "scores": [{"name": "initial_error", "value": "0.35", "labels": "Given"}],
        "hashes": {
            name: "sha256:" + letter * 64
            for name, letter in (("model", "1"), ("reference", "2"), ("new", "3"), ("code", "4"))
        },
        "predicted": cost().to_wire(),
        "approval": {
            "digest": DIGEST,
            "components": [{"name": "check", "sha256": "sha256:" + "e" * 64}],
            "preimage": '{"check":"..."}',
            "requestedBy": "erika",
            "approvedBy": "petra",
            "approvedByGroups": "leads",
            "at": "2026-05-04T12:00:00Z",
        },
    }
    return retraining_record("line7", RetrainingRecordSpec.model_validate(spec))


@pytest.mark.parametrize(
    "build",
    [
        assessment,
        smallest,
        shared_assessment,
        rendezvous,
        retraining,
        train_job,
        training_runtime,
        verification,
        record,
    ],
)
def test_an_object_is_what_its_file_says(build: Callable[[], dict[str, Any]]) -> None:
    path = GOLDEN / f"{build.__name__}.yaml"
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(yaml.safe_dump(build(), sort_keys=False, width=120))
    assert build() == yaml.safe_load(path.read_text())
