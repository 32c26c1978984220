"""Budgets: reserved before the Job exists, charged when it has ended, and nothing that people delete frees any."""

import dataclasses
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from modelreuse.api import RetrainPolicy, Spending
from modelreuse.decisions import ObservedPod, forfeited
from unit.decisions import scenes
from unit.decisions.scenes import NAMESPACE, NOW, Json, Scene, approve, assessed, condition, created, policy, spec

ROOMY = {"energyKwh": "1000"}


def budgeted(budget: Json | None = None, **changes: Any) -> Scene:
    """Something is on offer under a policy with a budget."""
    return assessed(policies=(policy(budget=budget or ROOMY, **changes),))


def held(scene: Scene) -> list[str]:
    """For which records the first policy holds reservations."""
    return [each.record for each in scene.policies[0].status.reservations]


def charges(scene: Scene) -> list[Decimal]:
    return [each.energy_kwh for each in scene.policies[0].status.charges]


def until_launched(scene: Scene) -> Scene:
    for _ in range(6):
        scene = scene.then()
        if scene.status.get("retraining", {}).get("launched"):
            return scene.then()
    raise AssertionError("was not launched")


def launched(budget: Json | None = None) -> Scene:
    return until_launched(approve(budgeted(budget)))


def test_intent_then_reservation_then_record_then_job() -> None:
    scene = approve(budgeted())
    steps = []
    for _ in range(4):
        todo = scene.plan()
        steps.append(["reservation" for _ in todo.ledgers] + created(todo))
        scene = scene.then(todo)
    assert steps == [[], ["reservation"], ["RetrainingRecord"], ["retraining"]]


def test_what_is_reserved_is_the_deadline_at_full_power() -> None:
    scene = approve(budgeted()).then().then()
    (reservation,) = scene.policies[0].status.reservations
    seconds = reservation.pod_seconds
    job = until_launched(scene)
    assert (reservation.namespace, reservation.check) == (NAMESPACE, "digits")
    assert reservation.record == job.status["retraining"]["record"]
    assert seconds > 600
    assert reservation.energy_kwh == pytest.approx(seconds * 14 / 3_600_000, rel=Decimal("1e-5"))
    assert reservation.energy_kwh >= seconds * 14 / 3_600_000
    assert reservation.carbon_kg == pytest.approx(reservation.energy_kwh * Decimal("0.38"), rel=Decimal("1e-4"))


def test_without_a_budget_nothing_is_reserved() -> None:
    assert not any(
        look.ledgers for look in (scenes.intended().plan(), scenes.recorded().plan(), scenes.launched().plan())
    )


def test_a_reservation_that_vanishes_before_the_launch_is_made_again_first() -> None:
    scene = approve(budgeted()).then().then().then()
    forgotten = scene.but(policies=(policy(budget=ROOMY),))
    todo = forgotten.plan()
    assert created(todo) == []
    assert len(todo.ledgers) == 1
    assert created(forgotten.then(todo).plan()) == ["retraining"]


def test_every_policy_with_a_budget_must_hold_it() -> None:
    scene = approve(assessed(policies=(policy("a", budget=ROOMY), policy("b", budget={"money": "100"}), policy("c"))))
    todo = scene.then().plan()
    assert [ledger.policy for ledger in todo.ledgers] == ["a", "b"]
    half = scene.then().with_ledger(todo.ledgers[0])
    assert [ledger.policy for ledger in half.plan().ledgers] == ["b"]
    assert created(half.plan()) == []


# --- no room ----------------------------------------------------------------------------------------------------------


def spend(scene: Scene, share: str, **time: float) -> Scene:
    """Somebody else in the namespace has used a share of the first policy's energy budget, some time ago."""
    first = scene.policies[0]
    budget = first.spec.budget
    assert budget is not None
    assert budget.energy_kwh is not None
    used = {"pod_seconds": 1, "energy_kwh": budget.energy_kwh * Decimal(share), "carbon_kg": 0, "money": 0}
    charge = {"namespace": NAMESPACE, "at": NOW - timedelta(**time)}
    status = first.status.model_validate({"charges": [{**{k: Decimal(v) for k, v in used.items()}, **charge}]})
    return scene.but(policies=(first.model_copy(update={"status": status}), *scene.policies[1:]))


