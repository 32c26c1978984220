"""On real digits: what a worn-out sensor does to a model shows in the figures."""

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from torch import nn

from modelreuse.api import AssessmentTask
from modelreuse.worker.assess import assess
from unit.worker.tiny import exported

TRAINED, HELD_OUT = slice(0, 1000), slice(1000, 1400)
NEW = slice(1400, None)


@pytest.fixture(scope="module")
def digits() -> tuple[np.ndarray, np.ndarray]:
    data = load_digits()
    return (data.images / 16).astype(np.float32).reshape(len(data.images), 64), data.target


@pytest.fixture(scope="module")
def trained(digits) -> bytes:
    """A small network, trained for about a second."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    inputs, labels = (torch.from_numpy(values[TRAINED]) for values in digits)
    for _ in range(150):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(inputs), labels).backward()
        optimizer.step()
    return exported(model.eval(), torch.zeros(2, 64))


@pytest.fixture
def rows_for(trained, digits, save_model, save_data, places):
    inputs, labels = digits
    save_model("m.pt2", trained)
    save_data("reference.npz", inputs=inputs[HELD_OUT], labels=labels[HELD_OUT])

    def rows(new: np.ndarray) -> dict[str, float]:
        save_data("new.npz", inputs=new, labels=labels[NEW])
        task = {
            "task": "t",
            "model": {"name": "current", "uri": "pvc://models/m.pt2"},
            "data": {
                "labels": "labels",
                "reference": {"uri": "pvc://data/reference.npz"},
                "new": {"uri": "pvc://data/new.npz"},
            },
            "probeBatchSize": None,
        }
        summary = assess(AssessmentTask.model_validate(task), places).summary
        return {row.name: float(row.value) for row in summary.scores}

    return rows


def test_a_sensor_that_loses_half_its_pixels_shows(rows_for, digits):
    clean = digits[0][NEW]
    worn = clean.copy()
    worn[:, ::2] = 0

    before, after = rows_for(clean), rows_for(worn)

    assert before["initial_accuracy_new"] > 0.85
    assert after["initial_accuracy_new"] < before["initial_accuracy_new"] - 0.2
    assert after["resque_dist"] > 2 * before["resque_dist"]
    assert after["confidence"] < before["confidence"]
