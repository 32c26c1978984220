import inspect
import os

import pynvml
import pytest

from modelreuse.metering import EnergyBasis, NvmlLibrary, PowerModel
from unit.metering.clocks import FakeTime, fake_meter
from unit.metering.fake_nvml import FakeBoard, FakeNvml

POWER = PowerModel(cpu_watts_per_core=1, gpu_watts=200)


def _gpu(nvml, *, during=lambda: None, seconds=10.0, gpus=("GPU-0",), environ=None):
    """The first GPU's component of a region of that length, in which `during` happens."""
    time = FakeTime()
    with fake_meter(time, power=POWER, nvml=nvml, gpus=gpus, environ=environ or {}) as meter:
        during()
        time.passes(seconds)
    assert nvml.opened == 0
    return meter.measurement.components[1]


def _spends(board, millijoules):
    def during():
        board.millijoules += millijoules

    return during


def test_the_imitation_has_the_functions_and_parameters_of_the_real_module():
    names = [name for name in vars(NvmlLibrary) if name.startswith("nvml")]
    assert len(names) == 12
    for name in names:
        real = list(inspect.signature(getattr(pynvml, name)).parameters)
        assert list(inspect.signature(getattr(FakeNvml(), name)).parameters) == real, name
    assert issubclass(pynvml.NVMLError_NotSupported, pynvml.NVMLError)


def test_the_counter_of_a_board_of_ones_own_is_measured():
    board = FakeBoard(pids=[os.getpid()])
    gpu = _gpu(FakeNvml([board]), during=_spends(board, 1_500_000))
    assert (gpu.name, gpu.energy_joules, gpu.basis, gpu.source) == (
        "gpu:GPU-0",
        1500,
        EnergyBasis.MEASURED,
        "nvml-energy",
    )
    assert gpu.note == ""


def test_one_process_under_another_number_is_ourselves_in_a_container():
    board = FakeBoard(pids=[31337])
    assert _gpu(FakeNvml([board]), during=_spends(board, 1000)).basis is EnergyBasis.MEASURED


def test_a_board_that_others_compute_on_is_estimated():
    board = FakeBoard(pids=[os.getpid(), 77, 78])
    gpu = _gpu(FakeNvml([board]), during=_spends(board, 1000))
    assert gpu.basis is EnergyBasis.ESTIMATED
    assert gpu.note == "the whole board, which 2 other processes used too"


def test_others_who_left_before_the_end_are_remembered():
    board = FakeBoard(pids=[os.getpid(), 77])

    def during():
        board.millijoules += 1000
        board.pids = [os.getpid()]

    time = FakeTime()
    with fake_meter(time, power=POWER, nvml=FakeNvml([board]), gpus=["GPU-0"]) as meter:
        during()
    assert meter.measurement.components[1].basis is EnergyBasis.ESTIMATED


def test_an_empty_process_list_leaves_a_note():
    board = FakeBoard(pids=[])
    gpu = _gpu(FakeNvml([board]), during=_spends(board, 1000))
    assert gpu.basis is EnergyBasis.MEASURED
    assert "use by others cannot be excluded" in gpu.note


def test_a_process_list_that_is_forbidden_makes_an_estimate():
    board = FakeBoard(pids=None)
    gpu = _gpu(FakeNvml([board]), during=_spends(board, 1000))
    assert gpu.basis is EnergyBasis.ESTIMATED
    assert "unknown: Insufficient Permissions" in gpu.note


def test_a_mig_slice_takes_its_share_of_the_board_by_memory():
    board = FakeBoard(memory=80, mig=True)
    part = FakeBoard(uuid="MIG-1", memory=20, parent=board)
    gpu = _gpu(FakeNvml([board, part]), during=_spends(board, 8000), gpus=("MIG-1",))
    assert (gpu.name, gpu.energy_joules, gpu.basis) == ("gpu:MIG-1", 2, EnergyBasis.ESTIMATED)
    assert "slice's share of memory, 0.25" in gpu.note


def test_a_board_that_is_cut_into_slices_is_estimated():
    board = FakeBoard(mig=True)
    gpu = _gpu(FakeNvml([board]), during=_spends(board, 1000))
    assert gpu.basis is EnergyBasis.ESTIMATED
    assert "cut into MIG slices" in gpu.note


def test_a_board_older_than_mig_is_measured():
    board = FakeBoard(mig=None)
    assert _gpu(FakeNvml([board]), during=_spends(board, 1000)).basis is EnergyBasis.MEASURED