def test_without_room_an_approval_waits_and_says_for_what() -> None:
    scene = spend(approve(budgeted({"energyKwh": "0.003", "window": "48h"})), "0.5", hours=40)
    todo = scene.plan()
    said = condition(todo, "Approved")
    assert todo.status.retraining is None
    assert todo.ledgers == ()
    assert (said.status, said.reason) == ("False", "BudgetExhausted")
    assert said.message.startswith("petra approved this, and it launches when there is room: needs up to 0.00264 kWh; ")
    assert "of the 0.003 kWh that RetrainPolicy production allows namespace line7 within 48h" in said.message
    assert "0.0015 kWh are used or reserved; there is room from 2026-05-04T20:00:00Z on" in said.message
    assert condition(todo, "Ready").status == "True"
    assert todo.wake_at == NOW + timedelta(seconds=60)


def test_the_approval_launches_when_the_window_has_passed() -> None:
    scene = spend(approve(budgeted({"energyKwh": "0.003", "window": "48h"})), "0.5", hours=40)
    assert "retraining" not in scene.later(hours=7.9).then().status
    assert "retraining" in scene.later(hours=8).then().status


def test_somebody_who_may_approve_is_told_that_there_is_no_room() -> None:
    scene = spend(budgeted({"energyKwh": "0.003"}), "0.9", hours=1)
    said = condition(scene.plan(), "Approved")
    assert said.reason == "AwaitingApproval"
    assert "kWh are used or reserved" in said.message
    assert said.message.endswith(f"modelreuse.io/approve={scene.digest}")


def test_what_another_namespace_used_is_no_matter() -> None:
    scene = spend(approve(budgeted({"energyKwh": "0.003"})), "1", hours=1)
    first = scene.policies[0]
    elsewhere = [each.model_copy(update={"namespace": "line8"}) for each in first.status.charges]
    other = first.model_copy(update={"status": first.status.model_copy(update={"charges": elsewhere})})
    assert "retraining" in scene.but(policies=(other,)).then().status


def test_who_comes_second_gives_back_what_it_holds_and_waits() -> None:
    """Both have seen room; between intent and reservation another one took the rest of the second policy."""
    scene = approve(assessed(policies=(policy("a", budget=ROOMY), policy("b", budget={"energyKwh": "0.003"})))).then()
    half = scene.with_ledger(scene.plan().ledgers[0])
    taken = half.but(policies=(half.policies[0], *spend(scene.but(policies=half.policies[1:]), "1").policies))
    todo = taken.plan()
    assert created(todo) == []
    assert [(ledger.policy, ledger.status.reservations) for ledger in todo.ledgers] == [("a", [])]
    waiting = taken.then(todo).plan()
    assert (created(waiting), waiting.ledgers) == ([], ())
    assert condition(waiting, "Reconciling").reason == "BudgetExhausted"
    assert waiting.wake_at is not None


@pytest.mark.parametrize(
    ("budget", "unit"),
    [({"energyKwh": "0.001"}, "kWh"), ({"carbonKg": "0.0001"}, "kgCO2e"), ({"money": "0.001"}, "EUR")],
)
def test_what_an_empty_window_could_not_hold_is_not_offered(budget: Json, unit: str) -> None:
    scene = budgeted(budget)
    said = condition(scene.plan(), "Approved")
    assert "approval" not in scene.status
    assert said.reason == "OverBudget"
    assert f"{unit}, more than the " in said.message


def asking(**resources: Any) -> Json:
    return {"resources": resources}


