"""The verification: both models on held-out data, and no bytes but the reported ones."""

import hashlib

import numpy as np
import pytest
import torch
from torch import nn

from modelreuse.api import VerificationTask
from modelreuse.worker.errors import TaskError
from modelreuse.worker.verify import verify
from unit.worker.tiny import build, exported

ARTIFACT = "status.retraining.artifactUri"


def constant(answer: int, outputs: int = 3) -> nn.Module:
    """A model that always answers the same class."""
    model = nn.Linear(4, outputs)
    nn.init.zeros_(model.weight)
    with torch.no_grad():
        model.bias.copy_(torch.nn.functional.one_hot(torch.tensor(answer), outputs).float())
    return model


@pytest.fixture(scope="module")
def always_one() -> bytes:
    return exported(constant(1), torch.zeros(2, 4))


@pytest.fixture
def task(save_model, save_data, model_bytes, always_one):
    save_model("old.pt2", model_bytes)
    save_model("new.pt2", always_one)
    save_data("held.npz", inputs=np.zeros((10, 4)), labels=np.array([1] * 7 + [0] * 3))

    def make(data=None, **changes) -> VerificationTask:
        document = {
            "task": "t",
            "mode": "Verify",
            "old": {"name": "current", "uri": "pvc://models/old.pt2"},
            "new": {"name": "current", "uri": "pvc://models/new.pt2"},
            "artifactSha256": "sha256:" + hashlib.sha256(always_one).hexdigest(),
            "data": {
                "labels": "labels",
                "reference": {"uri": "pvc://data/reference.npz"},
                "new": {"uri": "pvc://data/new.npz"},
                "evaluation": {"uri": "pvc://data/held.npz"},
                **(data or {}),
            },
            "batchSize": 4,
            **changes,
        }
        return VerificationTask.model_validate(document)

    return make


def test_both_accuracies_are_measured(task, places):
    summary = verify(task(), places)
    old = int(build()(torch.zeros(1, 4)).argmax())

    assert float(summary.new_quality) == pytest.approx(0.7)
    assert float(summary.old_quality) == pytest.approx({0: 0.3, 1: 0.7, 2: 0.0}[old])
    assert summary.samples == 10


def test_what_was_measured_is_named_by_its_hash(task, places, always_one):
    summary = verify(task(), places)

    assert summary.artifact_sha256 == "sha256:" + hashlib.sha256(always_one).hexdigest()
    held = (places.claim("data") / "held.npz").read_bytes()
    assert summary.evaluation_sha256 == "sha256:" + hashlib.sha256(held).hexdigest()


def test_other_bytes_are_refused_before_they_are_parsed(task, places, save_model):
    save_model("new.pt2", b"not even an archive")

    with pytest.raises(TaskError) as refusal:
        verify(task(), places)

    assert (refusal.value.reason, refusal.value.field) == ("ArtifactMismatch", ARTIFACT)


@pytest.mark.parametrize(
    ("changes", "reason", "field"),
    [
        ({"evaluation": None}, "EvaluationMissing", "spec.data.evaluation"),
        ({"labels": None}, "LabelsMissing", "spec.data.labels"),
        ({"labels": "y"}, "ArrayMissing", "spec.data.evaluation.uri"),
        ({"evaluation": {"uri": "pvc://data/none.npz"}}, "FileNotFound", "spec.data.evaluation.uri"),
    ],
)
def test_what_the_evaluation_lacks_is_told(task, places, changes, reason, field):
    with pytest.raises(TaskError) as refusal:
        verify(task(changes), places)

    assert (refusal.value.reason, refusal.value.field) == (reason, field)


@pytest.mark.parametrize(
    ("arrays", "reason", "field"),
    [
        ({"inputs": np.zeros((2, 5)), "labels": np.zeros(2, int)}, "InputsRejected", ARTIFACT),
        ({"inputs": np.zeros((2, 4)), "labels": np.array([0, 3])}, "LabelsOutOfRange", "spec.data.evaluation.uri"),
        ({"inputs": np.full((2, 4), np.nan), "labels": np.zeros(2, int)}, "ActivationsNotFinite", ARTIFACT),
    ],
)
def test_data_that_do_not_fit_the_model_are_told(task, places, save_data, arrays, reason, field):
    save_data("held.npz", **arrays)

    with pytest.raises(TaskError) as refusal:
        verify(task(), places)

    assert (refusal.value.reason, refusal.value.field) == (reason, field)
