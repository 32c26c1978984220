"""The worker on an accelerator: same figures as on the CPU, weights and graph moved, time and energy of the device."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from modelreuse.api import AssessmentTask
from modelreuse.worker import Places
from modelreuse.worker.assess import Assessed, assess
from modelreuse.worker.probe import step_cost
from unit.worker.tiny import CLASSES, INPUTS, build, exported


class WithConstants(nn.Module):
    """Makes a tensor on the device it was traced on: exported on a CPU, it must still run on a GPU."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(7)
        self.body, self.head = nn.Linear(INPUTS, 8), nn.Linear(8, CLASSES)

    def forward(self, x):
        return self.head(torch.relu(self.body(x + torch.arange(INPUTS) / 10)))


@pytest.fixture
def places(tmp_path: Path) -> Places:
    (tmp_path / "c").mkdir()
    for seed, name in enumerate(("reference", "new")):
        random = np.random.default_rng(seed)
        labels = np.arange(600) % CLASSES
        inputs = np.eye(CLASSES, INPUTS)[labels] * 3 + random.normal(size=(600, INPUTS)) + seed
        np.savez(tmp_path / "c" / f"{name}.npz", inputs=inputs, labels=labels)
    return Places(claims_root=tmp_path)


def assessed(places: Places, model: nn.Module, device: str, **changes) -> Assessed:
    (places.claim("c") / "m.pt2").write_bytes(exported(model, torch.zeros(2, INPUTS)))
    task = {
        "task": "t",
        "model": {"name": "current", "uri": "pvc://c/m.pt2"},
        "data": {"labels": "labels", "reference": {"uri": "pvc://c/reference.npz"}, "new": {"uri": "pvc://c/new.npz"}},
        **changes,
    }
    return assess(AssessmentTask.model_validate(task), places, device=torch.device(device))


@pytest.mark.parametrize("model", [build, WithConstants])
def test_scores_are_those_of_the_cpu(places, model):
    on_cpu = assessed(places, model().eval(), "cpu").summary.scores
    on_gpu = assessed(places, model().eval(), "cuda").summary.scores

    assert [row.name for row in on_gpu] == [row.name for row in on_cpu]
    assert [float(row.value) for row in on_gpu] == pytest.approx([float(row.value) for row in on_cpu], abs=2e-3)


def test_the_device_is_named_and_its_work_measured(places):
    measured = assessed(places, build(), "cuda").summary.measured

    assert measured.device == torch.cuda.get_device_name(0)
    assert measured.step_seconds > 0
    assert measured.energy_wh > 0


def test_cuda_is_the_default_where_there_is_some(places):
    task = assessed(places, build(), "cuda").report
    assert "cpu" not in task.measured.device


def test_the_probe_leaves_random_numbers_and_weights_alone():
    model = build().cuda()
    before = [parameter.clone() for parameter in model.parameters()]
    torch.cuda.manual_seed(5)
    expected = torch.rand(3, device="cuda")
    torch.cuda.manual_seed(5)

    step_cost(model, (torch.zeros(16, INPUTS),), CLASSES, torch.device("cuda", 0))

    assert torch.equal(torch.rand(3, device="cuda"), expected)
    assert all(torch.equal(now, then) for now, then in zip(model.parameters(), before, strict=True))


def test_a_probe_too_large_for_the_device_is_a_finding(places, monkeypatch):
    def fail(*_, **__):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr("modelreuse.worker.probe.step_cost", fail)

    assert assessed(places, build(), "cuda").summary.findings[0].reason == "ProbeFailed"


def test_a_kept_reference_gives_the_same_figures(places):
    first, second = (assessed(places, build(), "cuda", output="pvc://c/reports/") for _ in range(2))

    assert "ReferenceCached" in {finding.reason for finding in second.summary.findings}
    assert second.summary.scores == first.summary.scores
