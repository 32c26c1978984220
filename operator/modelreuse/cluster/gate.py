"""Whether the admission policies that everything rests on still stand as they were shipped.

An approval means something only while the API server refuses whoever isn't entitled to it. So before each decision we
compare what is installed with what was shipped: a policy that is missing, that lets requests pass when it fails, or
that says something else is a reason to launch nothing. Without the shipped manifests at hand only presence, failure
policy and denial are compared.
"""

import hashlib
import json
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from modelreuse.api import Failure
from modelreuse.cluster.client import Client, Json
from modelreuse.cluster.errors import NotFoundError, RefusedError
from modelreuse.cluster.resources import Resource

ADMISSION = "admissionregistration.k8s.io/v1"
LABEL = "app.kubernetes.io/name=model-reuse-operator"
FRESH = timedelta(seconds=30)

_VALIDATING = Resource(ADMISSION, "ValidatingAdmissionPolicy", "validatingadmissionpolicies")
_VALIDATING_BINDING = Resource(ADMISSION, "ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings")
_MUTATING = Resource(ADMISSION, "MutatingAdmissionPolicy", "mutatingadmissionpolicies")
_MUTATING_BINDING = Resource(ADMISSION, "MutatingAdmissionPolicyBinding", "mutatingadmissionpolicybindings")
_KINDS = {each.kind: each for each in (_VALIDATING, _VALIDATING_BINDING, _MUTATING, _MUTATING_BINDING)}
_SINCE_1_36 = {_MUTATING.kind, _MUTATING_BINDING.kind}
"""Not served by older clusters. There clients send the stamps, and the validating policies refuse untrue ones."""

VALIDATING = (
    "decisions",
    "identity",
    "jobs",
    "namespaces",
    "operator",
    "pods",
    "records",
    "requests",
    "shells",
    "status",
    "train-job-parts",
    "train-jobs",
)
MUTATING = ("keep-rejection", "stamp-imports", "stamps")

Manifests = Mapping[tuple[str, str], Json]
"""By kind and name: `spec` as shipped; empty where only the name is known."""


NAMES_ALONE: Manifests = {
    (kind.kind, f"modelreuse-{name}"): {}
    for kinds, names in (((_VALIDATING, _VALIDATING_BINDING), VALIDATING), ((_MUTATING, _MUTATING_BINDING), MUTATING))
    for kind in kinds
    for name in names
}
"""What must be installed, where the manifests aren't at hand."""


def read_manifests(folder: Path) -> Manifests:
    """The shipped policies and bindings from the `admission-*.yaml` files of a folder.

    Raises ValueError when a policy that must be there isn't.
    """
    shipped = {
        (each["kind"], each["metadata"]["name"]): each["spec"]
        for path in sorted(folder.glob("admission-*.yaml"))
        for each in yaml.safe_load_all(path.read_text())
        if each and each["kind"] in _KINDS
    }
    missing = NAMES_ALONE.keys() - shipped.keys()
    if missing:
        kind, name = sorted(missing)[0]
        raise ValueError(f"{folder}: no {kind} {name} in admission-*.yaml")
    return shipped


@dataclass
class Gate:
    """The installed policies, looked at again when the last look is older than `FRESH`."""

    client: Client
    manifests: Manifests
    state: str = ""
    """What stood at the last look, as a hash: another one after every change of a policy, one that was undone too."""
    _looked_at: datetime | None = None
    _failure: Failure | None = None

    async def failure(self, now: datetime, *, fresh: bool = False) -> Failure | None:
        """Why the gate can't be relied upon; None when it stands. `fresh` looks now, whenever the last look was."""
        if fresh or self._looked_at is None or now - self._looked_at >= FRESH:
            self._failure = await self._look()
            self._looked_at = now
        return self._failure

    async def _look(self) -> Failure | None:
        try:
            installed = await self._installed()
            self.state = state_of(self.manifests, installed)
            return first_deviation(self.manifests, installed)
        except RefusedError as error:
            return Failure(
                reason="GateUnknown", message=f"the admission policies can't be read, so approvals don't count: {error}"
            )

    async def _installed(self) -> dict[str, dict[str, Json] | None]:
        """By kind: the installed objects by name; None for a kind that this cluster doesn't serve."""
        found: dict[str, dict[str, Json] | None] = {}
        for resource in _KINDS.values():
            try:
                found[resource.kind] = {
                    each["metadata"]["name"]: each async for each in self.client.list(resource, labels=LABEL)
                }
            except NotFoundError:
                found[resource.kind] = None
        return found


def state_of(shipped: Manifests, installed: Mapping[str, Mapping[str, Json] | None]) -> str:
    """A hash of which policies and bindings stand, by UID and generation.

    A gate that was taken away and put back, or altered and mended, says the same as before; what people did in between
    was not refused.
    """
    stamps = []
    for kind, name in sorted(shipped):
        metadata = ((installed.get(kind) or {}).get(name) or {}).get("metadata") or {}
        stamps.append([kind, name, metadata.get("uid", ""), metadata.get("generation", 0)])
    return f"sha256:{hashlib.sha256(json.dumps(stamps).encode()).hexdigest()}"


def first_deviation(shipped: Manifests, installed: Mapping[str, Mapping[str, Json] | None]) -> Failure | None:
    """The first policy or binding that isn't as shipped, in words; None when all are."""
    for (kind, name), wanted in sorted(shipped.items()):
        there = installed.get(kind)
        if there is None and kind in _SINCE_1_36:
            continue
        found = (there or {}).get(name)
        if found is None or "deletionTimestamp" in found["metadata"]:
            return Failure(reason="GateMissing", message=f"{kind} {name} is not installed, so approvals don't count")
        complaint = _complaint(kind, wanted, found["spec"])
        if complaint:
            return Failure(reason="GateAltered", message=f"{kind} {name} {complaint}, so approvals don't count")
    return None


def _complaint(kind: str, wanted: Json, found: Json) -> str | None:
    if kind in {_VALIDATING.kind, _MUTATING.kind} and found.get("failurePolicy") != "Fail":
        return "has another failurePolicy than Fail"
    if kind == _VALIDATING_BINDING.kind and "Deny" not in found.get("validationActions", []):
        return "does not deny"
    differing = [key for key in sorted({*wanted, *found}) if _defaulted(wanted).get(key) != found.get(key)]
    if wanted and differing:
        return f"differs from the shipped one in spec.{differing[0]}"
    return None


def _defaulted(spec: Json) -> dict[str, Any]:
    """`spec` with what the API server adds to what a manifest leaves out."""
    full = deepcopy(spec)
    constraints = full.get("matchConstraints")
    if constraints is not None:
        constraints.setdefault("matchPolicy", "Equivalent")
        constraints.setdefault("namespaceSelector", {})
        constraints.setdefault("objectSelector", {})
        for rule in constraints.get("resourceRules", []):
            rule.setdefault("scope", "*")
    return full
