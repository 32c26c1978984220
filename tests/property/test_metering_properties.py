import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelreuse.metering import EnergyBasis, PowerModel
from unit.metering.clocks import FakeTime, fake_meter
from unit.metering.fake_powercap import add_zone, count

RANGE = 1000
times = st.floats(0, 1e6)


@given(st.integers(0, RANGE - 1), st.lists(st.integers(0, RANGE - 1), min_size=1, max_size=30))
def test_however_often_a_counter_wraps_every_microjoule_counts_once(start, steps):
    with tempfile.TemporaryDirectory() as folder:
        zone = add_zone(Path(folder), "intel-rapl:0", "package-0", start, range_uj=RANGE)
        spent = 0
        with fake_meter(FakeTime(), powercap=Path(folder), power=PowerModel(0)) as meter:
            for step in steps:
                spent += step
                count(zone, (start + spent) % RANGE)
                meter.sample()
    assert meter.measurement.energy_joules == pytest.approx(spent / 1e6)


@given(times, times, st.floats(0, 1000), st.floats(0, 1000))
def test_the_power_model_is_linear_in_both_times(wall, cpu, busy, idle):
    time = FakeTime(0, 0)
    with fake_meter(time, power=PowerModel(busy, idle)) as meter:
        time.passes(wall, cpu)
    assert meter.measurement.energy_joules == pytest.approx(busy * cpu + idle * wall)


@given(times, times)
def test_without_figures_energy_is_assumed_and_never_zero_for_a_region_that_took_time(wall, cpu):
    time = FakeTime(0, 0)
    with fake_meter(time) as meter:
        time.passes(wall, cpu)
    assert meter.measurement.energy_basis is EnergyBasis.ASSUMED
    assert (meter.measurement.energy_joules > 0) == (wall > 0 or cpu > 0)
