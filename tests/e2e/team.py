"""A namespace in which one story happens: its claims, its check, and what can be seen of it from outside."""

import copy
import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cluster.installing import documents
from cluster.person import Object
from cluster.waiting import until
from demo.figures import condition
from e2e.town import EXAMPLE, RESULTS, Town

CLAIMS = ("models", "data", "code", "candidates")
OWN_CODE = Path(__file__).parent / "code"
USER = 65532
LONG = 240.0
"""Seconds after which whatever was waited for counts as not happening, on a machine that has other things to do."""


@dataclass(frozen=True)
class Seen:
    """A check, and all that hangs on it, at one time. jobs and pods: by role, oldest first."""

    check: Object
    jobs: Mapping[str, list[Object]]
    pods: Mapping[str, list[Object]]
    records: list[Object]

    def condition(self, kind: str) -> tuple[str, str]:
        """Status and reason."""
        found = condition(self.check, kind)
        return found["status"], found["reason"]

    def message(self, kind: str) -> str:
        """What a condition says."""
        said: str = condition(self.check, kind)["message"]
        return said

    def answer(self, role: str) -> Any:
        """What the only pod of this role left as its termination message."""
        (pod,) = self.pods[role]
        return json.loads(pod["status"]["containerStatuses"][0]["state"]["terminated"]["message"])


