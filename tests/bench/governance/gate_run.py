"""Runs the table of attempts against one API server: as the gate is, and with each rule of it changed in turn."""

import inspect
import itertools
import secrets
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from bench.governance.canaries import Canaries
from bench.governance.gate_mutants import GateMutant, gate_mutants
from bench.governance.results import fingerprint
from cluster.fake_trainer import install
from cluster.gate import objects, test_stamps, test_what_keeps_working
from cluster.gate.attempt import Attempt
from cluster.gate.attempts import (
    ALL,
    accelerators,
    decisions,
    jobs,
    namespaces,
    pods,
    records,
    requests,
    status,
    train_jobs,
    without_stamping,
)
from cluster.gate.in_force import people_at_the_gate
from cluster.gate.people import make_namespace
from cluster.gate.scene import Scene
from cluster.gate.stamping import stamping_works
from cluster.installing import CHECKOUT, TEMPLATES, documents, install_chart, install_definitions
from cluster.person import JSON_PATCH, Object, Person, RefusedError
from cluster.waiting import until
from localcluster import Cluster

LIKELY: dict[str, tuple[Attempt, ...]] = {
    "modelreuse-accelerators": accelerators.ATTEMPTS,
    "modelreuse-accelerators-label": accelerators.ATTEMPTS,
    "modelreuse-decisions": decisions.ATTEMPTS,
    "modelreuse-jobs": (*jobs.ATTEMPTS, *train_jobs.ATTEMPTS),
    "modelreuse-namespaces": namespaces.ATTEMPTS,
    "modelreuse-operator": (*jobs.ATTEMPTS, *train_jobs.ATTEMPTS),
    "modelreuse-pods": pods.ATTEMPTS,
    "modelreuse-records": records.ATTEMPTS,
    "modelreuse-requests": (*requests.ATTEMPTS, *train_jobs.ATTEMPTS),
    "modelreuse-shells": pods.ATTEMPTS,
    "modelreuse-status": status.ATTEMPTS,
    "modelreuse-train-job-parts": train_jobs.ATTEMPTS,
    "modelreuse-train-jobs": train_jobs.ATTEMPTS,
}
"""Which attempts will most likely notice a change of a policy: the order is a matter of time alone."""
UNSTAMPED = "modelreuse-identity"
"""Has nothing to refuse while stamps are written: its mutants are tried without."""

Check = Callable[[Scene], None]


def state() -> str:
    """The fingerprint of what decides whether a mutant is noticed."""
    return fingerprint([*TEMPLATES, *(CHECKOUT / "tests/cluster/gate").rglob("*.py")])


@dataclass(frozen=True)
class Gate:
    """The gate, installed in a cluster, with everybody before it."""

    admin: Person
    people: Mapping[str, Person]
    team: str
    chart: list[Object]
    unstamped: Object
    """A check that was created before the gate was installed."""
    canaries: Canaries

    def scene(self) -> Scene:
        """A new one."""
        return Scene.new(self.people, self.team)

    def set_rules(self, policy: Object) -> None:
        """Have a policy say what this one says; RefusedError where the API server finds no sense in it."""
        self.admin.patch(policy, [{"op": "replace", "path": "/spec", "value": policy["spec"]}], kind=JSON_PATCH)

    @contextmanager
    def without_stamping(self) -> Iterator[None]:
        """As below Kubernetes 1.36."""
        bindings = [each for each in self.chart if each["kind"] == "MutatingAdmissionPolicyBinding"]
        for binding in bindings:
            self.admin.delete(binding)
        until(lambda: without_stamping.unstamped_is_refused(self.scene()), "creations without stamps are refused")
        yield
        for binding in bindings:
            self.admin.apply(binding)
        until(lambda: stamping_works(self.scene()), "stamps are written again")


@contextmanager
def gate_in(name: str) -> Iterator[Gate]:
    """A cluster of this name with the gate in force; gone at the end."""
    with Cluster.up(name=name, level="control-plane") as cluster:
        admin = Person.from_kubeconfig(cluster.kubeconfig())
        install_definitions(admin)
        install(admin)
        team = f"team-{secrets.token_hex(3)}"
        make_namespace(admin, team)
        unstamped = admin.create(objects.check(team, "from-before"))
        chart = install_chart(admin)
        people = people_at_the_gate(admin, team)
        Scene(people, team, "from-before").offer(unstamped)
        yield Gate(admin, people, team, chart, unstamped, Canaries(admin, team))
        admin.hang_up()


def run_attempts(gate: Gate) -> dict[str, Any]:
    """Every attempt and every legal twin against the gate as it is: which attempts succeeded, which twins failed."""
    bad: dict[str, list[str]] = {"succeeded": [], "twins_refused": []}

    def play(attempts: tuple[Attempt, ...]) -> None:
        for attempt in attempts:
            if not passes(gate.scene(), attempt.is_refused):
                bad["succeeded"].append(attempt.id)
            if not passes(gate.scene(), partial(_twin, attempt)):
                bad["twins_refused"].append(attempt.id)

    play(ALL)
    with gate.without_stamping():
        play(without_stamping.ATTEMPTS)
    return {"attempts": len(ALL) + len(without_stamping.ATTEMPTS), **bad}


