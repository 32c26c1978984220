"""Steps of the property tests: how often the promises were checked in a random world, by how many steps."""

from typing import Any

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, run_state_machine_as_test

from property.test_budgets import Books
from property.test_plan_machine import World

EXAMPLES, STEPS = 50, 50
_counted = {"steps": 0}


class CountedWorld(World):
    """The operator's world, whose steps are counted."""

    @invariant()
    def count(self) -> None:
        _counted["steps"] += 1


class CountedBooks(Books):
    """The ledgers' world, whose steps are counted."""

    @invariant()
    def count(self) -> None:
        _counted["steps"] += 1


MACHINES: dict[str, type[RuleBasedStateMachine]] = {"plan": CountedWorld, "budgets": CountedBooks}


def run_steps(machine: str, number: int) -> dict[str, Any]:
    """One portion of steps from a seed of its own; AssertionError when a promise was broken."""
    _counted["steps"] = 0
    configured = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    cls = MACHINES[machine]
    run_state_machine_as_test(seed(number)(type(cls.__name__, (cls,), {})), settings=configured)
    return {"steps": _counted["steps"]}