@dataclass(frozen=True)
class Team:
    """A namespace; `folder` holds a folder for each of its claims."""

    town: Town
    namespace: str
    folder: Path

    @staticmethod
    def gather(town: Town, namespace: str, *, labels: Mapping[str, str]) -> "Team":
        """Make the namespace, bring its people together, and fill its claims with the example's files."""
        team = Team(town, namespace, RESULTS / namespace)
        for claim in CLAIMS:
            _copy_readable(EXAMPLE / claim, team.folder / claim)
        _copy_readable(OWN_CODE, team.folder / "code")
        os.chown(team.folder / "candidates", USER, USER)
        restricted = {"pod-security.kubernetes.io/enforce": "restricted", **labels}
        metadata = {"name": namespace, "labels": restricted}
        town.admin.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
        # Pods without a request would get next to nothing of a machine that does other things too.
        share = {"type": "Container", "defaultRequest": {"cpu": "100m"}}
        limits = {"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "share", "namespace": namespace}}
        town.admin.apply({**limits, "spec": {"limits": [share]}})
        for claim in CLAIMS:
            town.admin.apply(team.volume(claim))
        ours = [each for each in documents(EXAMPLE / "rbac.yaml") if each["metadata"].get("namespace") == "line7"]
        for each in (*documents(EXAMPLE / "storage.yaml"), *ours):
            town.admin.apply({**each, "metadata": {**each["metadata"], "namespace": namespace}})
        return team

    def example(self, name: str = "digits") -> Object:
        """The example's check, as this team would write it."""
        check = copy.deepcopy(documents(EXAMPLE / "check.yaml")[0])
        check["metadata"] = {"name": name, "namespace": self.namespace}
        trainer_of(check)["image"] = self.town.worker_image
        return check

    def request(self, check: Object) -> None:
        """Ada applies a check."""
        self.town.ada.apply(check, manager="kubectl")

    def offered(self, name: str = "digits") -> Object:
        """The check, once it can be approved."""
        return self.until(name, lambda check: condition(check, "Approved")["reason"] == "AwaitingApproval")

    def approve(self, name: str = "digits") -> str:
        """Grace approves what is offered, once it is; returns the digest."""
        check = self.offered(name)
        digest: str = check["status"]["approval"]["digest"]
        self.town.grace.annotate(self.named(name), approve=digest)
        return digest

    def running(self, role: str, name: str = "digits") -> Object:
        """The latest Job of this role, once the operator knows it and its pod runs."""

        def runs() -> Object | None:
            seen = self.see(name)
            job = next(reversed(seen.jobs.get(role, [])), None)
            phases = [pod["status"]["phase"] for pod in seen.pods.get(role, [])]
            known = job is not None and job["metadata"]["uid"] in json.dumps(seen.check["status"])
            return job if known and phases[-1:] == ["Running"] else None

        return until(runs, f"{self.namespace}: the {role} of {name} runs", seconds=LONG)

    def ended(self, name: str = "digits") -> Seen:
        """Everything, once the operator has nothing left to do about a check that was approved."""
        self.until(name, lambda check: condition(check, "Ready")["reason"] == "Completed")

        def recorded() -> Seen | None:
            seen = self.see(name)
            return seen if all("outcome" in record for record in seen.records) else None

        return until(recorded, f"{self.namespace}: the outcome is recorded")

    def until(self, name: str, done: Callable[[Object], bool]) -> Object:
        """The check, once `done` holds of it. AssertionError with its conditions when that doesn't happen."""
        last: Object = {}

        def ask() -> Object | None:
            nonlocal last
            last = self.town.ada.get(self.named(name))
            return last if done(last) else None

        try:
            return until(ask, f"{self.namespace}/{name} gets there", seconds=LONG)
        except AssertionError as error:
            said = [
                f"{each['type']} {each['status']}: {each['reason']}: {each['message']}"
                for each in last.get("status", {}).get("conditions", [])
            ]
            raise AssertionError("\n".join([str(error), *said])) from None

    def see(self, name: str = "digits") -> Seen:
        """Everything about a check, as it is now."""
        jobs, pods = (self._by_role(version, kind, name) for version, kind in (("batch/v1", "Job"), ("v1", "Pod")))
        record = {"apiVersion": "modelreuse.io/v1alpha1", "kind": "RetrainingRecord", "metadata": self._here()}
        return Seen(self.town.ada.get(self.named(name)), jobs, pods, self.town.admin.list(record))

    def named(self, name: str = "digits") -> Object:
        """A reference to a check."""
        metadata = {"name": name, **self._here()}
        return {"apiVersion": "modelreuse.io/v1alpha1", "kind": "ModelReuseCheck", "metadata": metadata}

    def output_of(self, job: Object) -> str:
        """What a Job of Ada's own has printed, once it has succeeded. AssertionError with that where it failed."""

        name = job["metadata"]["name"]
        what = f"{self.namespace}: the Job {name} ends"
        how = until(lambda: how_it_ended(self.town.ada.get(job)), what, seconds=LONG)
        log = self.town.kubectl("ada", "logs", "-n", self.namespace, f"job/{name}", "--tail=-1")
        assert how == "Complete", log.stdout + log.stderr
        return log.stdout

    def volume(self, claim: str) -> Object:
        """What holds a claim: its folder."""
        return {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {"name": f"{self.namespace}-{claim}"},
            "spec": {
                "capacity": {"storage": "64Mi"},
                "accessModes": ["ReadWriteOnce"],
                "persistentVolumeReclaimPolicy": "Retain",
                "hostPath": {"path": str(self.folder / claim), "type": "Directory"},
                "claimRef": {"namespace": self.namespace, "name": claim},
            },
        }

    def _here(self) -> dict[str, str]:
        return {"namespace": self.namespace}

    def _by_role(self, version: str, kind: str, name: str) -> dict[str, list[Object]]:
        which = {"apiVersion": version, "kind": kind, "metadata": self._here()}
        found = self.town.admin.list(which, labelSelector=f"modelreuse.io/check={name}")
        by_role: dict[str, list[Object]] = {}
        for each in sorted(found, key=lambda one: str(one["metadata"]["creationTimestamp"])):
            by_role.setdefault(each["metadata"]["labels"]["modelreuse.io/role"], []).append(each)
        return by_role


def how_it_ended(job: Object) -> str:
    """The condition that ended a Job, if it has ended."""
    held = (each["type"] for each in job["status"].get("conditions", ()) if each["status"] == "True")
    return next((kind for kind in held if kind in {"Complete", "Failed"}), "")


def trainer_of(check: Object) -> Object:
    """The container `trainer` of a check's template, to be changed."""
    pod = check["spec"]["retraining"]["jobTemplate"]["spec"]["template"]["spec"]
    container: Object = next(each for each in pod["containers"] if each["name"] == "trainer")
    return container


def _copy_readable(source: Path, target: Path) -> None:
    """Copy a folder (an empty one where there is none) so that everybody may read it, whatever the umask is."""
    target.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
    for path in (target, *target.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