def trainer(**pod: Any) -> Json:
    container = scenes.TRAINS | pod.pop("container", {})
    template = {"spec": {"template": {"spec": {"containers": [container], **pod}}}}
    return spec(retraining=spec()["retraining"] | {"jobTemplate": template})


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (trainer(container=asking(requests={"cpu": 1})), "containers[0].resources.limits.cpu: is missing"),
        (trainer(initContainers=[scenes.TRAINS | asking()]), "initContainers[0].resources.limits.cpu: is missing"),
        (trainer(resourceClaims=[{"name": "gpu"}]), "spec.resourceClaims can bring any hardware"),
    ],
)
def test_what_can_not_be_bounded_is_not_offered_under_a_budget(asked: Json, why: str) -> None:
    scene = assessed(spec=asked, policies=(policy(budget=ROOMY),))
    said = condition(scene.plan(), "Approved")
    assert said.reason == "BudgetUnbounded"
    assert why in said.message
    assert "approval" in assessed(spec=asked).status


def test_an_accelerator_that_the_profile_does_not_list_can_not_be_bounded() -> None:
    asked = trainer(container=asking(limits={"cpu": 1, "nvidia.com/gpu": 1}))
    said = condition(assessed(spec=asked, policies=(policy(budget=ROOMY),), gpus=1).plan(), "Approved")
    assert said.reason == "BudgetUnbounded"
    assert "spec.accelerators lists nothing" in said.message


def test_money_without_prices_can_not_be_bounded() -> None:
    free = scenes.profile(prices=None)
    scene = assessed(policies=(policy(budget={"money": "5"}),), profiles=(free,))
    assert condition(scene.plan(), "Approved").reason == "BudgetUnbounded"


def test_more_hardware_reserves_more() -> None:
    eight = assessed(spec=trainer(container={"resources": {"limits": {"cpu": 8}}}), policies=(policy(budget=ROOMY),))
    one = approve(budgeted()).then().plan().ledgers[0].status.reservations[0]
    many = approve(eight).then().plan().ledgers[0].status.reservations[0]
    assert many.energy_kwh == pytest.approx(8 * one.energy_kwh, rel=Decimal("1e-4"))


# --- the end ----------------------------------------------------------------------------------------------------------


def test_a_retraining_that_ends_is_charged_for_its_pod_time_and_the_rest_comes_back() -> None:
    scene = launched()
    ended = scene.answered(scene.training, scenes.result(scene.digest)).then()
    assert held(ended) == []
    assert charges(ended) == [pytest.approx(Decimal(60 * 14) / 3_600_000, rel=Decimal("1e-5"))]
    assert ended.status["retraining"]["charge"]["podSeconds"] == "60"


def test_charging_happens_once_whatever_crashes() -> None:
    scene = launched()
    answered = scene.answered(scene.training, scenes.result(scene.digest))
    crashed = answered.then(dataclasses.replace(answered.plan(), ledgers=()))
    assert held(crashed) != []
    again = crashed.later(hours=1).then()
    assert held(again) == []
    assert len(charges(again)) == 1
    assert len(charges(again.later(hours=1).then().then())) == 1


def test_a_check_is_not_assessed_again_before_its_retraining_is_charged() -> None:
    scene = launched()
    failed = scene.failed(scene.training)
    crashed = failed.then(dataclasses.replace(failed.plan(), ledgers=()))
    anew = crashed.annotated(assess="1").edited(suspend=False)
    assert anew.plan().status.retraining is not None
    assert anew.then().plan().status.retraining is None


def test_a_trainer_that_claims_to_have_used_nothing_is_charged_all_the_same() -> None:
    scene = launched()
    ended = scene.answered(scene.training, scenes.result(scene.digest, energyWh="0", seconds="0")).then()
    assert charges(ended)[0] > 0


@pytest.mark.parametrize("voided", [{"gate": scenes.Failure(reason="GateMissing", message="gone")}, {"rights": None}])
def test_what_is_voided_before_the_launch_costs_nothing(voided: Json) -> None:
    ended = approve(budgeted()).then().then().but(**voided).then()
    assert ended.status["retraining"]["result"] == "Failed"
    assert (held(ended), charges(ended)) == ([], [])


