"""The policies themselves: they compile without warnings, fail closed, and spell names as the code does."""

import re

import pytest
import yaml

from cluster.gate.attempts import ALL, PROBES
from cluster.installing import TEMPLATES, documents
from cluster.person import Object, Person
from cluster.waiting import until
from modelreuse.api import names

POLICIES = [
    each for each in documents(*TEMPLATES) if each["kind"] in ("ValidatingAdmissionPolicy", "MutatingAdmissionPolicy")
]
VALIDATING = [each for each in POLICIES if each["kind"] == "ValidatingAdmissionPolicy"]


def ids(policies: list[Object]) -> list[str]:
    return [each["metadata"]["name"] for each in policies]


@pytest.mark.parametrize("policy", VALIDATING, ids=ids(VALIDATING))
def test_no_expression_has_a_type_warning(policy: Object, admin: Person, chart: list[Object]) -> None:
    def checked() -> Object | None:
        stored = admin.get(policy)
        status: Object = stored.get("status", {})
        return status if status.get("observedGeneration") == stored["metadata"]["generation"] else None

    status = until(checked, "the policy is type-checked")
    assert status["typeChecking"].get("expressionWarnings", []) == []


@pytest.mark.parametrize("policy", POLICIES, ids=ids(POLICIES))
def test_policies_fail_closed(policy: Object) -> None:
    assert policy["spec"]["failurePolicy"] == "Fail"


@pytest.mark.parametrize("policy", POLICIES, ids=ids(POLICIES))
def test_policies_are_bound_everywhere_and_deny(policy: Object) -> None:
    kind = policy["kind"] + "Binding"
    bound = [
        each["spec"]
        for each in documents(*TEMPLATES)
        if each["kind"] == kind and each["spec"]["policyName"] == policy["metadata"]["name"]
    ]
    actions = {"validationActions": ["Deny", "Audit"]} if policy in VALIDATING else {}
    every = {"paramRef": {"selector": {}, "parameterNotFoundAction": "Allow"}} if "paramKind" in policy["spec"] else {}
    assert bound == [{"policyName": policy["metadata"]["name"], **actions, **every}]


def test_every_validating_policy_is_waited_for() -> None:
    # Where stamps are written, the identity policy has nothing left to refuse; test_without_stamping waits for it.
    assert set(PROBES) == set(ids(VALIDATING)) - {"modelreuse-identity"}
    assert set(PROBES.values()) <= {attempt.id for attempt in ALL}


def test_stamps_are_checked_by_the_same_expressions_that_write_them() -> None:
    by_name = {each["metadata"]["name"]: each["spec"]["variables"] for each in POLICIES if "variables" in each["spec"]}
    written, checked = by_name["modelreuse-stamps"], by_name["modelreuse-identity"]
    assert checked[: len(written)] == written


def test_every_name_of_ours_is_spelled_as_in_the_code() -> None:
    known = {value for value in vars(names).values() if isinstance(value, str)}
    text = yaml.safe_dump(POLICIES, width=10_000)
    annotations = set(re.findall(r"modelreuse\.io/[a-z-]+[a-z]", text))
    accounts = set(re.findall(r"system:serviceaccount:modelreuse-system:[a-z]+", text))
    assert annotations <= known
    assert accounts == {names.OPERATOR_USER}
    assert set(re.findall(r"startsWith\(\W*([a-z]+-)\W*\)", text)) == {names.RESERVED_PREFIX, "kube-"}


def test_templates_have_directives_in_comments_only() -> None:
    for path in TEMPLATES:
        for line in path.read_text().splitlines():
            assert "{{" not in line or line.lstrip().startswith("#"), f"{path.name}: {line}"
