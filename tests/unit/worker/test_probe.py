"""The timing probe times training, and leaves no trace."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from modelreuse.worker.content import Content
from modelreuse.worker.data import DataSet
from modelreuse.worker.formats.pt2 import load_pt2
from modelreuse.worker.model_fields import ModelFields
from modelreuse.worker.probe import step_cost, throwaway_weights, timed
from unit.worker.tiny import ArrayRows, build

CPU = torch.device("cpu")
INPUTS = (torch.randn(16, 4, generator=torch.Generator().manual_seed(0)),)


class WithState(nn.Module):
    """Batch norm and dropout: training changes buffers and uses random numbers; two layers share weights."""

    def __init__(self) -> None:
        super().__init__()
        self.norm, self.drop = nn.BatchNorm1d(4), nn.Dropout(0.5)
        self.first, self.second, self.head = nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 3)
        self.second.weight = self.first.weight

    def forward(self, x):
        return self.head(self.second(self.drop(self.first(self.norm(x)))))


@pytest.fixture
def exported_module(model_bytes):
    return load_pt2(Content(model_bytes, ""), ModelFields.of_candidate("current"), CPU).module


def test_a_step_takes_time():
    assert step_cost(build(), INPUTS, 3, CPU).seconds > 0


def test_without_a_counter_a_step_has_no_energy(monkeypatch):
    monkeypatch.setattr("modelreuse.worker.probe.meter", lambda device: _assuming_meter())

    assert step_cost(build(), INPUTS, 3, CPU).energy_wh is None


def _assuming_meter():
    from pathlib import Path

    from modelreuse.metering import Meter

    return Meter(powercap=Path("/nonexistent"))


def test_the_model_is_as_before():
    model = WithState().eval()
    before = copy.deepcopy(model.state_dict())
    parameters = dict(model.named_parameters())

    step_cost(model, INPUTS, 3, CPU)

    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(parameter is parameters[name] for name, parameter in model.named_parameters())
    assert all(parameter.grad is None for parameter in model.parameters())
    assert not any(module.training for module in model.modules())


def test_parameters_that_were_frozen_stay_frozen():
    model = build().requires_grad_(False)

    step_cost(model, INPUTS, 3, CPU)

    assert not any(parameter.requires_grad for parameter in model.parameters())


def test_random_numbers_come_as_if_nothing_had_happened():
    model = WithState()
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)

    step_cost(model, INPUTS, 3, CPU)

    assert torch.equal(torch.rand(3), expected)


def test_the_model_is_as_before_also_after_a_failure():
    model = WithState().eval()
    before = copy.deepcopy(model.state_dict())

    with pytest.raises(RuntimeError):
        step_cost(model, (torch.zeros(16, 5),), 3, CPU)

    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert not model.training


def test_throwaway_weights_are_other_tensors_and_shared_ones_stay_shared():
    model = WithState()
    original = model.first.weight

    with throwaway_weights(model):
        assert model.first.weight is not original
        assert model.first.weight is model.second.weight

    assert model.first.weight is original


def test_only_the_chosen_layers_are_trained():
    model, seen = build(), []

    class Watch(torch.optim.Adam):
        def __init__(self, parameters, lr):
            parameters = list(parameters)
            seen.extend(parameter.shape for parameter in parameters)
            super().__init__(parameters, lr)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.optim, "Adam", Watch)
        step_cost(model, INPUTS, 3, CPU, ["head"])

    assert seen == [(3, 8), (3,)]


def test_an_exported_program_can_be_probed_and_is_as_before(exported_module):
    before = copy.deepcopy(exported_module.state_dict())

    assert step_cost(exported_module, INPUTS, 3, CPU, ["head"]).seconds > 0
    assert all(torch.equal(value, before[name]) for name, value in exported_module.state_dict().items())


def data(inputs: np.ndarray) -> DataSet:
    return DataSet("spec.data.new.uri", "", ArrayRows({"inputs": inputs}), ("inputs",))


def test_fewer_samples_than_a_batch_are_repeated():
    timing = timed(build(), data(np.zeros((3, 4), np.float32)), 16, 3, "head", CPU)

    assert timing.batch_size == 16
    assert timing.whole is not None
    assert timing.head is not None


def test_no_probe_is_no_figures():
    timing = timed(build(), data(np.zeros((3, 4), np.float32)), None, 3, "head", CPU)

    assert (timing.whole, timing.failed) == (None, None)


def test_a_probe_that_fails_is_a_finding():
    timing = timed(build(), data(np.zeros((3, 5), np.float32)), 16, 3, "head", CPU)

    assert timing.whole is None
    assert timing.failed.reason == "ProbeFailed"
    assert timing.failed.message.startswith("a training step of 16 samples could not be timed: RuntimeError")


def test_a_model_without_parameters_is_a_finding():
    timing = timed(nn.Flatten(), data(np.zeros((3, 4), np.float32)), 16, 3, "", CPU)

    assert "no parameters to train" in timing.failed.message
