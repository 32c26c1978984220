"""Runs the table of attempts against one API server: as the gate is, and with each rule of it changed in turn."""

import inspect
import secrets
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

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
from cluster.person import Object, Person, RefusedError
from cluster.waiting import until
from localcluster import Cluster

PATIENCE = 4.0
"""Seconds that an API server is given to take over a changed policy: it looks for changes every second."""

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


def tests() -> str:
    """The fingerprint of all that could notice a mutant."""
    return fingerprint((CHECKOUT / "tests/cluster/gate").rglob("*.py"))


@dataclass(frozen=True)
class Gate:
    """The gate, installed in a cluster, with everybody before it."""

    admin: Person
    people: Mapping[str, Person]
    team: str
    chart: list[Object]
    unstamped: Object
    """A check that was created before the gate was installed."""

    def scene(self) -> Scene:
        """A new one."""
        return Scene.new(self.people, self.team)

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
        yield Gate(admin, people, team, chart, unstamped)
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
    todo = [each for each in gate_mutants(documents(*TEMPLATES)) if each.id not in known]
    stamped = [each for each in todo if each.policy != UNSTAMPED]
    for mutant in stamped:
        if time.monotonic() > deadline:
            return
        _try(gate, mutant, _checks(gate, mutant), known, save)
    with gate.without_stamping():
        for mutant in todo:
            if mutant.policy == UNSTAMPED and time.monotonic() < deadline:
                _try(gate, mutant, _of(without_stamping.ATTEMPTS), known, save)


def _try(
    gate: Gate, mutant: GateMutant, checks: dict[str, Check], known: dict[str, Any], save: Callable[[], None]
) -> None:
    shipped = gate.admin.get(mutant.body)
    try:
        gate.admin.replace(shipped | {"spec": mutant.body["spec"]})
    except RefusedError as error:
        known[mutant.id] = {"killed": True, "by": "the API server", "invalid": error.message[:200], "tests": tests()}
        save()
        return
    by = _first_failure(gate, checks)
    gate.admin.replace(gate.admin.get(mutant.body) | {"spec": shipped["spec"]})
    if by is not None:
        until(lambda: passes(gate.scene(), checks[by]), f"{mutant.policy} is as shipped again after {mutant.id}")
    known[mutant.id] = {"killed": by is not None, "by": by, "tests": tests()}
    sys.stdout.write(f"{'killed  ' if by else 'SURVIVED'} {mutant.id}{f'  by {by}' if by else ''}\n")
    sys.stdout.flush()
    save()


def _first_failure(gate: Gate, checks: dict[str, Check]) -> str | None:
    """The first check that fails. While the change may not be in force yet, all that passed are played again."""
    begun = time.monotonic()
    while True:
        whole_round_in_force = time.monotonic() - begun > PATIENCE
        for name, check in checks.items():
            if not passes(gate.scene(), check):
                return name
            if not whole_round_in_force and time.monotonic() - begun > PATIENCE:
                break
        else:
            if whole_round_in_force:
                return None


def _checks(gate: Gate, mutant: GateMutant) -> dict[str, Check]:
    likely = LIKELY.get(mutant.policy, ())
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
    """Tests that need nothing but a scene."""
    return {
        f"{module.__name__.rpartition('.')[2]}.{name}": function
        for module in (test_stamps, test_what_keeps_working)
        for name, function in vars(module).items()
        if name.startswith("test_") and list(inspect.signature(function).parameters) == ["scene"]
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
