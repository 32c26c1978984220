from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from modelreuse.controller import __main__ as command
from modelreuse.controller.running import Options


@pytest.fixture(autouse=True)
def _logging_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "set_up", lambda _format: None)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Options]:
    """The options that an operator would have been started with."""
    options: list[Options] = []

    async def run(given: Options) -> None:
        options.append(given)

    monkeypatch.setattr(command, "run", run)
    return options


def invoke(*arguments: str, **environment: str) -> Result:
    return CliRunner(env=environment).invoke(command.main, arguments)


def test_the_worker_image_must_be_given(started: list[Options]) -> None:
    result = invoke()
    assert result.exit_code == 2
    assert "Missing option '--worker-image'" in result.output
    assert started == []


def test_one_option_is_enough(started: list[Options]) -> None:
    assert invoke("--worker-image", "worker:1").exit_code == 0
    assert started == [Options(worker_image="worker:1")]


def test_everything_can_come_from_the_environment(started: list[Options], tmp_path: Path) -> None:
    result = invoke(
        MODELREUSE_WORKER_IMAGE="worker:1",
        MODELREUSE_NAMESPACES="a b",
        MODELREUSE_METRICS_PORT="9090",
        MODELREUSE_GATE_MANIFESTS=str(tmp_path),
        MODELREUSE_RESYNC_SECONDS="30",
        MODELREUSE_ELECTRICITY_MAPS_KEY_FILE="/etc/key",
    )
    assert result.exit_code == 0, result.output
    assert started == [Options("worker:1", ("a", "b"), 9090, tmp_path, 30.0, Path("/etc/key"))]


def test_without_an_api_server_the_command_says_so_in_one_line(tmp_path: Path) -> None:
    result = invoke("--worker-image", "worker:1", KUBECONFIG=str(tmp_path / "nothing"))
    assert result.exit_code == 1
    assert result.output.splitlines()[-1].startswith("Error: no API server is known: ")


def test_a_folder_without_policies_is_no_gate(tmp_path: Path) -> None:
    result = invoke("--worker-image", "worker:1", "--gate-manifests", str(tmp_path))
    assert result.exit_code == 1
    assert "in admission-*.yaml" in result.output