def test_a_job_that_the_api_server_refused_costs_nothing() -> None:
    scene = approve(budgeted()).then().then().then()
    todo = dataclasses.replace(scene.plan(), create=())
    asked = scene.then(todo)
    ended = asked.refused(asked.training).then()
    assert ended.status["retraining"]["result"] == "Failed"
    assert (held(ended), charges(ended)) == ([], [])


def reserved_energy(scene: Scene) -> Decimal:
    return scene.policies[0].status.reservations[0].energy_kwh


def test_a_job_that_was_deleted_is_charged_in_full() -> None:
    scene = launched()
    lost = scene.without_job(scene.training).then()
    assert lost.status["retraining"]["result"] == "Lost"
    assert charges(lost) == [reserved_energy(scene)]


def test_a_pod_that_nobody_ever_saw_is_charged_in_full() -> None:
    scene = launched()
    ended = scene.failed(scene.training).with_job(scene.training, pods=()).then()
    assert charges(ended) == [reserved_energy(scene)]


def test_hardware_that_the_profile_does_not_list_is_charged_in_full() -> None:
    scene = launched()
    failed = scene.failed(scene.training)
    pods = (dataclasses.replace(failed.jobs[scene.training].pods[0], gpus=8),)
    assert charges(failed.with_job(scene.training, pods=pods).then()) == [reserved_energy(scene)]


def running(started: float | None, name: str = "pod") -> ObservedPod:
    begun = None if started is None else NOW - timedelta(seconds=started)
    return ObservedPod(name=name, node="node-1", started_at=begun)


def test_a_pod_that_was_deleted_just_before_its_end_is_charged_for_its_time() -> None:
    scene = launched()
    seen = scene.with_job(scene.training, pods=(running(300),)).then()
    ended = seen.later(seconds=100).failed(scene.training).with_job(scene.training, pods=()).then()
    whole = scene.policies[0].status.reservations[0]
    assert ended.status["retraining"]["removedPodSeconds"] == "400"
    assert charges(ended) == [pytest.approx(whole.energy_kwh * 400 / whole.pod_seconds, rel=Decimal("1e-5"))]


def test_all_attempts_of_a_preempted_retraining_are_charged_together() -> None:
    scene = launched()
    first = scene.with_job(scene.training, pods=(running(100),)).then()
    second = first.with_job(scene.training, pods=(running(0, "pod-2"),)).then()
    answered = second.answered(scene.training, scenes.result(scene.digest))
    last = dataclasses.replace(answered.jobs[scene.training].pods[0], name="pod-2")
    ended = answered.with_job(scene.training, pods=(last,)).then()
    (charge,) = ended.policies[0].status.charges
    assert charge.pod_seconds == 160
    assert ended.status["retraining"]["attempts"] == 2


def test_the_time_of_pods_that_are_gone_adds_up() -> None:
    scene = launched()
    for number, seconds in enumerate((100, 200), 1):
        scene = scene.with_job(scene.training, pods=(running(seconds, f"pod-{number}"),)).then()
    gone = scene.with_job(scene.training, pods=()).then()
    assert gone.status["retraining"]["removedPodSeconds"] == "300"


def test_a_pod_is_charged_until_its_own_end() -> None:
    scene = launched()
    pod = dataclasses.replace(running(300), finished_at=NOW - timedelta(seconds=100))
    ended = scene.failed(scene.training).with_job(scene.training, pods=(pod,)).then()
    whole = scene.policies[0].status.reservations[0]
    assert charges(ended) == [pytest.approx(whole.energy_kwh * 200 / whole.pod_seconds, rel=Decimal("1e-5"))]


