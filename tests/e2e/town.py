"""A real cluster with the operator installed as an administrator would: where every story of these tests happens.

It knows how to install and whom to ask, nothing of what the operator ought to do.
"""

import io
import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import torch

from cluster.installing import TEMPLATES, apply_all, documents, install_definitions
from cluster.person import Object, Person, RefusedError
from cluster.waiting import until
from demo.kubectl import KUBECTL
from images import machine
from images.build import ensure
from images.builder import Builder
from images.delivery import deliver
from localcluster import Cluster
from unit.worker.tiny import INPUTS, build, exported

CHECKOUT = Path(__file__).parents[2]
EXAMPLE = CHECKOUT / "examples/mnist"
RESULTS = CHECKOUT / "build/e2e"
SYSTEM = "modelreuse-system"
OPERATOR = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "operator", "namespace": SYSTEM}}
PROBE = "probe"


@dataclass(frozen=True)
class Town:
    """The cluster, the people, and what only an administrator sees."""

    cluster: Cluster
    worker_image: str
    admin: Person
    ada: Person
    """Engineer: edits, requests, and may approve other people's requests."""
    grace: Person
    """Platform lead: approves, owns the policies, imports records."""
    mallory: Person
    """Edits, and may approve nothing."""
    tiny_model: bytes
    """A classifier of four numbers, as a `.pt2` file."""
    pickled_model: bytes
    """Its weights, as a file that has to be unpickled."""
    restarting: threading.Lock = field(default_factory=threading.Lock)

    def kubectl(self, person: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """What this person gets for `kubectl ARGUMENTS`."""
        command = [str(KUBECTL), "--kubeconfig", str(self.cluster.kubeconfig(person)), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)

    def end_operator(self, *, grace_seconds: int) -> None:
        """Delete the operator's pod, and return once another one works. 0 seconds: it gets no chance to tidy up."""
        with self.restarting:
            self.keep_log()
            before = self._operator_pods()
            for pod in before:
                self.admin.delete(pod, gracePeriodSeconds=str(grace_seconds))
            known = {pod["metadata"]["uid"] for pod in before}
            until(lambda: self._another_works(known), "another operator works", seconds=240)

    def keep_log(self) -> None:
        """Add what the operator said to the file in which whoever wonders about a failed test can read it."""
        log = self.kubectl("admin", "logs", "-n", SYSTEM, "deployment/operator", "--tail=-1")
        with (RESULTS / "operator.log").open("a") as file:
            file.write(log.stdout + log.stderr)

    def created_jobs(self, namespace: str, role: str) -> list[str]:
        """Names of the Jobs of this role that anybody ever made here, by the API server's own log."""
        lines = self.cluster.audit_log.read_text().splitlines()
        events = (json.loads(line) for line in lines if f'"/apis/batch/v1/namespaces/{namespace}/jobs' in line)
        return [
            event["objectRef"]["name"]
            for event in events
            if event["verb"] == "create"
            and event["responseStatus"]["code"] == 201
            and event["requestObject"]["metadata"].get("labels", {}).get("modelreuse.io/role") == role
        ]

    def _operator_pods(self) -> list[Object]:
        pods = self.admin.list({"apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": SYSTEM}})
        return [{"apiVersion": "v1", "kind": "Pod", **pod} for pod in pods]

    def _another_works(self, known: set[str]) -> bool:
        return any(
            pod["metadata"]["uid"] not in known
            and any(
                state["type"] == "Ready" and state["status"] == "True" for state in pod["status"].get("conditions", [])
            )
            for pod in self._operator_pods()
        )


@contextmanager
def town(name: str) -> Iterator[Town]:
    """A town of one's own, begun anew; the node keeps its images from one time to the next."""
    names = ensure()
    Cluster.named(name).down()
    shutil.rmtree(RESULTS, ignore_errors=True)
    RESULTS.mkdir(parents=True)
    with Cluster.up(name=name, level="node", audit=True) as cluster:
        builder = Builder(machine.store())
        deliver(builder.layout, list(names.values()), name)
        people = [Person.from_kubeconfig(cluster.kubeconfig(user)) for user in ("admin", "ada", "grace", "mallory")]
        here = Town(cluster, names["worker"], *people, *_tiny_models())
        try:
            _install(here, names)
            yield here
        finally:
            here.keep_log()
            shutil.copyfile(cluster.audit_log, RESULTS / "audit.log")
            for person in people:
                person.hang_up()


def _tiny_models() -> tuple[bytes, bytes]:
    """Made here, not in a story: PyTorch's export changes the process's warning filters while it works."""
    pickled = io.BytesIO()
    torch.save(build().state_dict(), pickled)
    return exported(build(), torch.zeros(2, INPUTS)), pickled.getvalue()


def _install(here: Town, images: dict[str, str]) -> None:
    install_definitions(here.admin)
    apply_all(here.admin, (_with_images(each, images) for each in documents(*TEMPLATES)))
    for path in ("namespace", "rbac"):
        for each in documents(EXAMPLE / f"{path}.yaml"):
            here.admin.apply(each)
    until(lambda: _is_in_force(here), "the admission policies are enforced", seconds=60)
    for path in ("profile", "policy", "records"):
        for each in documents(EXAMPLE / f"{path}.yaml"):
            here.grace.create(each)
    until(lambda: here.admin.get(OPERATOR)["status"].get("readyReplicas"), "the operator is ready", seconds=90)


def _with_images(obj: Object, images: dict[str, str]) -> Object:
    """The object, with the images that were built in place of those that a release would name."""
    text = json.dumps(obj)
    for image, full_name in images.items():
        text = text.replace(f"localhost/model-reuse-operator/{image}:dev", full_name)
    replaced: Object = json.loads(text)
    return replaced


def _is_in_force(here: Town) -> bool:
    """Whether requests are stamped, and reserved names refused: policies are enforced some seconds after they exist."""
    check = documents(EXAMPLE / "check.yaml")[0]
    container = {"name": PROBE, "image": "none"}
    job = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "mrc-probe", "namespace": check["metadata"]["namespace"]},
        "spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [container]}}},
    }
    try:
        stored = here.ada.create(check, dryRun="All")
    except RefusedError:
        return False
    try:
        here.ada.create(job, dryRun="All")
    except RefusedError as error:
        return "modelreuse.io/requested-by" in stored["metadata"]["annotations"] and "mrc-" in error.message
    return False
