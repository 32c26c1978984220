"""The example's Job is a command that there is, on the site of the other example, and as careful as a trainer's."""

from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from modelreuse.api import ModelReuseCheck
from modelreuse.calibration.site import claims_of
from modelreuse.cli.commands import main

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"


@pytest.fixture
def job() -> dict[str, Any]:
    every = list(yaml.safe_load_all((EXAMPLES / "calibrate/job.yaml").read_text()))
    found: dict[str, Any] = next(each for each in every if each["kind"] == "Job")
    return found


@pytest.fixture
def pod(job: dict[str, Any]) -> Any:
    return job["spec"]["template"]["spec"]


@pytest.fixture
def check() -> ModelReuseCheck:
    return ModelReuseCheck.parse(yaml.safe_load((EXAMPLES / "mnist/check.yaml").read_text()))


@pytest.fixture
def trainers_pod(check: ModelReuseCheck) -> Any:
    assert check.spec.retraining is not None
    assert check.spec.retraining.job_template is not None
    return check.spec.retraining.job_template["spec"]["template"]["spec"]


def given(pod: Any) -> dict[str, Any]:
    """What the command understands of the container's arguments."""
    (container,) = pod["containers"]
    assert container["command"] == ["python", "-m", "modelreuse.cli", "calibrate"]
    command = main.commands["calibrate"]
    context: click.Context = command.make_context("calibrate", list(container["args"]))
    return context.params


def test_it_runs_the_trainer_of_the_check_in_its_image_with_its_share_of_a_machine(pod: Any, trainers_pod: Any) -> None:
    (calibrate,), (trainer,) = pod["containers"], trainers_pod["containers"]
    assert given(pod)["trainer"].split() == trainer["command"]
    for name in ("image", "resources", "env", "securityContext"):
        assert calibrate[name] == trainer[name]


def test_every_claim_of_the_check_is_mounted_where_the_command_looks_and_none_can_be_written(
    pod: Any, check: ModelReuseCheck
) -> None:
    mounts = {mount["mountPath"]: mount for mount in pod["containers"][0]["volumeMounts"]}
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    folders = dict(claim.split("=", 1) for claim in given(pod)["claims"])
    assert set(folders) == claims_of(check.spec, check.spec.models[0])
    for claim, folder in folders.items():
        assert mounts[folder]["readOnly"]
        assert volumes[mounts[folder]["name"]]["persistentVolumeClaim"]["claimName"] == claim


def test_its_table_lies_on_a_claim_and_nobody_is_asked(pod: Any) -> None:
    options = given(pod)
    mounts = {mount["mountPath"]: mount["name"] for mount in pod["containers"][0]["volumeMounts"]}
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    assert "persistentVolumeClaim" in volumes[mounts[str(options["output"].parent)]]
    assert str(options["check"].parent) in mounts
    assert (options["yes"], options["trust_code"]) == (True, True)


def test_it_ends_by_itself_and_is_unprivileged(job: dict[str, Any], pod: Any, trainers_pod: Any) -> None:
    assert job["spec"]["backoffLimit"] == 0
    assert job["spec"]["activeDeadlineSeconds"] > 0
    assert not job["metadata"]["name"].startswith("mrc-")
    for name in ("restartPolicy", "automountServiceAccountToken", "securityContext"):
        assert pod[name] == trainers_pod[name]
