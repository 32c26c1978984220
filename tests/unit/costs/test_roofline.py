"""What a step takes on a machine that it was not timed on: computing or moving data, whichever takes longer."""

from dataclasses import replace
from typing import Any

import pytest

from modelreuse.api import Action, Basis, CostProfileSpec, MeasuredPass, UsedHardware
from modelreuse.costs import (
    Ceilings,
    TimedStep,
    dearest_machine,
    machine_by_roofline,
    may_be_on,
    step_cost,
    tells_of_other_machines,
)
from modelreuse.costs.step_cost import StepCost
from unit.costs.test_machine import hardware, labelled
from unit.costs.test_step_cost import MACHINE, measured

FAST = Ceilings("h200", gigaflops=1000, gigabytes=100, launch=1e-5)
TINY = TimedStep(0, 0, launches=50, seconds=0.0005)


def test_the_ceilings_are_the_most_that_any_step_reached() -> None:
    steps = [TimedStep(1, 0.5, 170, seconds=0.01), TimedStep(64, 4, 170, seconds=0.08), TimedStep(128, 8, 170, 0.2)]
    assert Ceilings.reached("h200", TINY, steps) == Ceilings("h200", gigaflops=800, gigabytes=50, launch=1e-5)


@pytest.mark.parametrize("seconds", [(0, 1), (1, 0), (-1, 1)])
def test_no_step_takes_no_time(seconds: tuple[float, float]) -> None:
    tiny, step = (TimedStep(1, 1, 1, each) for each in seconds)
    with pytest.raises(ValueError, match="no time"):
        Ceilings.reached("h200", tiny, [step])


def test_without_a_step_there_are_no_ceilings() -> None:
    with pytest.raises(ValueError, match="there must be steps"):
        Ceilings.reached("h200", TINY, [])


@pytest.mark.parametrize(
    ("gigaflops", "gigabytes", "launches", "seconds"),
    [(2000, 0, 0, 2), (0, 300, 0, 3), (0, 0, 100, 0.001), (1000, 100, 1000, 2.01)],
)
def test_computing_moving_and_launching_take_their_time_one_after_the_other(
    gigaflops: float, gigabytes: float, launches: int, seconds: float
) -> None:
    assert FAST.seconds(gigaflops, gigabytes, launches) == pytest.approx(seconds)


def test_two_cores_have_twice_the_ceilings_and_launch_no_faster() -> None:
    assert FAST.of(2) == Ceilings("h200", gigaflops=2000, gigabytes=200, launch=1e-5)


# --- a step ----------------------------------------------------------------------------------------------------------


ELSEWHERE = replace(MACHINE, watts_busy=700, ceilings=FAST)


def counted(**changes: Any) -> MeasuredPass:
    """On a CPU: two seconds for a step of 20 billion floating-point operations, 2 GB and 1,000 launches."""
    seen = {
        "stepSeconds": "2",
        "stepEnergyWh": "0.01",
        "stepGigaflops": "20",
        "stepGigabytes": "2",
        "stepLaunches": 1000,
        "headStepSeconds": "0.5",
    }
    return measured(**seen | changes)


def cost(action: Action = Action.RETRAIN, batch: int = 64, **seen: Any) -> StepCost:
    return step_cost(counted(**seen), action, batch_size=batch, machine=ELSEWHERE)  # type: ignore[arg-type]


def test_a_step_elsewhere_is_assumed_within_a_factor_of_four() -> None:
    seconds = cost().seconds
    assert (seconds.low, seconds.estimate, seconds.high) == pytest.approx((0.05 / 4, 0.05, 0.05 * 4))
    assert seconds.basis == Basis.ASSUMED


def test_its_power_is_that_of_the_other_machine_whatever_a_counter_saw_here() -> None:
    watts = cost().watts
    assert (watts.estimate, watts.basis) == (700, Basis.ESTIMATED)


def test_it_grows_with_its_batch() -> None:
    # Its launches don't.
    assert cost(batch=256).seconds.estimate == pytest.approx(0.17)


def test_fine_tuning_may_be_as_small_a_part_of_it_as_here() -> None:
    fine, whole = cost(Action.FINE_TUNE).seconds, cost().seconds
    assert (fine.low, fine.estimate, fine.high) == pytest.approx((whole.low / 4, whole.estimate, whole.high))


@pytest.mark.parametrize("changes", [{"headStepSeconds": None}, {"headStepSeconds": "9"}, {"stepSeconds": "0"}])
def test_without_a_smaller_part_fine_tuning_is_as_much(changes: dict[str, Any]) -> None:
    assert cost(Action.FINE_TUNE, **changes).seconds == cost().seconds


@pytest.mark.parametrize("missing", ["stepGigaflops", "stepGigabytes", "stepLaunches", "stepBatchSize"])
def test_what_was_not_counted_tells_nothing(missing: str) -> None:
    assert tells_of_other_machines(counted())
    assert not tells_of_other_machines(counted(**{missing: None}))
    with pytest.raises(ValueError, match="counted"):
        cost(**{missing: None})


# --- a machine -------------------------------------------------------------------------------------------------------


def roofline(gigaflops: str, gigabytes: str) -> dict[str, Any]:
    """Of an entry."""
    figures = {"gigaflopsPerSecond": gigaflops, "gigabytesPerSecond": gigabytes, "microsecondsPerLaunch": "5"}
    return {"roofline": figures | {"source": "modelreuse roofline"}}


