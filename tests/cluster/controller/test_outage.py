"""An API server that is out of reach for a while is waited for: the operator neither ends nor goes deaf."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cluster.controller.operator_process import OperatorProcess
from cluster.controller.team import Team
from cluster.controller.unreliable_network import Cable, cable_to
from cluster.person import Object
from cluster.waiting import until


@pytest.fixture
def cable(operators_kubeconfig: Path, tmp_path: Path) -> Iterator[tuple[Cable, Path]]:
    with cable_to(operators_kubeconfig, tmp_path) as cable:
        yield cable


@pytest.fixture
def distant(cable: tuple[Cable, Path], operator: OperatorProcess) -> Iterator[OperatorProcess]:
    """The operator, which reaches the API server by the cable."""
    process = replace(operator, kubeconfig=cable[1])
    process.start()
    yield process
    process.end()


def test_what_changes_during_an_outage_is_done_after_it(
    team: Team, distant: OperatorProcess, cable: tuple[Cable, Path]
) -> None:
    first = team.check("first")
    team.until(first, "Ready", "False", "Assessing")
    old = team.job(first, "assessment")["metadata"]["name"]
    cable[0].pull()
    second = team.check("second")
    team["bob"].patch(first, {"spec": {"data": {"new": {"uri": "pvc://data/line8.npz"}}}})
    until(lambda: "Cannot connect" in distant.log.read_text() or _errors(distant), "the outage is noticed")
    assert distant.answers("/healthz")
    cable[0].plug()
    team.until(second, "Ready", "False", "Assessing")
    until(lambda: old not in _names(team.jobs(first)) != [], "the edited check is assessed as it is now")


def _names(jobs: list[Object]) -> list[str]:
    return [job["metadata"]["name"] for job in jobs]


def _errors(process: OperatorProcess) -> bool:
    return 'modelreuse_reconciliations_total{result="error"} 0.0' not in process.metrics()


def test_an_operator_that_starts_during_an_outage_waits(
    team: Team, operator: OperatorProcess, cable: tuple[Cable, Path]
) -> None:
    cable[0].pull()
    process = replace(operator, kubeconfig=cable[1])
    process.launch()
    try:
        until(lambda: "trying again" in process.log.read_text(), "it says that it can't list")
        assert process.answers("/healthz")
        assert not process.answers("/readyz")
        cable[0].plug()
        until(lambda: process.answers("/readyz"), "it is ready")
        team.until(team.check(), "Ready", "False", "Assessing")
    finally:
        process.end()