def run_gate(gate: Gate, known: dict[str, Any], save: Callable[[], None], deadline: float) -> None:
    """Try every mutant that nothing is known of, until the deadline (`time.monotonic`)."""
    mutants = gate_mutants(documents(*TEMPLATES))
    gate.canaries.install()
    for policy, those in _by_policy(each for each in mutants if each.id not in known and each.policy != UNSTAMPED):
        known |= _try(gate, those, _checks(gate, policy), deadline)
        save()
    with gate.without_stamping():
        for _, those in _by_policy(each for each in mutants if _is_left(each, known)):
            known |= _try(gate, those, _of(without_stamping.ATTEMPTS), deadline)
            save()


def _by_policy(mutants: Iterable[GateMutant]) -> list[tuple[str, list[GateMutant]]]:
    """Each policy with its mutants, in their order."""
    found: dict[str, list[GateMutant]] = {}
    for each in mutants:
        found.setdefault(each.policy, []).append(each)
    return sorted(found.items())


def _is_left(mutant: GateMutant, known: dict[str, Any]) -> bool:
    """Whether only attempts without stamps can notice a mutant, if any can."""
    if mutant.body["kind"] == "MutatingAdmissionPolicy":
        return False
    return not known[mutant.id]["killed"] if mutant.id in known else mutant.policy == UNSTAMPED


def _try(gate: Gate, mutants: list[GateMutant], checks: dict[str, Check], deadline: float) -> dict[str, Any]:
    """What became of these mutants of one policy, in which the policy is as shipped again.

    AssertionError where a check that has noticed one fails then, too: it would have noticed nothing.
    """
    now = state()
    found: dict[str, Any] = {}
    killers: Counter[str] = Counter()
    for mutant in mutants:
        if time.monotonic() > deadline:
            break
        try:
            gate.set_rules(mutant.body)
        except RefusedError as error:
            found[mutant.id] = {"killed": True, "by": "the API server", "invalid": error.message[:200], "state": now}
            continue
        gate.canaries.wait()
        by = _first_failure(gate, {name: checks[name] for name in sorted(checks, key=lambda name: -killers[name])})
        found[mutant.id] = {"killed": by is not None, "by": by, "state": now}
        killers.update([by] if by else [])
        sys.stdout.write(f"{'killed  ' if by else 'SURVIVED'} {mutant.id}{f'  by {by}' if by else ''}\n")
        sys.stdout.flush()
    if found:
        gate.set_rules(_shipped(gate, mutants[0]))
        gate.canaries.wait()
    for name in killers:
        assert passes(gate.scene(), checks[name]), f"{name} fails with {mutants[0].policy} as shipped, too"
    return found


def _shipped(gate: Gate, mutant: GateMutant) -> Object:
    kind, name = mutant.body["kind"], mutant.policy
    return next(each for each in gate.chart if (each["kind"], each["metadata"]["name"]) == (kind, name))


def _first_failure(gate: Gate, checks: dict[str, Check]) -> str | None:
    """The first check that fails, and fails again."""
    failures = (name for name, check in checks.items() if not any(passes(gate.scene(), check) for _ in range(2)))
    return next(failures, None)


def _checks(gate: Gate, policy: str) -> dict[str, Check]:
    likely = LIKELY.get(policy, ())
    first = _of(likely)
    functions = {"a check from before the gate": partial(_is_not_approved, gate.unstamped), **_functions()}
    if not likely:  # stamps
        return {**functions, **_of(ALL)}
    return {**first, **functions, **_of(tuple(each for each in ALL if each not in likely))}


def _of(attempts: tuple[Attempt, ...]) -> dict[str, Check]:
    checks: dict[str, Check] = {}
    for attempt in attempts:
        checks[attempt.id] = attempt.is_refused
        checks[f"twin of {attempt.id}"] = partial(_twin, attempt)
    return checks


def _functions() -> dict[str, Check]:
    """Tests that need nothing but a scene, with each of their parameters."""
    return {
        f"{module.__name__.rpartition('.')[2]}.{name}{[number] if case else ''}": partial(function, **case)
        for module in (test_stamps, test_what_keeps_working)
        for name, function in vars(module).items()
        if name.startswith("test_")
        for number, case in enumerate(_cases(function))
        if {"scene", *case} == inspect.signature(function).parameters.keys()
    }


def _cases(function: Callable[..., None]) -> Iterator[dict[str, Any]]:
    """The arguments by which pytest calls a test, beside fixtures."""
    marks = [mark.args for mark in getattr(function, "pytestmark", []) if mark.name == "parametrize"]
    for values in itertools.product(*(rows for _, rows in marks)):
        yield {
            key: value
            for (names, _), row in zip(marks, values, strict=True)
            for key, value in ([(names, row)] if isinstance(names, str) else zip(names, row, strict=True))
        }


def _is_not_approved(unstamped: Object, scene: Scene) -> None:
    change = {"metadata": {"annotations": {"modelreuse.io/approve": scene.offered}}}
    with pytest.raises(RefusedError, match="nobody knows who requested it"):
        scene["alice"].patch(unstamped, change, dryRun="All")


def _twin(attempt: Attempt, scene: Scene) -> None:
    attempt.twin_works(scene)


def passes(scene: Scene, check: Check) -> bool:
    """Whether a check holds."""
    try:
        check(scene)
    except (AssertionError, KeyError, RefusedError, pytest.fail.Exception):
        return False
    return True
