"""Operations and bytes of a step, against counts by hand."""

import pytest
import torch
from torch import nn

from modelreuse.worker.probe import step_cost
from modelreuse.worker.work import OpaqueOperationError, StepWork, counted
from unit.worker.tiny import build

CPU = torch.device("cpu")


def work(model: nn.Module, inputs: torch.Tensor) -> StepWork:
    """Of a pass forward, and nothing after it."""
    with torch.no_grad():
        return counted(lambda: model(inputs), lambda outputs: None)


def test_a_matrix_product_counts_two_operations_for_each_weight_and_sample_three_times():
    assert work(nn.Linear(30, 20, bias=False), torch.zeros(8, 30)).gigaflops == pytest.approx(3 * 2 * 8 * 30 * 20 / 1e9)


def test_a_grouped_convolution_is_not_a_dense_one():
    dense, grouped = (
        work(nn.Conv2d(8, 8, 3, padding=1, bias=False, groups=groups), torch.zeros(2, 8, 6, 6)) for groups in (1, 8)
    )
    assert dense.gigaflops == pytest.approx(3 * 2 * 2 * 36 * 9 * 8 * 8 / 1e9)
    assert grouped.gigaflops == pytest.approx(dense.gigaflops / 8)


def test_bytes_are_what_is_taken_and_given():
    assert work(nn.ReLU(), torch.zeros(8, 30)).gigabytes == pytest.approx(2 * 8 * 30 * 4 / 1e9)
    assert work(nn.ReLU(), torch.zeros(8, 30, dtype=torch.float64)).gigabytes == pytest.approx(2 * 8 * 30 * 8 / 1e9)


def test_what_is_written_in_place_moves_once_and_a_view_not_at_all():
    assert work(nn.ReLU(inplace=True), torch.zeros(8, 30)).gigabytes == pytest.approx(8 * 30 * 4 / 1e9)
    assert work(nn.Flatten(), torch.zeros(8, 3, 10)).gigabytes == 0


def test_every_operation_is_launched_and_a_view_is_none():
    assert work(nn.Sequential(nn.ReLU(), nn.Flatten(), nn.ReLU(), nn.Sigmoid()), torch.zeros(8, 3, 10)).launches == 3


def test_the_rest_of_the_step_counts_too():
    x = torch.zeros(8, 30)
    seen = counted(lambda: x, lambda outputs: outputs + 1)
    assert (seen.gigabytes, seen.launches) == (pytest.approx(2 * 8 * 30 * 4 / 1e9), 1)


@pytest.mark.parametrize("layer", [nn.LSTM(4, 8), nn.RNN(4, 8)])
def test_a_library_s_whole_recurrent_layer_can_not_be_counted(layer):
    try:
        seen = work(layer, torch.zeros(5, 2, 4))
    except OpaqueOperationError as error:
        assert "rnn" in str(error)  # noqa: PT017 - which of the two it is depends on what this PyTorch was built with
    else:
        assert seen.gigaflops >= 3 * 2 * 5 * 2 * 8 * (4 + 8) / 1e9


def test_a_users_own_operation_can_not_be_counted():
    @torch.library.custom_op("modelreuse_tests::twice", mutates_args=())
    def twice(x: torch.Tensor) -> torch.Tensor:
        return x * 2

    with pytest.raises(OpaqueOperationError, match="twice"):
        counted(lambda: twice(torch.zeros(3)), lambda outputs: None)


def test_a_timed_step_tells_its_work():
    small, large = (step_cost(build(), (torch.zeros(size, 4),), 3, CPU).work for size in (16, 64))
    assert small is not None
    assert large is not None
    assert large.gigaflops == pytest.approx(4 * small.gigaflops)
    assert small.gigabytes < large.gigabytes < 4 * small.gigabytes
    assert small.launches == large.launches > 10


def test_a_model_that_cannot_be_watched_is_timed_all_the_same(monkeypatch):
    def refuse(*_: object) -> None:
        raise RuntimeError("no dispatch here")

    monkeypatch.setattr("modelreuse.worker.probe.counted", refuse)
    cost = step_cost(build(), (torch.zeros(16, 4),), 3, CPU)
    assert cost.work is None
    assert cost.seconds > 0
