"""Where the demo plays: a cluster of its own on this machine, or one that is there already."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from demo import commands, places
from demo.commands import Tool
from demo.errors import DemoError
from demo.kubectl import Person
from demo.loader import load_claims
from demo.narrator import Narrator

_USER = 65532


class Stage(Protocol):
    """What the story needs of a cluster."""

    def set_up(self) -> tuple[str, str]:
        """Bring up the cluster and give it the images; returns the names of the operator's and the worker's."""
        ...

    def person(self, name: str) -> Person:
        """Somebody with an identity of their own; `admin` may do everything."""
        ...

    def fill_claims(self, admin: Person, worker_image: str) -> None:
        """Put the example's files where its claims find them."""
        ...

    def keep_audit_log(self, target: Path) -> str | None:
        """Copy the API server's audit log; why there is none, if so."""
        ...


@dataclass(frozen=True)
class LocalStage:
    """A cluster on this machine, begun afresh each time; the node keeps its images."""

    name: str
    narrator: Narrator

    def set_up(self) -> tuple[str, str]:
        """Go builds and image builds share the machine's cores; the cluster starts when both are done."""
        _install_what_is_missing()
        cluster = ("localcluster", "build", "--level", "node")
        said = commands.run(self.narrator, [Tool("cluster", cluster), Tool("images", ("images", "build"))])
        commands.run(self.narrator, [Tool("cluster", ("localcluster", "down", "--name", self.name))])
        up = ("localcluster", "up", "--name", self.name, "--level", "node", "--audit")
        commands.run(self.narrator, [Tool("cluster", up)])
        commands.run(self.narrator, [Tool("images", ("images", "import", "--cluster", self.name))])
        operator, worker = said["images"][-2:]
        return operator, worker

    def person(self, name: str) -> Person:
        """A client certificate each, in a kubeconfig beside the results."""
        from localcluster import Cluster

        file = places.RESULTS / f"{name}.kubeconfig"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.unlink(missing_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as target:
            target.write(Cluster.named(self.name).kubeconfig(name).read_text())
        return Person(name, ("--kubeconfig", str(file)), self.narrator)

    def fill_claims(self, admin: Person, worker_image: str) -> None:  # noqa: ARG002 - no pod is needed here
        """Folders on this machine, which is the node: read-only but for the trainer's."""
        root = places.CHECKOUT / places.RESULTS / "claims"
        shutil.rmtree(root, ignore_errors=True)
        for claim in places.CLAIMS:
            _copy_readable(places.EXAMPLE / claim, root / claim)
        os.chown(root / "candidates", _USER, _USER)
        file = places.APPLIED / "volumes.json"
        file.write_text(json.dumps(volumes(root), indent=1) + "\n")
        admin.types("apply", "-f", str(file), "-f", str(places.EXAMPLE / "storage.yaml"))

    def keep_audit_log(self, target: Path) -> str | None:
        """The cluster of our own writes one."""
        from localcluster import Cluster

        shutil.copyfile(Cluster.named(self.name).audit_log, target)
        return None


@dataclass(frozen=True)
class ExistingStage:
    """A cluster that somebody else runs. The people are impersonated, which takes an administrator's context."""

    context: str
    registry: str | None
    narrator: Narrator

    def set_up(self) -> tuple[str, str]:
        """Bring the images there: into kind's nodes, or into a registry that the cluster pulls from."""
        if self.registry:
            push = Tool("images", ("images", "push", "--registry", self.registry))
            operator, worker = commands.run(self.narrator, [push])["images"][-2:]
        elif self.context.startswith("kind-"):
            folder = places.RESULTS / "images"
            archive = Tool("images", ("images", "archive", "--folder", str(folder)))
            operator, worker = commands.run(self.narrator, [archive])["images"][-2:]
            self._load_into_kind(folder)
        else:
            raise DemoError(
                f"context {self.context} is no kind cluster: name a registry that it pulls from, REGISTRY=HOST"
            )
        self._clear()
        return operator, worker

    def person(self, name: str) -> Person:
        """By impersonation."""
        as_somebody = () if name == "admin" else (f"--as={name}", "--as-group=system:authenticated")
        return Person(name, ("--context", self.context, *as_somebody), self.narrator)

    def fill_claims(self, admin: Person, worker_image: str) -> None:
        """Through a pod: where the volumes lie, only the cluster knows."""
        admin.types("apply", "-f", str(places.EXAMPLE / "storage.yaml"))
        load_claims(admin, worker_image)

    def keep_audit_log(self, target: Path) -> str | None:
        """Somebody else's API server keeps its log to itself."""
        target.unlink(missing_ok=True)
        return f"the audit log of context {self.context} is its administrator's to read"

    def _load_into_kind(self, folder: Path) -> None:
        for archive in sorted(folder.glob("*.tar")):
            command = ["kind", "load", "image-archive", str(archive), "--name", self.context.removeprefix("kind-")]
            self.narrator.command(command)
            if subprocess.run(command, check=False).returncode != 0:
                raise DemoError(f"{' '.join(command)} failed")

    def _clear(self) -> None:
        admin = self.person("admin")
        admin.types("delete", "namespace", places.NAMESPACE, places.HISTORY, "--ignore-not-found", "--timeout=100s")


def _copy_readable(source: Path, target: Path) -> None:
    """Copy a folder (an empty one where there is none) so that everybody may read it, whatever the umask was."""
    target.mkdir(parents=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
    for path in (target, *target.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


def volumes(root: Path) -> dict[str, Any]:
    """One volume per claim, as folders of the node below `root`, each reserved for its claim."""
    items = [
        {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {"name": f"{places.NAMESPACE}-{claim}"},
            "spec": {
                "capacity": {"storage": "64Mi"},
                "accessModes": ["ReadWriteOnce"],
                "persistentVolumeReclaimPolicy": "Retain",
                "hostPath": {"path": str(root / claim), "type": "Directory"},
                "claimRef": {"namespace": places.NAMESPACE, "name": claim},
            },
        }
        for claim in places.CLAIMS
    ]
    return {"apiVersion": "v1", "kind": "List", "items": items}


def _install_what_is_missing() -> None:
    """Before anything runs side by side: two installers at once would fight over apt's lock."""
    from images.machine import prepare
    from localcluster.components import Level
    from localcluster.requirements import changes_for, check_machine

    check_machine()
    steps: tuple[Callable[[], None], ...] = (changes_for(Level.NODE).make, prepare)
    for step in steps:
        step()
