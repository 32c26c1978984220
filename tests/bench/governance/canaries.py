"""Tells when changes of admission policies are in force, by two policies that do nothing but say their own state.

An API server looks for changed policies every second, and takes over all of one kind at once, in the order in which
they were written. So once it is heard that a canary was changed, whatever was changed before it is in force, too.
"""

from dataclasses import dataclass, field
from itertools import count

from cluster.person import Object, Person, RefusedError
from cluster.waiting import until

NAME = "governance-canary"
_VERSION = "admissionregistration.k8s.io/v1"
_CAGE: Object = {
    "failurePolicy": "Fail",
    "matchConstraints": {
        "resourceRules": [
            {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"]}
        ]
    },
    "matchConditions": [{"name": "the-canary", "expression": f"object.metadata.name == '{NAME}'"}],
}
_HEARD = "'heard ' + object.metadata.?annotations[?'song'].orValue('nothing')"


@dataclass(frozen=True)
class Canaries:
    """Both of them, at one API server; the ConfigMap that they are asked by is never stored."""

    admin: Person
    namespace: str
    _songs: "count[int]" = field(default_factory=lambda: count(1))

    def wait(self) -> None:
        """Until all that was changed before is in force."""
        song = str(next(self._songs))
        self.admin.apply(_mutating(song))
        self.admin.apply(_validating(song))
        until(lambda: self._heard() == f"{song} heard {song}", "changed policies are in force")

    def install(self) -> None:
        """Raises AssertionError where they are not heard."""
        for kind in ("MutatingAdmissionPolicyBinding", "ValidatingAdmissionPolicyBinding"):
            actions = {"validationActions": ["Deny"]} if kind.startswith("Validating") else {}
            self.admin.apply(_policy(kind, {"policyName": NAME, **actions}))
        self.wait()

    def _heard(self) -> str:
        metadata = {"namespace": self.namespace, "name": NAME}
        try:
            self.admin.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}, dryRun="All")
        except RefusedError as error:
            return error.message.rpartition("denied request: ")[2]
        return "nothing"


def _mutating(song: str) -> Object:
    expression = f"[JSONPatch{{op: 'add', path: '/metadata/annotations', value: {{'song': '{song}'}}}}]"
    mutations = [{"patchType": "JSONPatch", "jsonPatch": {"expression": expression}}]
    return _policy("MutatingAdmissionPolicy", {**_CAGE, "reinvocationPolicy": "Never", "mutations": mutations})


def _validating(song: str) -> Object:
    validations = [{"expression": "false", "messageExpression": f"'{song} ' + {_HEARD}"}]
    return _policy("ValidatingAdmissionPolicy", {**_CAGE, "validations": validations})


def _policy(kind: str, spec: Object) -> Object:
    return {"apiVersion": _VERSION, "kind": kind, "metadata": {"name": NAME}, "spec": spec}
