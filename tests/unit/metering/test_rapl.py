from pathlib import Path

import pytest

from modelreuse.metering import EnergyBasis, PowerModel
from unit.metering.clocks import FakeTime, fake_meter
from unit.metering.fake_powercap import add_zone, count


@pytest.fixture
def package(tmp_path):
    return add_zone(tmp_path, "intel-rapl:0", "package-0", 5_000_000, range_uj=20_000_000)


def _meter(powercap):
    return fake_meter(FakeTime(), powercap=powercap, power=PowerModel(cpu_watts_per_core=1, cpu_idle_watts=1))


def _cpu(meter):
    return meter.measurement.components[0]


def test_the_difference_of_the_counter_is_measured(tmp_path, package):
    with _meter(tmp_path) as meter:
        count(package, 17_500_000)
    assert (_cpu(meter).energy_joules, _cpu(meter).basis, _cpu(meter).source) == (12.5, EnergyBasis.MEASURED, "rapl")
    assert "other processes included" in _cpu(meter).note


def test_a_counter_that_starts_again_at_zero_is_unwrapped(tmp_path, package):
    with _meter(tmp_path) as meter:
        count(package, 1_000_000)
    assert _cpu(meter).energy_joules == 16


def test_several_wrap_arounds_are_seen_when_it_is_sampled_in_between(tmp_path, package):
    with _meter(tmp_path) as meter:
        for reading in (19_000_000, 4_000_000, 19_000_000, 4_000_000):
            count(package, reading)
            meter.sample()
    assert _cpu(meter).energy_joules == 39


def test_packages_and_memory_add_up(tmp_path, package):
    second = add_zone(tmp_path, "intel-rapl:1", "package-1", 0)
    memory = add_zone(tmp_path, "intel-rapl:0:1", "dram", 0)
    with _meter(tmp_path) as meter:
        count(package, 6_000_000)
        count(second, 2_000_000)
        count(memory, 4_000_000)
    assert _cpu(meter).energy_joules == 7


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("intel-rapl:0:0", "core"),
        ("intel-rapl:0:1", "uncore"),
        ("intel-rapl:1", "psys"),
        ("intel-rapl-mmio:0", "package-0"),
        ("dtpm", "package-0"),
    ],
)
def test_zones_that_are_part_of_others_are_not_counted_twice(tmp_path, package, folder, name):
    other = add_zone(tmp_path, folder, name, 0)
    with _meter(tmp_path) as meter:
        count(package, 6_000_000)
        count(other, 3_000_000)
    assert _cpu(meter).energy_joules == 1


def _forbid(monkeypatch, forbidden):
    """Root may read any file, so the refusal of a kernel to others is imitated."""
    read_text = Path.read_text

    def guarded(path, *args, **kwargs):
        if path == forbidden:
            raise PermissionError(13, "Permission denied")
        return read_text(path, *args, **kwargs)

    monkeypatch.setattr(Path, "read_text", guarded)


def test_a_counter_for_root_only_is_estimated_and_says_so(tmp_path, package, monkeypatch):
    _forbid(monkeypatch, package / "energy_uj")
    with _meter(tmp_path) as meter:
        pass
    assert _cpu(meter).basis is EnergyBasis.ESTIMATED
    assert "energy_uj may be read by root only" in _cpu(meter).note


def test_a_machine_without_counters_is_estimated_and_says_so(tmp_path):
    with _meter(tmp_path / "missing") as meter:
        pass
    assert _cpu(meter).basis is EnergyBasis.ESTIMATED
    assert "missing does not exist" in _cpu(meter).note


def test_a_machine_with_other_zones_only_is_estimated_and_says_so(tmp_path):
    add_zone(tmp_path, "intel-rapl:0", "psys", 0)
    with _meter(tmp_path) as meter:
        pass
    assert "no CPU package among the energy counters" in _cpu(meter).note


@pytest.mark.parametrize("damage", ["", "many"])
def test_a_counter_that_is_no_number_is_estimated_and_says_so(tmp_path, package, damage):
    (package / "energy_uj").write_text(damage)
    with _meter(tmp_path) as meter:
        pass
    assert "not a whole number" in _cpu(meter).note


def test_a_counter_that_vanishes_in_the_region_is_estimated_and_says_so(tmp_path, package):
    with _meter(tmp_path) as meter:
        (package / "energy_uj").unlink()
    assert _cpu(meter).basis is EnergyBasis.ESTIMATED
    assert "became unreadable: No such file" in _cpu(meter).note


def test_a_counter_that_stands_still_is_not_zero_energy(tmp_path, package):
    time = FakeTime()
    with fake_meter(time, powercap=tmp_path, power=PowerModel(cpu_watts_per_core=2)) as meter:
        time.passes(0.0001, cpu=0.0001)
    assert _cpu(meter).energy_joules == pytest.approx(0.0002)
    assert _cpu(meter).basis is EnergyBasis.ESTIMATED
    assert "did not advance in 0.0001 s" in _cpu(meter).note