SITE = CostProfileSpec.model_validate(
    {
        "accelerators": [
            hardware("h200", "700", **roofline("1000", "100"), **labelled(gpu="h200")),
            hardware("a100", "400", **roofline("500", "60"), **labelled(gpu="a100")),
            hardware("l4", "72", **labelled(gpu="l4")),
        ],
        "cpus": [
            hardware("epyc", "6", **roofline("50", "4"), **labelled(cpu="epyc")),
            hardware("any", "10", **roofline("30", "3")),
            hardware("behind", "10", **roofline("1", "1")),
        ],
        "grid": {"zone": "DE", "locationGramsPerKwh": "380", "source": "x", "year": 2023},
    }
)


def by_roofline(selector: dict[str, str], *, gpus: int = 1, site: CostProfileSpec = SITE) -> Ceilings | None:
    machine = machine_by_roofline(site, selector, cpu_cores=4, gpus=gpus)
    if machine is None:
        return None
    dearest = dearest_machine(site, selector, cpu_cores=4, gpus=gpus)
    assert dearest is not None
    assert (machine.watts_busy, machine.pue) == (dearest.watts_busy, dearest.pue)
    return machine.ceilings


def test_a_selector_that_leaves_one_kind_of_accelerator_tells_its_roofline() -> None:
    assert by_roofline({"gpu": "h200"}) == Ceilings("h200", 1000, 100, 5e-6)
    assert by_roofline({"gpu": "a100", "zone": "b"}) == Ceilings("a100", 500, 60, 5e-6)


def test_the_ceilings_of_a_cpu_are_those_of_all_its_cores() -> None:
    assert by_roofline({"cpu": "epyc"}, gpus=0) == Ceilings("epyc", 200, 16, 5e-6)


def test_no_entry_counts_behind_one_that_selects_every_node() -> None:
    assert by_roofline({"cpu": "arm"}, gpus=0) == Ceilings("any", 120, 12, 5e-6)


def test_an_expression_leaves_open_whether_it_holds() -> None:
    unlabelled = {"nodeSelector": {"matchExpressions": [{"key": "cpu", "operator": "DoesNotExist"}]}}
    cpus = [hardware("old", "9", **roofline("20", "2"), **unlabelled), hardware("any", "10", **roofline("30", "3"))]
    site = CostProfileSpec.model_validate(SITE.to_wire() | {"cpus": cpus})
    assert by_roofline({}, gpus=0, site=site) is None


@pytest.mark.parametrize(
    ("selector", "gpus"),
    [({}, 1), ({}, 0), ({"gpu": "l4"}, 1), ({"gpu": "v100"}, 1), ({"gpu": "h200"}, 2)],
    ids=["several kinds", "several CPUs", "no roofline", "not listed", "several accelerators"],
)
def test_where_no_roofline_tells_there_is_none(selector: dict[str, str], gpus: int) -> None:
    assert by_roofline(selector, gpus=gpus) is None


def test_the_only_kind_that_is_listed_need_not_be_the_only_one_that_there_is() -> None:
    site = CostProfileSpec.model_validate(SITE.to_wire() | {"accelerators": [SITE.accelerators[0].to_wire()]})
    assert by_roofline({}, site=site) is None
    assert by_roofline({"gpu": "h200"}, site=site) == Ceilings("h200", 1000, 100, 5e-6)
    every = [hardware("all", "700", **roofline("1000", "100"))]
    uniform = CostProfileSpec.model_validate(SITE.to_wire() | {"accelerators": every})
    assert by_roofline({}, site=uniform) == Ceilings("all", 1000, 100, 5e-6)


@pytest.mark.parametrize(
    ("used", "selector", "gpus", "may"),
    [
        ({"cpu": 0, "accelerator": 1}, {"gpu": "a100"}, 1, True),
        ({"cpu": 0, "accelerator": 1}, {}, 1, True),
        ({"cpu": 0, "accelerator": 1}, {"gpu": "h200"}, 1, False),
        ({"cpu": 0, "accelerator": 1}, {"gpu": "a100", "cpu": "arm"}, 1, True),
        ({"cpu": 0}, {"gpu": "h200"}, 1, False),
        ({"cpu": 0}, {"gpu": "v100"}, 1, True),
        ({"cpu": 0}, {}, 1, True),
        ({"cpu": 0, "accelerator": 7}, {}, 1, False),
        ({"cpu": 0}, {"cpu": "arm"}, 0, False),
        ({"cpu": 1}, {"cpu": "arm"}, 0, True),
        ({"cpu": 0}, {"cpu": "epyc"}, 0, True),
        ({"cpu": 1}, {"cpu": "epyc"}, 0, False),
        ({"cpu": 1}, {}, 0, True),
        ({"cpu": 2}, {}, 0, False),
        ({}, {"cpu": "arm"}, 0, False),
    ],
)
def test_whether_a_pod_may_run_on_what_another_ran_on(
    used: dict[str, int], selector: dict[str, str], gpus: int, may: bool
) -> None:
    before = UsedHardware.model_validate(used | {"cpuCores": "1"})
    assert may_be_on(SITE, before, selector, gpus=gpus) is may
