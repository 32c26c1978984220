"""Energy of real work on a real board; needs CUDA and NVML."""

import pytest
import torch

from modelreuse.metering import EnergyBasis, Meter, PowerModel


def _uuid():
    return f"GPU-{torch.cuda.get_device_properties(0).uuid}"


def _work(seconds_at_least=1.0):
    x = torch.randn(4096, 4096, device="cuda")
    start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    start.record()
    while True:
        for _ in range(50):
            x = x @ x / x.norm()
        end.record()
        end.synchronize()
        if start.elapsed_time(end) > 1000 * seconds_at_least:
            return


def _metered(work, **options):
    with Meter(power=PowerModel(5, 10, 300), synchronize=torch.cuda.synchronize, **options) as meter:
        work()
    return meter.measurement


def test_the_board_is_found_by_the_uuid_that_torch_tells():
    gpu = _metered(_work, gpus=[_uuid()]).components[1]
    assert gpu.name == f"gpu:{_uuid()}"
    assert gpu.source in {"nvml-energy", "nvml-power"}
    assert gpu.basis in {EnergyBasis.MEASURED, EnergyBasis.ESTIMATED}


def test_mean_power_is_that_of_a_board():
    measurement = _metered(_work, gpus=[_uuid()])
    assert 20 < measurement.components[1].energy_joules / measurement.seconds < 1500


def test_an_ordinal_and_the_uuid_are_the_same_board():
    assert _metered(_work, gpus=[0]).components[1].name == f"gpu:{_uuid()}"


def test_queued_kernels_are_inside_the_region():
    x = torch.randn(8192, 8192, device="cuda")
    torch.cuda.synchronize()

    def queue():
        for _ in range(20):
            x @ x

    with Meter() as without:
        queue()
    torch.cuda.synchronize()
    assert _metered(queue).seconds > 2 * without.measurement.seconds


def test_a_region_too_short_for_the_counter_is_not_zero():
    gpu = _metered(lambda: None, gpus=[_uuid()]).components[1]
    assert gpu.energy_joules > 0


@pytest.mark.parametrize("seconds", [1.0, 2.0])
def test_the_counter_agrees_with_sampled_power(seconds):
    import pynvml

    class WithoutCounter:
        def __getattr__(self, name):
            return getattr(pynvml, name)

        def nvmlDeviceGetTotalEnergyConsumption(self, handle):  # noqa: N802
            raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_SUPPORTED)

    with Meter(gpus=[0], nvml=WithoutCounter(), sample_every=0.05) as sampled:
        counted = _metered(lambda: _work(seconds), gpus=[0])
    assert sampled.measurement.components[1].energy_joules == pytest.approx(
        counted.components[1].energy_joules, rel=0.5
    )