def test_attempts_share_the_approved_time() -> None:
    scene = launched()
    approved = scene.jobs[scene.training].deadline_seconds
    assert approved is not None
    first = scene.with_job(scene.training, pods=(running(100),)).then()
    assert first.plan().deadlines == ()
    preempted = first.with_job(scene.training, pods=(), suspended=True).later(seconds=20).then()
    assert preempted.jobs[scene.training].deadline_seconds == approved - 120
    again = preempted.with_job(scene.training, pods=(running(0, "pod-2"),), suspended=False)
    assert again.plan().deadlines == ()
    worn = again.with_job(scene.training, pods=(running(approved, "pod-2"),)).then()
    gone = worn.with_job(scene.training, pods=())
    (deadline,) = gone.plan().deadlines
    assert (deadline.job, deadline.uid, deadline.seconds) == (scene.training, scene.jobs[scene.training].uid, 1)


def test_a_deadline_that_somebody_has_shortened_stays() -> None:
    first = launched().with_job(launched().training, pods=(running(100),)).then()
    short = first.with_job(first.training, pods=(), deadline_seconds=7)
    assert short.plan().deadlines == ()


def test_a_deadline_that_somebody_has_taken_away_is_set_again() -> None:
    scene = launched()
    preempted = scene.with_job(scene.training, pods=(running(100),)).then().with_job(scene.training, pods=())
    (deadline,) = preempted.with_job(scene.training, deadline_seconds=None).plan().deadlines
    assert 0 < deadline.seconds < (scene.jobs[scene.training].deadline_seconds or 0)


def test_a_pod_that_was_seen_to_wait_and_never_to_run_costs_nothing() -> None:
    scene = launched()
    seen = scene.with_job(scene.training, pods=(running(None),)).then()
    ended = seen.failed(scene.training, reason="DeadlineExceeded").with_job(scene.training, pods=()).then()
    assert (held(ended), charges(ended)) == ([], [])


def test_a_check_that_is_gone_forfeits_what_it_had_reserved() -> None:
    scene = launched()
    (ledger,) = forfeited(scene.policies, NAMESPACE, "digits", NOW)
    assert ledger.status.reservations == []
    assert [each.energy_kwh for each in ledger.status.charges] == [reserved_energy(scene)]
    assert forfeited(scene.policies, NAMESPACE, "letters", NOW) == ()
    assert forfeited(scene.policies, "line8", "digits", NOW) == ()


def test_a_check_made_anew_under_the_name_frees_nothing() -> None:
    scene = launched()
    anew = scene.but(status={}, uid="6d9f3a7e-0000-4000-8000-000000000002").then()
    assert held(anew) == []
    assert charges(anew) == [reserved_energy(scene)]


def forgotten(scene: Scene) -> Scene:
    """The first policy also holds what this check reserved for an earlier retraining, of which status knows no more."""
    first = scene.policies[0]
    (own,) = first.status.reservations
    older = own.model_copy(update={"record": "mrc-earlier", "energy_kwh": Decimal("0.5")})
    status = first.status.model_copy(update={"reservations": [older, own]})
    return scene.but(policies=(first.model_copy(update={"status": status}),))


def test_what_an_earlier_retraining_had_reserved_is_charged_in_full_while_another_one_runs() -> None:
    scene = forgotten(launched())
    after = scene.then()
    assert charges(after) == [Decimal("0.5")]
    assert held(after) == [scene.status["retraining"]["record"]]


def test_what_an_earlier_retraining_had_reserved_is_charged_in_full_though_another_one_took_less() -> None:
    scene = forgotten(launched())
    ended = scene.answered(scene.training, scenes.result(scene.digest)).then()
    assert held(ended) == []
    assert [each > Decimal("0.4") for each in charges(ended)] == [True, False]


def test_deleting_the_record_frees_nothing() -> None:
    scene = launched()
    without = scene.but(records=())
    assert without.plan().ledgers == ()
    ended = without.answered(scene.training, scenes.result(scene.digest)).then()
    assert held(ended) == []
    assert len(charges(ended)) == 1


