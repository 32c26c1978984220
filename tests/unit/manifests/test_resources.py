"""What a pod asks for is what its scheduler adds up: containers at once, init containers one after the other."""

from typing import Any

import pytest

from modelreuse.manifests import accelerators_of, cores_of, without_cpu_limit

Json = dict[str, Any]


def container(cpu: str | None = None, gpus: int = 0, **more: Any) -> Json:
    limits: Json = {"cpu": cpu} if cpu else {}
    return {"resources": {"limits": limits | ({"nvidia.com/gpu": gpus} if gpus else {})}, **more}


ALWAYS = {"restartPolicy": "Always"}


@pytest.mark.parametrize(
    ("pod", "cores", "gpus"),
    [
        ({"containers": [container("2", 1), container("500m")]}, 2.5, 1),
        ({"containers": [container("2")], "initContainers": [container("8", 4), container("3")]}, 8, 4),
        ({"containers": [container("2", 1)], "initContainers": [container("1", 1, **ALWAYS)]}, 3, 2),
        ({"containers": [container("1")], "initContainers": [container("2", **ALWAYS), container("3")]}, 5, 0),
        ({"containers": [container()]}, 1, 0),
        ({"containers": [{"resources": {"requests": {"cpu": 3}}}], "initContainers": None}, 3, 0),
        ({}, 1, 0),
    ],
)
def test_a_pod_asks_for_the_most_that_runs_at_one_time(pod: Json, cores: float, gpus: int) -> None:
    assert (cores_of(pod), accelerators_of(pod)) == (cores, gpus)


def test_every_container_without_a_limit_is_found() -> None:
    free = {"resources": {"requests": {"cpu": "1"}}}
    assert without_cpu_limit({"containers": [container("1"), free]}) == "containers[1].resources.limits.cpu"
    assert without_cpu_limit({"containers": [container("1")], "initContainers": [{}]}) == (
        "initContainers[0].resources.limits.cpu"
    )
    assert without_cpu_limit({"containers": [container("1")], "initContainers": [container("1")]}) is None
