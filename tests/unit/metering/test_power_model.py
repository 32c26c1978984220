import math

import pytest

from modelreuse.metering import (
    DEFAULT_CPU_IDLE_WATTS,
    DEFAULT_CPU_WATTS_PER_CORE,
    DEFAULT_GPU_WATTS,
    EnergyBasis,
    NegativePower,
    PowerModel,
)
from unit.metering.clocks import FakeTime, fake_meter


def _measured(seconds, cpu, **options):
    time = FakeTime()
    with fake_meter(time, **options) as meter:
        time.passes(seconds, cpu)
    return meter.measurement


def test_given_watts_are_an_estimate_of_busy_and_idle_power():
    measurement = _measured(10, 16, power=PowerModel(cpu_watts_per_core=4.5, cpu_idle_watts=3))
    assert measurement.energy_joules == pytest.approx(4.5 * 16 + 3 * 10)
    assert measurement.energy_basis is EnergyBasis.ESTIMATED
    assert measurement.components[0].source == "power-model"


def test_without_any_figure_the_default_is_assumed_and_stated():
    measurement = _measured(10, 16)
    expected = DEFAULT_CPU_WATTS_PER_CORE * 16 + DEFAULT_CPU_IDLE_WATTS * 10
    assert measurement.energy_joules == pytest.approx(expected)
    assert measurement.energy_basis is EnergyBasis.ASSUMED
    assert "assumed 7 W per busy core and 5 W idle" in measurement.note
    assert "/nonexistent does not exist" in measurement.note


def test_mean_power_is_energy_over_wall_time():
    assert _measured(10, 16, power=PowerModel(cpu_watts_per_core=5)).power_watts == pytest.approx(8)


def test_a_region_of_no_time_has_no_mean_power():
    assert _measured(0, 0).power_watts is None


def test_waiting_is_not_free_by_default():
    assert _measured(10, 0).energy_joules > 0


def test_a_gpu_without_nvml_is_estimated_by_given_watts():
    class Broken:
        NVMLError = OSError

        def nvmlInit(self):  # noqa: N802
            raise OSError("Driver Not Loaded")

    power = PowerModel(cpu_watts_per_core=1, gpu_watts=250)
    cpu, gpu = _measured(4, 0, power=power, gpus=["GPU-x", "GPU-y"], nvml=Broken()).components[:2]
    assert cpu.name == "cpu"
    assert (gpu.name, gpu.energy_joules, gpu.basis) == ("gpu:GPU-x", 1000, EnergyBasis.ESTIMATED)
    assert "NVML does not start: Driver Not Loaded" in gpu.note


def test_a_gpu_without_any_figure_is_assumed():
    class Broken:
        NVMLError = OSError

        def nvmlInit(self):  # noqa: N802
            raise OSError("Driver Not Loaded")

    measurement = _measured(4, 0, power=PowerModel(cpu_watts_per_core=1), gpus=[0], nvml=Broken())
    assert measurement.components[1].energy_joules == DEFAULT_GPU_WATTS * 4
    assert measurement.components[1].source == "default-power"
    assert measurement.energy_basis is EnergyBasis.ASSUMED


@pytest.mark.parametrize("watts", [-1.0, math.nan, math.inf])
@pytest.mark.parametrize("field", ["cpu_watts_per_core", "cpu_idle_watts", "gpu_watts"])
def test_power_that_cannot_be_is_refused_with_its_field(field, watts):
    with pytest.raises(NegativePower, match=field) as caught:
        PowerModel(**{field: watts})
    assert caught.value.reason == "NegativePower"
