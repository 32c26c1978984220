"""Steps of one network on this device, at which batch sizes, and what memory has to say to them."""

import pytest
import torch

from modelreuse.worker import roofline
from modelreuse.worker.probe import StepCost
from modelreuse.worker.roofline import steps_on
from modelreuse.worker.work import StepWork

CPU = torch.device("cpu")


def taking(monkeypatch, seconds: dict[int, float], *, memory: int = 1_000_000) -> None:
    """Steps on so many images take so long; one beyond the memory fails as torch does."""

    def cost(network, inputs, classes, device) -> StepCost:
        samples, images = len(inputs[0]), inputs[0].dim() == 4
        if samples > memory:
            raise torch.OutOfMemoryError("no room")
        return StepCost(seconds[samples] if images else 0.001, None, StepWork(samples, samples, 10))

    monkeypatch.setattr(roofline, "step_cost", cost)


def test_steps_are_really_trained(monkeypatch):
    monkeypatch.setattr(roofline, "LONGEST_STEP", 0.0)
    seen = steps_on(CPU)
    (step,) = seen.steps
    # Three blocks of 64 channels on 32x32 pixels make most of it: 2 * 9 * 64 * 64 operations for each, three times.
    assert step.work.gigaflops == pytest.approx(3 * 3 * 1024 * 2 * 9 * 64 * 64 / 1e9, rel=0.05)
    assert 0 < seen.tiny.seconds < step.seconds
    assert seen.tiny.work.gigaflops < step.work.gigaflops / 1000
    assert seen.tiny.work.launches > 20


def test_batches_grow_until_a_step_takes_long(monkeypatch):
    taking(monkeypatch, {1: 0.1, 4: 0.2, 16: 0.49, 64: 0.5})
    seen = steps_on(CPU)
    assert [(step.samples, step.seconds) for step in seen.steps] == [(1, 0.1), (4, 0.2), (16, 0.49), (64, 0.5)]
    assert seen.tiny.seconds == 0.001


def test_memory_that_ends_ends_the_search(monkeypatch):
    taking(monkeypatch, {1: 0.1, 4: 0.1, 16: 0.1}, memory=16)
    assert [step.samples for step in steps_on(CPU).steps] == [1, 4, 16]


def test_a_device_that_is_never_busy_is_given_no_more_than_the_largest_batch(monkeypatch):
    taking(monkeypatch, {4**power: 0.01 for power in range(7)})
    assert [step.samples for step in steps_on(CPU).steps] == [1, 4, 16, 64, 256]
    assert len(steps_on(torch.device("meta")).steps) == 7


def test_without_memory_for_one_sample_nothing_is_measured(monkeypatch):
    taking(monkeypatch, {}, memory=0)
    with pytest.raises(torch.OutOfMemoryError):
        steps_on(CPU)


def test_random_numbers_come_as_if_nothing_had_happened(monkeypatch):
    taking(monkeypatch, {1: 1.0})
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    steps_on(CPU)
    assert torch.equal(torch.rand(3), expected)
