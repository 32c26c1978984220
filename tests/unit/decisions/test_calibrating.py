"""What a CostProfile's status says, and when it says something else."""

from datetime import timedelta
from typing import Any

import pytest

from modelreuse.api import Condition, CostProfile, CostProfileStatus
from modelreuse.costs import Hindsight, looking_back
from modelreuse.decisions import Backing, backing, calibration
from unit.costs.past import START, cost, record
from unit.decisions import scenes

NOBODY = Backing((), ())
NOW = START + timedelta(days=100)


profile = scenes.profile


def status(hindsight: Hindsight, of: CostProfile | None = None, behind: Backing = NOBODY) -> CostProfileStatus:
    return calibration(of or profile(), behind, hindsight, NOW)


def condition(told: CostProfileStatus, kind: str) -> Condition:
    return next(each for each in told.conditions if each.type == kind)


@pytest.mark.parametrize(
    ("held", "claims", "state", "reason", "says"),
    [
        (0, 0, "Unknown", "TooFewRecords", "0 of the last retrainings had an interval from records; 8 tell"),
        (16, 20, "True", "Holds", "16 of the last 20 retrainings ended within their predicted interval"),
        (9, 20, "False", "Drifted", "import retrainings like those of now (docs/predictions.md, Drift)"),
    ],
)
def test_the_condition_says_whether_intervals_hold(held: int, claims: int, state: str, reason: str, says: str) -> None:
    found = condition(status(Hindsight(claims=claims, held=held)), "Calibrated")
    assert (found.status, found.reason) == (state, reason)
    assert says in found.message


def test_a_profile_that_drifted_is_ready_all_the_same() -> None:
    told = status(Hindsight(claims=20, held=0))
    assert condition(told, "Ready").status == "True"
    assert {each.type for each in told.conditions} == {"Ready", "Calibrated"}


def test_a_profile_by_which_nothing_can_be_predicted_is_stalled() -> None:
    told = status(Hindsight(), profile(grid={"zone": "XYZ"}))
    assert condition(told, "Ready").status == "False"
    assert condition(told, "Stalled").reason == "UnknownGridZone"
    assert "'XYZ'" in condition(told, "Stalled").message


def test_figures_are_those_of_hindsight() -> None:
    found = Hindsight(5, 1.5, "initial error", 2.25, 10, 8)
    told = status(found).to_wire()
    assert (
        told
        | {
            "judged": 5,
            "medianFactor": "1.5",
            "baseline": "initial error",
            "baselineMedianFactor": "2.25",
            "claims": 10,
            "coverage": "0.8",
            "updatedAt": "2026-04-11T00:00:00Z",
        }
        == told
    )


def test_what_has_not_changed_is_not_told_again() -> None:
    before = profile()
    told = status(Hindsight(claims=8, held=8), before)
    stored = before.model_copy(update={"status": CostProfileStatus.model_validate(told.to_wire())})
    later = calibration(stored, NOBODY, Hindsight(claims=8, held=8), NOW + timedelta(days=1))
    assert later == stored.status
    other = calibration(stored, NOBODY, Hindsight(claims=9, held=9), NOW + timedelta(days=1))
    assert other.updated_at == NOW + timedelta(days=1)
    assert condition(other, "Calibrated").last_transition_time == NOW


def behind(*records: Any, **changes: Any) -> Backing:
    site = profile(trustedNamespaces=["library"], **changes)
    other = scenes.policy("other", costProfile="elsewhere", namespaceSelector={"matchLabels": {"of": "others"}})
    ours = scenes.policy(namespaceSelector={"matchLabels": {"of": "us"}})
    namespaces = {"line7": {"of": "us"}, "others": {"of": "others"}, "library": {}}
    sites = {site.metadata.name: site, "elsewhere": profile("elsewhere")}
    return backing(site, (ours, other), sites, namespaces, records)


def test_own_records_are_those_of_namespaces_that_the_profile_governs_and_imports_those_that_it_trusts() -> None:
    own, others = record(1), record(2, namespace="others")
    trusted, untrusted = record(3, imported=True, namespace="library"), record(4, imported=True, namespace="line7")
    found = behind(own, others, trusted, untrusted)
    assert (found.own, found.imported) == ((own,), (trusted,))
    told = status(Hindsight(), behind=found)
    assert (told.own_records, told.imported_records) == (1, 1)


def test_an_import_is_none_of_its_own_wherever_it_was_brought() -> None:
    site = profile(trustedNamespaces=["line7"])
    imported = record(1, imported=True, namespace="line7")
    found = backing(site, (scenes.policy(),), {site.metadata.name: site}, {"line7": {}}, [imported])
    assert (found.own, found.imported) == ((), (imported,))


def test_a_prediction_is_compared_with_what_was_known_when_it_was_approved() -> None:
    before, late = record(1), record(9)
    history = record(0, imported=True, namespace="library")
    one = record(5, predicted=cost(50, 200, 100))
    (found,) = behind(before, late, history, one).ended
    assert found.record == one
    assert {each.metadata.name for each in found.known} == {before.metadata.name, history.metadata.name}
    assert looking_back([found]).claims == 1


def known(*records: Any) -> set[str]:
    """What was known when a retraining was approved that began after five days."""
    one = record(5, predicted=cost(50, 200, 100))
    (found,) = behind(*records, one).ended
    return {each.metadata.name for each in found.known}


def test_what_had_not_ended_was_not_known() -> None:
    running = record(1).model_copy(update={"outcome": None})
    assert known(running) == set()


def test_what_ended_at_that_moment_was_known() -> None:
    approved = record(5).spec.approval
    before = record(1)
    assert approved is not None
    assert before.outcome is not None
    ended = [
        before.model_copy(update={"outcome": before.outcome.model_copy(update={"finished_at": approved.at + late})})
        for late in (timedelta(0), timedelta(seconds=1))
    ]
    assert [len(known(each)) for each in ended] == [1, 0]


def test_what_another_namespace_had_retrained_was_not_known_but_what_was_imported_was() -> None:
    of_ours = {"of": "us"}
    site = profile(trustedNamespaces=["library"])
    namespaces = {"line7": of_ours, "line8": of_ours, "library": {}}
    elsewhere, imported = record(1, namespace="line8"), record(2, imported=True, namespace="library")
    one = record(5, predicted=cost(50, 200, 100))
    found = backing(site, (scenes.policy(),), {site.metadata.name: site}, namespaces, (elsewhere, imported, one))
    assert len(found.own) == 2
    (ended,) = found.ended
    assert ended.known == [imported]
