"""Which records predictions learn from, and how little those of others can do to them."""

import math
from typing import Any

import numpy as np
import pytest

from modelreuse.api import CostProfileSpec, RetrainingRecord
from modelreuse.costs import Experience, Situation, StepsForecast, cases_of
from modelreuse.decisions.teaching import MAX_IMPORTED, MAX_OWN, teaching
from unit.costs.past import record
from unit.decisions import scenes

SITE = scenes.profile(trustedNamespaces=["library", "library", "other"]).spec
ASKED = Situation(
    "Retrain",
    "adam",
    {"initial_error": 0.5, "initial_cross_entropy": 1.5},
    target=0.9,
    trainable_share=1.0,
    model="m",
    mechanism="new",
)


def law(error: float, noise: float) -> int:
    return 10 * round(math.exp(3 + 3 * error + 0.2 * noise) / 10 + 1)


def own(number: int) -> list[RetrainingRecord]:
    """Retrainings of eight kinds of shift, all by the same law."""
    random = np.random.default_rng(1)
    found = []
    for each in range(number):
        error = float(random.uniform(0.1, 0.9))
        steps = law(error, float(random.standard_normal()))
        found.append(of_kind(record(each, steps, error=error, evaluatedEvery=10), f"kind-{each % 8}"))
    return found


def wild(number: int, namespace: str = "library") -> list[RetrainingRecord]:
    """Imports by the opposite law: the worse the model, the fewer steps."""
    random = np.random.default_rng(2)
    found = []
    for each in range(number):
        error = float(random.uniform(0.1, 0.9))
        steps = law(1 - error, float(random.standard_normal()))
        one = record(each, steps, error=error, imported=True, namespace=namespace, evaluatedEvery=10)
        found.append(of_kind(one, f"wild-{each % 8}"))
    return found


def of_kind(one: RetrainingRecord, mechanism: str) -> RetrainingRecord:
    return one.model_copy(update={"spec": one.spec.model_copy(update={"mechanism": mechanism})})


def forecast(records: list[RetrainingRecord], site: CostProfileSpec | None = SITE) -> StepsForecast:
    return Experience(cases_of(teaching(records, site))).forecast(ASKED, 1000)


def figures(found: StepsForecast) -> tuple[Any, ...]:
    return found.steps, found.reaches_target, found.method, found.abstained, found.cases


def test_a_thousand_wild_imports_do_not_move_what_own_records_back() -> None:
    ours = own(48)
    backed = forecast(ours)
    assert backed.steps.estimate == pytest.approx(math.exp(3 + 3 * 0.5), rel=0.35)
    assert figures(forecast(ours + wild(1000))) == figures(backed)


def test_where_own_records_are_few_a_namespace_counts_with_its_latest_and_no_more() -> None:
    few, many = own(6), wild(1000)
    assert figures(forecast(few + many)) == figures(forecast(few + many[-MAX_IMPORTED:]))
    assert len(teaching(few + many, SITE)) == 6 + MAX_IMPORTED


def test_each_namespace_has_its_own_bound() -> None:
    both = teaching([*wild(400), *wild(400, "other"), *wild(9, "line7")], SITE)
    assert len(both) == 2 * MAX_IMPORTED
    assert {each.metadata.namespace for each in both} == {"library", "other"}


def test_what_teaches_nothing_takes_no_place() -> None:
    failed = [record(5000 + number, imported=True, namespace="library", result="Failed") for number in range(400)]
    assert len(teaching([*wild(10), *failed], SITE)) == 10


def test_own_records_are_all_read_and_imports_only_where_a_profile_trusts() -> None:
    everything = [*own(400), *wild(10)]
    assert len(teaching(everything, SITE)) == 410
    assert len(teaching(everything, None)) == 400


def test_own_records_of_a_namespace_that_is_trusted_count_once() -> None:
    trusted = [
        each.model_copy(update={"metadata": each.metadata.model_copy(update={"namespace": "library"})})
        for each in own(5)
    ]
    names = [each.metadata.name for each in teaching(trusted, SITE)]
    assert sorted(names) == [each.metadata.name for each in trusted]


def test_of_our_own_the_latest_are_learnt_from_and_none_that_tells_nothing() -> None:
    ours = [record(number, 50) for number in range(MAX_OWN + 3)]
    running = ours[-1].model_copy(update={"outcome": None})
    learnt = teaching([*ours[:-1], running], None)
    assert {each.metadata.name for each in learnt} == {each.metadata.name for each in ours[2:-1]}
