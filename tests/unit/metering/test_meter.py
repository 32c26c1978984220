import subprocess
import sys
import threading

import pytest

from modelreuse.metering import EnergyBasis, Meter, MeterNotFinished, weakest
from unit.metering.clocks import FakeTime, fake_meter
from unit.metering.fake_nvml import FakeBoard, FakeNvml


def test_wall_and_processor_seconds_are_those_of_the_region():
    time = FakeTime()
    meter = fake_meter(time)
    time.passes(3, cpu=1)
    with meter:
        time.passes(10, cpu=7)
    time.passes(2, cpu=2)
    assert (meter.measurement.seconds, meter.measurement.cpu_seconds) == (10, 7)


def test_processor_time_of_all_threads_counts():
    """Real clocks: a busy thread beside a waiting main thread."""
    with Meter() as meter:
        worker = threading.Thread(target=lambda: sum(range(3_000_000)))
        worker.start()
        worker.join()
    assert meter.measurement.cpu_seconds > 0.02


def test_processor_time_of_ended_children_counts():
    with Meter() as meter:
        subprocess.run([sys.executable, "-c", "sum(range(3_000_000))"], check=True)
    assert meter.measurement.cpu_seconds > 0.02


def test_a_measurement_before_the_end_is_refused():
    time = FakeTime()
    with fake_meter(time) as meter, pytest.raises(MeterNotFinished, match="has not ended"):
        _ = meter.measurement


def test_a_region_that_fails_is_measured_and_its_error_passes_on():
    time = FakeTime()
    meter = fake_meter(time)

    def fails():
        time.passes(4)
        raise KeyError

    with pytest.raises(KeyError), meter:
        fails()
    assert meter.measurement.seconds == 4


def test_a_meter_may_be_used_again():
    time = FakeTime()
    meter = fake_meter(time)
    for seconds in (4, 9):
        with meter:
            time.passes(seconds)
    assert meter.measurement.seconds == 9


def test_a_meter_in_use_again_does_not_tell_the_last_region():
    meter = fake_meter(FakeTime())
    with meter:
        pass
    with meter, pytest.raises(MeterNotFinished):
        _ = meter.measurement


def test_queued_work_is_waited_for_at_both_ends():
    time = FakeTime()
    queue = [5.0]

    def synchronize():
        while queue:
            time.passes(queue.pop())

    with fake_meter(time, synchronize=synchronize) as meter:
        queue.append(3.0)
    assert meter.measurement.seconds == 3


def test_the_region_is_measured_even_if_waiting_fails():
    time = FakeTime()
    calls = []

    def synchronize():
        calls.append(None)
        if len(calls) == 2:
            raise RuntimeError("CUDA error")

    meter = fake_meter(time, synchronize=synchronize)
    with pytest.raises(RuntimeError, match="CUDA error"), meter:
        time.passes(2)
    assert meter.measurement.seconds == 2


def test_a_sum_is_known_as_well_as_its_weakest_part():
    assert weakest([EnergyBasis.MEASURED, EnergyBasis.ASSUMED, EnergyBasis.ESTIMATED]) is EnergyBasis.ASSUMED
    assert weakest([EnergyBasis.MEASURED, EnergyBasis.ESTIMATED]) is EnergyBasis.ESTIMATED
    assert weakest([EnergyBasis.MEASURED]) is EnergyBasis.MEASURED


def test_basis_words_are_those_of_the_api():
    assert [str(basis) for basis in EnergyBasis] == ["Measured", "Estimated", "Assumed"]


class _Watched(FakeNvml):
    """A board without an energy counter, whose power somebody has read often."""

    def __init__(self):
        super().__init__([FakeBoard(millijoules=None)])
        self.readings = 0
        self.read_often = threading.Event()

    def nvmlDeviceGetPowerUsage(self, handle):  # noqa: N802
        self.readings += 1
        if self.readings == 10:
            self.read_often.set()
        return super().nvmlDeviceGetPowerUsage(handle)


def _threads():
    return [thread for thread in threading.enumerate() if thread.name == "meter"]


def test_a_thread_samples_during_the_region_and_ends_with_it():
    nvml = _Watched()
    with Meter(nvml=nvml, gpus=["GPU-0"], sample_every=0.001):
        assert nvml.read_often.wait(timeout=60)
        assert len(_threads()) == 1
    assert _threads() == []


def test_no_thread_runs_where_counters_need_none(tmp_path):
    with Meter(nvml=FakeNvml(), gpus=["GPU-0"], powercap=tmp_path, sample_every=0.001):
        assert _threads() == []


def test_neither_torch_nor_nvidia_ml_py_is_needed():
    code = """
import sys
sys.modules["torch"] = sys.modules["pynvml"] = None
from modelreuse.metering import Meter
with Meter(gpus=[0]) as meter:
    pass
assert "nvidia-ml-py is not installed" in meter.measurement.note, meter.measurement.note
"""
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)
