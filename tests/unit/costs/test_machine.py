"""Hardware by node labels, and what a pod's share of it draws, emits and costs."""

from typing import Any

import pytest

from modelreuse.api import Basis, CostProfileSpec
from modelreuse.costs import Machine, energy_of_pod_time, machine_of


def hardware(name: str, watts: str, **changes: Any) -> dict[str, Any]:
    return {"name": name, "powerWatts": watts, "source": f"sheet of {name}"} | changes


def labelled(**labels: str) -> dict[str, Any]:
    return {"nodeSelector": {"matchLabels": labels}}


GPU = {
    "embodiedKgCo2e": "150",
    "lifetimeHours": 30_000,
    "pricePerHour": "2.5",
}
SITE = CostProfileSpec.model_validate(
    {
        "accelerators": [
            hardware("h200", "700", **GPU, **labelled(gpu="h200")),
            hardware("a100", "400", **labelled(gpu="a100")),
        ],
        "cpus": [
            hardware("epyc", "6", pricePerHour="0.05", embodiedKgCo2e="12", **labelled(cpu="epyc")),
            hardware("any", "10"),
        ],
        "pue": "1.25",
        "grid": {"zone": "DE", "locationGramsPerKwh": "380", "source": "x", "year": 2023},
    }
)


def machine(labels: dict[str, str], cores: float = 1, gpus: int = 0) -> Machine:
    found = machine_of(SITE, labels, cpu_cores=cores, gpus=gpus)
    assert found is not None
    return found


def test_the_first_entry_whose_labels_fit_counts() -> None:
    assert machine({"cpu": "epyc"}).watts_busy == 6
    assert machine({}).watts_busy == 10
    assert machine({"gpu": "a100"}, gpus=1).watts_busy == 400 + 10


def test_power_is_that_of_all_devices_and_cores() -> None:
    found = machine({"cpu": "epyc", "gpu": "h200"}, cores=4, gpus=2)
    assert found.watts_busy == 2 * 700 + 4 * 6
    assert found.price_per_hour == pytest.approx(2 * 2.5 + 4 * 0.05)


def test_parts_of_a_core_count_in_part() -> None:
    assert machine({}, cores=0.25).watts_busy == 2.5


def test_embodied_emissions_are_spread_over_the_lifetime() -> None:
    # 150 kg over 30,000 h is 5 g an hour; 12 kg over four years of 8,760 h is 0.3425 g an hour and core.
    found = machine({"cpu": "epyc", "gpu": "h200"}, cores=4, gpus=2)
    grams = found.embodied_grams_per_hour
    assert (grams.low, grams.high) == pytest.approx([2 * 5 + 4 * 12_000 / 35_040] * 2)
    assert grams.basis is Basis.ESTIMATED


def test_what_no_maker_publishes_is_a_range_and_not_nothing() -> None:
    # 33 to 300 kg for an accelerator, 7.5 to 120 kg for a core's share of its server, over four years of 8,760 h.
    grams = machine({"gpu": "a100"}, cores=2, gpus=1).embodied_grams_per_hour
    assert grams.low * 35.04 == pytest.approx(100 / 3 + 2 * 7.5)
    assert grams.high * 35.04 == pytest.approx(300 + 2 * 120)
    assert grams.basis is Basis.ASSUMED


def test_one_unknown_part_makes_the_sum_a_range() -> None:
    grams = machine({"cpu": "epyc", "gpu": "a100"}, gpus=1).embodied_grams_per_hour
    assert grams.high - grams.low == pytest.approx((300 - 100 / 3) / 35.04)
    assert grams.basis is Basis.ASSUMED


def test_an_accelerator_that_is_not_listed_is_no_machine() -> None:
    assert machine_of(SITE, {"gpu": "v100"}, cpu_cores=1, gpus=1) is None


def test_a_cpu_that_is_not_listed_is_no_machine() -> None:
    listed = SITE.model_copy(update={"cpus": SITE.cpus[:1]})
    assert machine_of(listed, {"cpu": "arm"}, cpu_cores=1, gpus=0) is None
    assert machine_of(listed, {"gpu": "h200"}, cpu_cores=1, gpus=1) is None


def test_energy_is_power_by_time_by_pue() -> None:
    # Half an hour at 400 W and 10 W at a PUE of 1.25.
    assert machine({"gpu": "a100"}, gpus=1).watt_hours(1800) == pytest.approx(0.5 * 410 * 1.25)


def test_energy_of_pod_time_is_estimated() -> None:
    assert energy_of_pod_time(machine({}), 3600) == (pytest.approx(12.5), Basis.ESTIMATED)
