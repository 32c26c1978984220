"""The example's Job is a command that there is, in the trainer's image and as careful as the trainer."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from modelreuse.cli.commands import main

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"


def pod_of(path: str, *fields: str) -> Any:
    """The pod's spec in a file of the examples."""
    found: Any = yaml.safe_load((EXAMPLES / path).read_text())
    for field in (*fields, "spec", "template", "spec"):
        found = found[field]
    return found


@pytest.fixture
def pod() -> Any:
    return pod_of("roofline/job.yaml")


@pytest.fixture
def trainers() -> Any:
    return pod_of("mnist/check.yaml", "spec", "retraining", "jobTemplate")


def test_its_command_needs_nothing_but_itself(pod: Any) -> None:
    (container,) = pod["containers"]
    assert container["command"] == ["python", "-m", "modelreuse.cli", "roofline"]
    assert not main.commands["roofline"].params
    assert "args" not in container


def test_it_has_the_trainers_image_cores_and_confinement(pod: Any, trainers: Any) -> None:
    (ours,), (theirs,) = pod["containers"], trainers["containers"]
    for name in ("image", "env", "securityContext"):
        assert ours[name] == theirs[name]
    assert ours["resources"]["limits"]["cpu"] == theirs["resources"]["limits"]["cpu"]
    assert {**trainers["securityContext"], **pod["securityContext"]} == trainers["securityContext"]
    assert pod["automountServiceAccountToken"] is False
