"""Budgets on a real API server: reserved before a Job exists, and freed by nothing but its end."""

import asyncio

import pytest

from cluster.controller.looks import Looks
from cluster.controller.team import Team
from cluster.person import Object
from unit.decisions import scenes

ROOM_FOR_ONE = {"energyKwh": "0.004", "window": "24h"}
"""The scenes' retraining may use 0.00264 kWh."""


async def offered(looks: Looks, team: Team, check: Object) -> None:
    await looks.assessed(team, check)
    team["alice"].annotate(check, approve=team.digest(check))


async def launched(looks: Looks, team: Team) -> Object:
    check = team.check()
    await looks.resync()
    await offered(looks, team, check)
    await looks.settle(check)
    return check


async def test_what_is_reserved_stands_in_the_policy_when_the_job_does(looks: Looks, team: Team) -> None:
    team.govern(budget=ROOM_FOR_ONE)
    check = await launched(looks, team)
    (reservation,) = team.ledger()["reservations"]
    assert team.roles(check) == ["assessment", "retraining"]
    assert reservation["record"] == team.now(check)["status"]["retraining"]["record"]
    assert (reservation["namespace"], reservation["check"]) == (team.namespace, check["metadata"]["name"])
    assert team.ledger()["namespaceLabels"] == ["kubernetes.io/metadata.name"]


async def test_a_retraining_that_ends_gives_back_what_it_did_not_use(looks: Looks, team: Team) -> None:
    team.govern(budget=ROOM_FOR_ONE)
    check = await launched(looks, team)
    await looks.answered(team, check, "retraining", lambda plan: scenes.result(plan["digest"]))
    assert team.ledger()["reservations"] == []
    (charge,) = team.ledger()["charges"]
    assert charge["podSeconds"] == "60"
    assert float(charge["energyKwh"]) == pytest.approx(60 * 14 / 3.6e6, rel=1e-4)


async def test_two_approvals_at_once_do_not_overspend(looks: Looks, team: Team) -> None:
    team.govern(budget=ROOM_FOR_ONE)
    one, other = team.check(), team.check()
    await looks.resync()
    for check in (one, other):
        await offered(looks, team, check)
    await asyncio.gather(*(looks.look(check) for check in (one, other)))  # both intend
    await asyncio.gather(*(looks.look(check) for check in (one, other)))  # both want to reserve
    for check in (one, other, one, other):
        await looks.settle(check)
    assert len(team.ledger()["reservations"]) == 1
    assert sorted("retraining" in team.roles(check) for check in (one, other)) == [False, True]
    waiting = one if "retraining" not in team.roles(one) else other
    said = team.condition(waiting, "Ready")
    assert said["reason"] in {"BudgetExhausted"}
    assert "are used or reserved" in said["message"]


async def test_deleting_a_check_and_its_record_frees_nothing(looks: Looks, team: Team) -> None:
    team.govern(budget=ROOM_FOR_ONE)
    check = await launched(looks, team)
    (reserved,) = team.ledger()["reservations"]
    record = team.obj("RetrainingRecord", reserved["record"])
    team["admin"].delete(record)
    team["bob"].delete(check)
    await looks.resync()
    await looks.look(check)
    assert team.ledger()["reservations"] == []
    (charge,) = team.ledger()["charges"]
    assert charge["energyKwh"] == reserved["energyKwh"]


async def test_a_ledger_that_somebody_else_has_just_written_is_read_again(looks: Looks, team: Team) -> None:
    team.govern(budget=ROOM_FOR_ONE)
    check = team.check()
    await looks.resync()
    await offered(looks, team, check)
    await looks.look(check)  # intends
    policy = {"apiVersion": "modelreuse.io/v1alpha1", "kind": "RetrainPolicy", "metadata": {"name": team.namespace}}
    used = {"podSeconds": "1", "energyKwh": "0.003", "carbonKg": "0", "money": "0"}
    charge = used | {"namespace": team.namespace, "at": "2099-01-01T00:00:00Z"}
    happened = []

    def somebody_spends(_plan: object) -> None:
        if not happened:
            happened.append(team["operator"].patch(policy, {"status": {"charges": [charge]}}, part="status"))

    looks.meanwhile = somebody_spends
    await looks.settle(check)
    assert happened
    assert "retraining" not in team.roles(check)
    assert team.ledger().get("reservations", []) == []
    assert [each["energyKwh"] for each in team.ledger()["charges"]] == ["0.003"]
