"""Budgets: what a launch must hold before its Job exists, and what is charged when it has ended.

The steps, and what a crash between them leaves: docs/decisions/006-budgets.md. A reservation is found by the record's
name, which is made of the digest; so whatever is decided here can be decided again, and comes to the same.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from modelreuse.api import (
    Budget,
    Charge,
    Failure,
    ModelReuseCheckStatus,
    Reservation,
    RetrainingStatus,
    RetrainPolicy,
    RetrainPolicyStatus,
    Spending,
    format_decimal,
)
from modelreuse.costs import NOTHING, dearest_machine, share, spending_of_pod_time, total
from modelreuse.decisions.ledger import (
    charged,
    excess,
    is_full,
    released,
    reservation_of,
    reserved,
    room_from,
    used,
)
from modelreuse.decisions.observed import Ledger, Observed
from modelreuse.decisions.policies import Rules
from modelreuse.manifests import KINDS, JobTemplate, Rendered, accelerators_of, cores_of, selector_of, without_cpu_limit

EXHAUSTED = "BudgetExhausted"
_SPELLED = {"energy_kwh": "kWh", "carbon_kg": "kgCO2e"}


@dataclass(frozen=True)
class Funds:
    """Whether a launch is paid for, and what to write so that it is."""

    held: bool
    """Every governing policy with a budget holds the reservation."""
    missing: Failure | None = None
    """Why there is no room now."""
    ledgers: tuple[Ledger, ...] = ()
    """To write instead of launching: the reservations that are missing, or, without room, what must be given back."""


def bound(rendered: Rendered, template: JobTemplate, rules: Rules) -> Spending | Failure:
    """The most that a retraining made of `template` can be charged with: its deadline on the dearest machine."""
    pod = rendered.pod
    profile = rules.priced
    if pod.get("resourceClaims"):
        return _unbounded("spec.resourceClaims can bring any hardware; ask for it in resources.limits")
    theirs = KINDS[template.kind].pod_of(template)
    unlimited = without_cpu_limit(theirs.spec)
    cores, gpus = cores_of(pod), accelerators_of(pod)
    machine = dearest_machine(profile, selector_of(pod), cpu_cores=cores, gpus=gpus)
    if unlimited is not None:
        return _unbounded(f"{theirs.path}{unlimited}: is missing, so a whole node could be used")
    if machine is None:
        kind = "accelerators" if gpus else "cpus"
        return _unbounded(f"CostProfile {rules.profile.metadata.name}: spec.{kind} lists nothing that it could run on")
    if profile.prices is None and any(budget.money is not None for _, budget in budgets(rules)):
        return _unbounded(f"CostProfile {rules.profile.metadata.name}: spec.prices is missing, and money is limited")
    return spending_of_pod_time(machine, profile, float(rendered.launched["spec"]["activeDeadlineSeconds"]))


def budgets(rules: Rules) -> tuple[tuple[RetrainPolicy, Budget], ...]:
    """The governing policies that have a budget: each of them must have room."""
    return tuple((policy, policy.spec.budget) for policy in rules.policies if policy.spec.budget is not None)


def beyond(needed: Spending, rules: Rules) -> Failure | None:
    """Why not even an empty window would have room; None when one would."""
    for policy, budget in budgets(rules):
        unit = excess(budget, NOTHING, needed)
        if unit is not None:
            message = (
                f"may use up to {_figure(needed, unit, rules)}, more than the {_limit(budget, unit, rules)} that "
                f"RetrainPolicy {policy.metadata.name} allows a namespace within {budget.window}"
            )
            return Failure(reason="OverBudget", message=message)
    return None


def funds(observed: Observed, record: str, needed: Spending, rules: Rules, now: datetime) -> Funds:
    """Whether this launch holds its reservations: all of them or, where one has no room, none."""
    meta = observed.check.metadata
    new = Reservation.model_validate(
        dict(needed) | {"namespace": meta.namespace, "check": meta.name, "record": record, "at": now}
    )
    lacking: list[Ledger] = []
    for policy, budget in budgets(rules):
        if reservation_of(policy.status, meta.namespace, record) is not None:
            continue
        missing = _no_room(policy, budget, new, rules, now)
        if missing is not None:
            return Funds(held=False, missing=missing, ledgers=given_back(observed.policies, meta.namespace, record))
        lacking.append(Ledger.of(policy, reserved(policy.status, new)))
    return Funds(held=not lacking, ledgers=tuple(lacking))


def given_back(policies: Iterable[RetrainPolicy], namespace: str, record: str) -> tuple[Ledger, ...]:
    """The ledgers without the reservations of a launch that has not begun."""
    holding = (policy for policy in policies if reservation_of(policy.status, namespace, record) is not None)
    return tuple(Ledger.of(policy, released(policy.status, namespace, record)) for policy in holding)


def is_held(observed: Observed, retraining: RetrainingStatus) -> bool:
    """Whether any ledger still holds what was reserved for this retraining."""
    namespace = observed.check.metadata.namespace
    return any(reservation_of(policy.status, namespace, retraining.record) for policy in observed.policies)


def settled(observed: Observed, status: ModelReuseCheckStatus, now: datetime) -> tuple[Ledger, ...]:
    """The ledgers in which this check has something to settle: retrainings of it that have ended, or are unknown."""
    meta = observed.check.metadata
    return _settled(observed.policies, meta.namespace, meta.name, status.retraining, now)


def forfeited(policies: Iterable[RetrainPolicy], namespace: str, check: str, now: datetime) -> tuple[Ledger, ...]:
    """The ledgers after a check is gone: what it had reserved is charged in full, since nobody saw how it ended."""
    return _settled(policies, namespace, check, None, now)


def _settled(
    policies: Iterable[RetrainPolicy],
    namespace: str,
    check: str,
    retraining: RetrainingStatus | None,
    now: datetime,
) -> tuple[Ledger, ...]:
    ledgers = []
    for policy in policies:
        ledger = policy.status
        for reservation in policy.status.reservations:
            if (reservation.namespace, reservation.check) != (namespace, check):
                continue
            own = retraining if retraining is not None and reservation.record == retraining.record else None
            if own is not None and own.result is None:
                continue
            due = reservation if own is None else _due(own, reservation)
            ledger = _replaced(ledger, reservation, due, policy.spec.budget, now)
        if ledger != policy.status:
            ledgers.append(Ledger.of(policy, ledger))
    return tuple(ledgers)


def _due(retraining: RetrainingStatus, reservation: Reservation) -> Spending:
    """What an ended retraining is charged with; all that was reserved, where nobody can say."""
    if retraining.charge is None:
        return reservation
    removed = retraining.removed_pod_seconds
    return total(retraining.charge, share(reservation, removed)) if removed else retraining.charge


def _replaced(
    ledger: RetrainPolicyStatus, reservation: Reservation, due: Spending, budget: Budget | None, now: datetime
) -> RetrainPolicyStatus:
    amounts = {name: getattr(due, name) for name in Spending.model_fields}
    charge = Charge.model_validate(amounts | {"namespace": reservation.namespace, "at": now})
    return charged(released(ledger, reservation.namespace, reservation.record), charge, budget)


def _no_room(policy: RetrainPolicy, budget: Budget, new: Reservation, rules: Rules, now: datetime) -> Failure | None:
    name = policy.metadata.name
    already = used(policy.status, budget, new.namespace, now)
    unit = excess(budget, already, new)
    if unit is not None:
        free = room_from(policy.status, budget, new.namespace, new)
        when = f"from {free:%Y-%m-%dT%H:%M:%SZ} on" if free else "once retrainings that run now have ended"
        message = (
            f"needs up to {_figure(new, unit, rules)}; of the {_limit(budget, unit, rules)} that RetrainPolicy {name} "
            f"allows namespace {new.namespace} within {budget.window}, {_figure(already, unit, rules)} are used or "
            f"reserved; there is room {when}"
        )
        return Failure(reason=EXHAUSTED, message=message)
    if is_full(policy.status, new.namespace):
        message = (
            f"RetrainPolicy {name}: status can't hold another reservation; wait for retrainings to end, or govern "
            "fewer namespaces by one policy"
        )
        return Failure(reason="LedgerFull", message=message)
    return None


def _unbounded(why: str) -> Failure:
    return Failure(reason="BudgetUnbounded", message=f"what the retraining could use at most is unknown: {why}")


def _figure(spending: Spending, unit: str, rules: Rules) -> str:
    return f"{_short(getattr(spending, unit))} {_spelled(unit, rules)}"


def _limit(budget: Budget, unit: str, rules: Rules) -> str:
    return f"{format_decimal(getattr(budget, unit))} {_spelled(unit, rules)}"


def _spelled(unit: str, rules: Rules) -> str:
    prices = rules.profile.spec.prices
    return _SPELLED.get(unit) or (prices.currency if prices else unit)


def _short(value: Decimal) -> str:
    return format_decimal(Decimal(f"{value:.3g}"))