def test_without_a_counter_power_times_time_is_an_estimate():
    gpu = _gpu(FakeNvml([FakeBoard(millijoules=None)]), seconds=10)
    assert (gpu.energy_joules, gpu.basis, gpu.source) == (1000, EnergyBasis.ESTIMATED, "nvml-power")
    assert "the energy counter is not supported" in gpu.note


def test_changing_power_is_summed_by_trapezoids_between_samples():
    board, time = FakeBoard(millijoules=None, milliwatts=100_000), FakeTime()
    with fake_meter(time, power=POWER, nvml=FakeNvml([board]), gpus=["GPU-0"]) as meter:
        time.passes(2)
        board.milliwatts = 300_000
        meter.sample()
        time.passes(4)
    assert meter.measurement.components[1].energy_joules == 2 * 200 + 4 * 300


def test_a_counter_that_stands_still_falls_back_to_power():
    gpu = _gpu(FakeNvml([FakeBoard()]), seconds=0.01)
    assert (gpu.energy_joules, gpu.basis, gpu.source) == (pytest.approx(1.0), EnergyBasis.ESTIMATED, "nvml-power")
    assert "did not advance in 0.01 s" in gpu.note


def test_a_counter_that_restarted_is_not_negative_energy():
    board = FakeBoard()
    gpu = _gpu(FakeNvml([board]), during=_spends(board, -999_000))
    assert (gpu.energy_joules, gpu.source) == (1000, "nvml-power")


def test_a_board_that_tells_nothing_is_left_to_the_power_model():
    gpu = _gpu(FakeNvml([FakeBoard(millijoules=None, milliwatts=None)]))
    assert (gpu.energy_joules, gpu.basis, gpu.source) == (2000, EnergyBasis.ESTIMATED, "power-model")
    assert "neither energy nor power" in gpu.note


def test_a_board_that_falls_silent_is_left_to_the_power_model():
    """Not to the part of the region in which it spoke."""
    board, time = FakeBoard(millijoules=None), FakeTime()
    with fake_meter(time, power=POWER, nvml=FakeNvml([board]), gpus=["GPU-0"]) as meter:
        time.passes(2)
        meter.sample()
        board.milliwatts = None
        time.passes(8)
    gpu = meter.measurement.components[1]
    assert (gpu.energy_joules, gpu.source) == (2000, "power-model")


def test_a_driver_that_is_missing_is_left_to_the_power_model():
    gpu = _gpu(FakeNvml(starts=False))
    assert gpu.source == "power-model"
    assert "NVML does not start: Driver Not Loaded" in gpu.note


def test_an_unknown_uuid_says_so():
    assert "NVML does not know GPU GPU-9: Not Found" in _gpu(FakeNvml(), gpus=("GPU-9",)).note


@pytest.mark.parametrize(
    ("visible", "ordinal", "uuid"),
    [(None, 1, "GPU-1"), ("2,0", 0, "GPU-2"), ("2,0", 1, "GPU-0"), ("GPU-1", 0, "GPU-1"), ("GPU-2, GPU-1", 1, "GPU-1")],
)
def test_an_ordinal_means_what_cuda_visible_devices_says(visible, ordinal, uuid):
    nvml = FakeNvml([FakeBoard(uuid=f"GPU-{number}") for number in range(3)])
    environ = {} if visible is None else {"CUDA_VISIBLE_DEVICES": visible}
    assert _gpu(nvml, gpus=(ordinal,), environ=environ).name == f"gpu:{uuid}"


@pytest.mark.parametrize("visible", ["", "0"])
def test_an_ordinal_that_cuda_does_not_see_says_so(visible):
    gpu = _gpu(FakeNvml(), gpus=(1,), environ={"CUDA_VISIBLE_DEVICES": visible})
    assert f"CUDA_VISIBLE_DEVICES={visible} has no device 1" in gpu.note


def test_each_gpu_is_a_component_and_the_sum_has_the_weakest_basis():
    own, shared, time = FakeBoard(), FakeBoard(uuid="GPU-1", pids=[1, 2]), FakeTime()
    meter = fake_meter(time, power=PowerModel(1), nvml=FakeNvml([own, shared]), gpus=["GPU-0", "GPU-1"])
    with meter:
        own.millijoules += 3000
        shared.millijoules += 4000
        time.passes(1, cpu=2)
    assert [c.name for c in meter.measurement.components] == ["cpu", "gpu:GPU-0", "gpu:GPU-1"]
    assert meter.measurement.energy_joules == 2 + 3 + 4
    assert meter.measurement.energy_basis is EnergyBasis.ESTIMATED
    assert "gpu:GPU-1: the whole board" in meter.measurement.note