@pytest.mark.parametrize("after", [policy(), policy(budget=ROOMY, namespaceSelector={"matchLabels": {"a": "b"}})])
def test_a_policy_that_no_longer_governs_is_charged_for_what_it_reserved(after: RetrainPolicy) -> None:
    scene = launched()
    changed = scene.policies[0].model_copy(update={"spec": after.spec})
    moved = scene.but(policies=(changed,))
    ended = moved.answered(scene.training, scenes.result(scene.digest)).then()
    assert held(ended) == []
    assert len(charges(ended)) == 1


def test_two_at_once_do_not_overspend() -> None:
    """Both looked before either wrote: the second write is refused, and the second look finds no room."""
    one = approve(budgeted({"energyKwh": "0.004"})).then()
    other = approve(assessed(policies=one.policies, uid="u-2", name="letters")).then()
    assert len(one.plan().ledgers) == len(other.plan().ledgers) == 1
    after = one.with_ledger(one.plan().ledgers[0]).policies
    with pytest.raises(scenes.StaleLedgerError):
        other.but(policies=after).with_ledger(other.plan().ledgers[0])
    second = other.but(policies=after).plan()
    assert (second.ledgers, created(second)) == ((), [])
    assert condition(second, "Reconciling").reason == "BudgetExhausted"
    assert condition(second, "Reconciling").message.endswith("there is room once retrainings that run now have ended")


def test_spending_has_no_negative_parts() -> None:
    with pytest.raises(ValueError, match="of 0 or more"):
        Spending(pod_seconds=Decimal(-1), energy_kwh=Decimal(0), carbon_kg=Decimal(0), money=Decimal(0))


def test_prices_matter_to_budgets_of_money_alone() -> None:
    free = scenes.profile(prices=None)
    assert "approval" in assessed(policies=(policy(budget=ROOMY),), profiles=(free,)).status


def test_a_node_that_the_profile_does_not_know_has_no_bound() -> None:
    known = {"name": "a", "nodeSelector": {"matchLabels": {"hall": "2"}}, "powerWatts": "10", "source": "meter"}
    site = scenes.profile(cpus=[known])
    elsewhere = assessed(spec=trainer(nodeSelector={"hall": "9"}), policies=(policy(budget=ROOMY),), profiles=(site,))
    said = condition(elsewhere.plan(), "Approved")
    assert said.reason == "BudgetUnbounded"
    assert "spec.cpus lists nothing that it could run on" in said.message


def test_a_ledger_that_can_hold_no_more_is_told() -> None:
    scene = approve(budgeted())
    full = [
        {"namespace": f"n{number}", "check": "c", "record": f"mrc-{number}", "at": "2026-05-04T12:00:00Z",
         "podSeconds": "1", "energyKwh": "0", "carbonKg": "0", "money": "0"}
        for number in range(48)
    ]  # fmt: skip
    first = scene.policies[0]
    ledger = first.status.model_validate({"reservations": full})
    todo = scene.but(policies=(first.model_copy(update={"status": ledger}),)).plan()
    assert todo.status.retraining is None
    assert condition(todo, "Approved").reason == "LedgerFull"


def test_a_pod_that_was_seen_to_end_and_removed_later_is_charged_until_its_end() -> None:
    scene = launched()
    ended_pod = dataclasses.replace(running(300), finished_at=NOW - timedelta(seconds=100))
    seen = scene.with_job(scene.training, pods=(ended_pod,)).then()
    ended = seen.later(hours=5).failed(scene.training).with_job(scene.training, pods=()).then()
    assert ended.status["retraining"]["removedPodSeconds"] == "200"


def test_without_a_profile_at_the_end_all_that_was_reserved_is_charged() -> None:
    scene = launched()
    ended = scene.answered(scene.training, scenes.result(scene.digest)).but(profiles=()).then()
    assert charges(ended) == [reserved_energy(scene)]


def test_who_has_not_approved_yet_is_not_looked_at_every_minute() -> None:
    scene = spend(budgeted({"energyKwh": "0.003"}), "0.9", hours=1).but(rights=None)
    assert scene.plan().wake_at == NOW + timedelta(hours=24)
