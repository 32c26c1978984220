"""The pods that run a requester's code beside our worker: what they are allowed, on paper and from inside."""

import json

import pytest

from cluster.person import Object
from e2e.lies import STORIES, Training

pytestmark = pytest.mark.story.with_args(STORIES["copies-the-old-model"])

ROLES = pytest.mark.parametrize("role", ["assessment", "verification"])


def pod_of(end: Training, role: str) -> Object:
    (pod,) = end.seen.pods[role]
    return pod


@ROLES
def test_its_spec_asks_for_nothing(role: str, end: Training):
    spec = pod_of(end, role)["spec"]
    (container,) = spec["containers"]
    identity, limits = spec["securityContext"], container["securityContext"]

    assert (identity["runAsNonRoot"], identity["runAsUser"]) == (True, 65532)
    assert identity["seccompProfile"] == {"type": "RuntimeDefault"}
    assert limits["readOnlyRootFilesystem"]
    assert not limits["allowPrivilegeEscalation"]
    assert limits["capabilities"] == {"drop": ["ALL"]}
    assert "privileged" not in limits
    assert not spec["automountServiceAccountToken"]
    assert not any("projected" in volume or "secret" in volume for volume in spec["volumes"])


@ROLES
def test_code_inside_finds_itself_without_rights(role: str, end: Training):
    log = end.town.kubectl("admin", "logs", "-n", end.namespace, pod_of(end, role)["metadata"]["name"])
    found = [json.loads(line) for line in log.stdout.splitlines() if line.startswith('{"Uid"')]

    assert found
    for seen in found:
        assert set(seen["Uid"].split()) == {"65532"}
        assert set(seen["Gid"].split()) == {"65532"}
        assert [int(seen[name], 16) for name in ("CapEff", "CapPrm", "CapBnd")] == [0, 0, 0]
        assert (seen["NoNewPrivs"], seen["Seccomp"]) == ("1", "2")
        assert seen["root"] == "ro"
        assert seen["token"] is False
