"""What our container in a retraining's pod says, as a node tells it to a real API server."""

import json

from cluster.controller.looks import Looks
from cluster.controller.team import Team
from cluster.controller.test_looks import approved
from cluster.person import Object
from cluster.waiting import until


async def launched(looks: Looks, team: Team) -> tuple[Object, Object, Object]:
    """A check, the Job of its retraining, and the pod, bound to a node."""
    check = await approved(looks, team)
    await looks.settle(check)
    job = team.job(check, "retraining")
    return check, job, team.pod(job)


async def test_a_retraining_that_would_read_other_bytes_ends_before_it_begins(looks: Looks, team: Team) -> None:
    check, job, pod = await launched(looks, team)
    digest = team.now(check)["status"]["approval"]["digest"]
    message = "spec.data.new.uri: 'pvc://data/line7.npz': holds sha256:1, but sha256:2 was approved; assess again"
    error = {"reason": "InputsChanged", "field": "spec.data.new.uri", "message": message}
    said = json.dumps({"version": 1, "task": digest, "error": error})
    ended = {"exitCode": 3, "reason": "Error", "message": said}
    first = {"name": "modelreuse-inputs", "image": "i", "imageID": "i", "ready": False, "restartCount": 0}
    status = {"phase": "Failed", "initContainerStatuses": [{**first, "state": {"terminated": ended}}]}
    team["node"].patch(pod, {"status": status}, part="status")
    until(lambda: team["admin"].get(job)["status"].get("failed"), "the Job controller saw the end")

    await looks.settle(check)
    retrained = team.condition(check, "Retrained")
    assert (retrained["status"], retrained["reason"], retrained["message"]) == ("False", "InputsChanged", message)
    await looks.settle(check)
    assert team.roles(check) == ["assessment", "retraining"]


async def test_a_pod_security_level_of_restricted_lets_our_container_in(looks: Looks, team: Team) -> None:
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": team.namespace}}
    team["admin"].patch(namespace, {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}})
    check = await approved(looks, team)
    await looks.settle(check)
    pod = team.job(check, "retraining")["spec"]["template"]["spec"]
    security = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    tight = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    (trainer,) = pod["containers"]
    wanted = {**pod, "securityContext": security, "containers": [{**trainer, "securityContext": tight}]}
    alone = team.obj("Pod", "alone", version="v1") | {"spec": wanted}
    assert team["admin"].create(alone, dryRun="All")["spec"]["initContainers"][0]["name"] == "modelreuse-inputs"
