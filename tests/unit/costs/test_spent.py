"""What budgets are charged with: rounded up, on the hardware that was used; reserved on the dearest that may be."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelreuse.api import CostProfileSpec, Spending
from modelreuse.costs import NOTHING, dearest_machine, machine_of, share, spending_of_pod_time, total
from unit.decisions.scenes import profile

SITE = CostProfileSpec.model_validate(
    {
        "cpus": [
            {"name": "big", "node_selector": {"match_labels": {"cpu": "big"}}, "power_watts": "20", "source": "meter",
             "price_per_hour": "1"},
            {"name": "any", "power_watts": "5", "source": "guess", "price_per_hour": "2"},
        ],
        "accelerators": [
            {"name": "h100", "node_selector": {"match_labels": {"gpu": "h100"}}, "power_watts": "700",
             "source": "sheet", "price_per_hour": "4", "embodied_kg_co2e": "150"},
            {"name": "t4", "node_selector": {"match_labels": {"gpu": "t4"}}, "power_watts": "70", "source": "sheet",
             "price_per_hour": "0.5"},
        ],
        "pue": "1.5",
        "grid": {"zone": "DE", "location_grams_per_kwh": "400", "market_grams_per_kwh": "500", "source": "t",
                 "year": 2025},
        "prices": {"currency": "EUR", "per_kwh": "0.2"},
    }
)  # fmt: skip


def test_pod_time_is_energy_emissions_and_rent() -> None:
    machine = machine_of(SITE, {"gpu": "h100", "cpu": "big"}, cpu_cores=10, gpus=1)
    assert machine is not None
    spent = spending_of_pod_time(machine, SITE, 3600)
    assert spent.energy_kwh == Decimal("1.35")  # (700 + 10 x 20) W x 1.5
    # By the larger intensity; what making a core emitted isn't known, and may be as much as 120 kg.
    assert spent.carbon_kg == pytest.approx(Decimal("0.675") + Decimal(150 + 10 * 120) / 35040)
    assert spent.money == Decimal("14.27")  # 1.35 x 0.2 + 4 + 10 x 1


def test_the_dearest_machine_is_the_most_of_each_figure() -> None:
    machine = dearest_machine(SITE, {}, cpu_cores=2, gpus=1)
    assert machine is not None
    assert (machine.watts_busy, machine.price_per_hour) == (740, 8)  # the big cores' power, the others' price


def test_a_node_selector_leaves_out_what_it_excludes() -> None:
    machine = dearest_machine(SITE, {"gpu": "t4"}, cpu_cores=1, gpus=1)
    assert machine is not None
    assert machine.watts_busy == 90


def test_accelerators_that_the_profile_does_not_list_have_no_bound() -> None:
    assert dearest_machine(SITE, {"gpu": "b200"}, cpu_cores=1, gpus=1) is None
    assert dearest_machine(profile().spec, {}, cpu_cores=1, gpus=1) is None


@given(
    st.dictionaries(st.sampled_from(["cpu", "gpu"]), st.sampled_from(["big", "h100", "t4", "x"])),
    st.dictionaries(st.sampled_from(["cpu", "gpu"]), st.sampled_from(["big", "h100", "t4", "x"])),
    st.floats(0.1, 64),
    st.integers(0, 8),
)
def test_no_node_that_a_selector_admits_costs_more_than_the_dearest(labels, selector, cores, gpus) -> None:
    node = labels | selector
    got = machine_of(SITE, node, cpu_cores=cores, gpus=gpus)
    if got is None:
        return
    most = dearest_machine(SITE, selector, cpu_cores=cores, gpus=gpus)
    assert most is not None
    assert got.watts_busy <= most.watts_busy * (1 + 1e-9)
    assert got.price_per_hour <= most.price_per_hour * (1 + 1e-9)
    assert got.embodied_grams_per_hour.high <= most.embodied_grams_per_hour.high * (1 + 1e-9)


amounts = st.floats(0, 1e9).map(lambda value: Decimal(repr(value)))


@given(st.lists(amounts, max_size=5))
def test_adding_up_never_makes_less(parts: list[Decimal]) -> None:
    spendings = [Spending(pod_seconds=part, energy_kwh=part, carbon_kg=part, money=part) for part in parts]
    exact = sum((each.energy_kwh for each in spendings), Decimal(0))
    summed = total(NOTHING, *spendings).energy_kwh
    assert exact <= summed <= exact * Decimal("1.00001") + Decimal("1e-15")


@given(amounts, st.floats(0, 1e6).map(lambda value: Decimal(repr(value))))
def test_a_share_is_never_less_than_its_part(whole: Decimal, seconds: Decimal) -> None:
    reserved = Spending(pod_seconds=Decimal(600), energy_kwh=whole, carbon_kg=whole, money=whole)
    part = share(reserved, seconds)
    assert part.energy_kwh >= min(reserved.energy_kwh * seconds / 600, Decimal(10) ** 15 - 1)


def test_of_nothing_every_share_is_all() -> None:
    assert share(NOTHING, Decimal(5)) == NOTHING
