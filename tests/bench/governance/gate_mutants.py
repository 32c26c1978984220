"""Mutants of the admission policies: each has one rule less, or one that says always the same."""

import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from bench.governance.results import identity

CONSTANTS = ("true", "false", "''", "[]", "{}")
"""What a variable is replaced by; the API server refuses those of another type."""
NOTHING = "[JSONPatch{op: 'test', path: '/kind', value: object.kind}]"
"""A mutation that changes nothing."""
KINDS = ("ValidatingAdmissionPolicy", "MutatingAdmissionPolicy")

Object = dict[str, Any]


@dataclass(frozen=True)
class GateMutant:
    """A policy with one rule changed."""

    id: str
    policy: str
    body: Object


def gate_mutants(documents: list[Object]) -> list[GateMutant]:
    """All mutants of all policies: first those without a rule, then those with another variable."""
    every = [mutant for document in documents if document["kind"] in KINDS for mutant in _of(document)]
    return sorted(every, key=lambda mutant: ": variables" in mutant.id)


def _of(policy: Object) -> Iterator[GateMutant]:
    spec = policy["spec"]
    for index in range(len(spec.get("validations", []))):
        yield _mutant(policy, f"validations[{index}]", ("validations", index, "expression"), "true")
    for index, condition in enumerate(spec.get("matchConditions", [])):
        yield _mutant(policy, f"matchConditions.{condition['name']}", ("matchConditions", index, "expression"), "true")
    for index, variable in enumerate(spec.get("variables", [])):
        for constant in CONSTANTS:
            where = ("variables", index, "expression")
            yield _mutant(policy, f"variables.{variable['name']}={constant}", where, constant)
    for index, rule in enumerate(spec["matchConstraints"]["resourceRules"]):
        for field in ("operations", "resources"):
            for item in rule[field]:
                if len(rule[field]) > 1:
                    rest = [each for each in rule[field] if each != item]
                    where = ("matchConstraints", "resourceRules", index, field)
                    yield _mutant(policy, f"{field}[{index}]-{item}", where, rest)
    if policy["kind"] == "MutatingAdmissionPolicy":
        for index in range(len(spec["mutations"])):
            where = ("mutations", index, "jsonPatch", "expression")
            yield _mutant(policy, f"mutations[{index}]", where, NOTHING)


def _mutant(policy: Object, what: str, path: tuple[str | int, ...], value: object) -> GateMutant:
    body = deepcopy(policy)
    holder: Any = body["spec"]
    for part in path[:-1]:
        holder = holder[part]
    holder[path[-1]] = value
    name = policy["metadata"]["name"]
    return GateMutant(identity(f"{name}: {what}", json.dumps(body, sort_keys=True)), name, body)


def rules_in(documents: list[Object]) -> int:
    """How many rules there are: validations, match conditions, mutations."""
    count = 0
    for each in documents:
        spec: Mapping[str, Any] = each.get("spec", {})
        if each["kind"] in KINDS:
            count += sum(len(spec.get(part, [])) for part in ("validations", "matchConditions", "mutations"))
    return count
