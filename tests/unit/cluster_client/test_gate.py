"""What counts as a gate that stands, compared with the manifests that the chart ships."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from modelreuse.api import Failure
from modelreuse.cluster import NAMES_ALONE, read_manifests
from modelreuse.cluster.gate import first_deviation, state_of

TEMPLATES = Path(__file__).parents[3] / "charts/model-reuse-operator/templates"
POLICY, BINDING = "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"
STAMPING = ("MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding")

Installed = dict[str, Any]


@pytest.fixture(scope="module")
def shipped() -> Mapping[tuple[str, str], Any]:
    return read_manifests(TEMPLATES)


@pytest.fixture
def installed(shipped: Mapping[tuple[str, str], Any]) -> Installed:
    """The shipped ones as an API server stores them, by kind and name."""
    by_kind: Installed = {}
    for (kind, name), spec in shipped.items():
        stored = deepcopy(spec)
        if "matchConstraints" in stored:
            stored["matchConstraints"] |= {"matchPolicy": "Equivalent", "namespaceSelector": {}, "objectSelector": {}}
            for rule in stored["matchConstraints"]["resourceRules"]:
                rule["scope"] = "*"
        by_kind.setdefault(kind, {})[name] = {"metadata": {"name": name}, "spec": stored}
    return by_kind


def test_the_names_that_are_looked_for_are_those_that_are_shipped(shipped: Mapping[tuple[str, str], Any]) -> None:
    assert shipped.keys() == NAMES_ALONE.keys()


def test_a_folder_without_manifests_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no MutatingAdmissionPolicy modelreuse-keep-rejection in"):
        read_manifests(tmp_path)


def test_what_was_installed_unchanged_stands(shipped: Mapping[tuple[str, str], Any], installed: Installed) -> None:
    assert first_deviation(shipped, installed) is None
    assert first_deviation(NAMES_ALONE, installed) is None


def test_an_older_cluster_needs_no_mutating_policies(
    shipped: Mapping[tuple[str, str], Any], installed: Installed
) -> None:
    assert first_deviation(shipped, installed | dict.fromkeys(STAMPING)) is None


def test_a_cluster_without_validating_policies_has_no_gate(
    shipped: Mapping[tuple[str, str], Any], installed: Installed
) -> None:
    failure = first_deviation(shipped, installed | {POLICY: None})
    assert failure is not None
    assert failure.reason == "GateMissing"


def _remove_policy(installed: Installed) -> None:
    del installed[POLICY]["modelreuse-decisions"]


def _remove_binding(installed: Installed) -> None:
    del installed[BINDING]["modelreuse-decisions"]


def _delete_policy_slowly(installed: Installed) -> None:
    installed[POLICY]["modelreuse-decisions"]["metadata"]["deletionTimestamp"] = "2026-01-02T03:04:05Z"


def _remove_stamps(installed: Installed) -> None:
    del installed["MutatingAdmissionPolicy"]["modelreuse-stamps"]


@pytest.mark.parametrize("remove", [_remove_policy, _remove_binding, _delete_policy_slowly, _remove_stamps])
@pytest.mark.parametrize("at_hand", [True, False])
def test_what_is_missing_is_named(
    remove: Callable[[Installed], None],
    at_hand: bool,
    shipped: Mapping[tuple[str, str], Any],
    installed: Installed,
) -> None:
    remove(installed)
    failure = first_deviation(shipped if at_hand else NAMES_ALONE, installed)
    assert failure is not None
    assert failure.reason == "GateMissing"
    assert "modelreuse-" in failure.message


def _ignore_failures(installed: Installed) -> None:
    installed[POLICY]["modelreuse-jobs"]["spec"]["failurePolicy"] = "Ignore"


def _only_audit(installed: Installed) -> None:
    installed[BINDING]["modelreuse-status"]["spec"]["validationActions"] = ["Audit"]


@pytest.mark.parametrize("loosen", [_ignore_failures, _only_audit])
def test_a_gate_that_lets_pass_is_noticed_without_the_manifests(
    loosen: Callable[[Installed], None], installed: Installed
) -> None:
    loosen(installed)
    failure = first_deviation(NAMES_ALONE, installed)
    assert failure is not None
    assert failure.reason == "GateAltered"


def _always_true(installed: Installed) -> None:
    installed[POLICY]["modelreuse-decisions"]["spec"]["validations"][2]["expression"] = "true"


def _drop_a_rule(installed: Installed) -> None:
    installed[POLICY]["modelreuse-decisions"]["spec"]["validations"].pop()


def _spare_a_namespace(installed: Installed) -> None:
    constraints = installed[POLICY]["modelreuse-jobs"]["spec"]["matchConstraints"]
    constraints["namespaceSelector"] = {"matchLabels": {"gate": "on"}}


def _spare_a_resource(installed: Installed) -> None:
    constraints = installed[POLICY]["modelreuse-jobs"]["spec"]["matchConstraints"]
    constraints["excludeResourceRules"] = [{"apiGroups": ["*"], "resources": ["*"], "operations": ["*"]}]


def _spare_a_person(installed: Installed) -> None:
    spec = installed[POLICY]["modelreuse-identity"]["spec"]
    spec["matchConditions"] = [{"name": "not-me", "expression": "request.userInfo.username != 'mallory'"}]


def _narrow_the_binding(installed: Installed) -> None:
    spec = installed[BINDING]["modelreuse-identity"]["spec"]
    spec["matchResources"] = {"namespaceSelector": {"matchLabels": {"gate": "on"}}}


def _bind_another_policy(installed: Installed) -> None:
    installed[BINDING]["modelreuse-identity"]["spec"]["policyName"] = "modelreuse-status"


def _stamp_somebody_else(installed: Installed) -> None:
    spec = installed["MutatingAdmissionPolicy"]["modelreuse-stamps"]["spec"]
    spec["variables"][3]["expression"] = "'bob'"


@pytest.mark.parametrize(
    "alter",
    [
        _ignore_failures,
        _only_audit,
        _always_true,
        _drop_a_rule,
        _spare_a_namespace,
        _spare_a_resource,
        _spare_a_person,
        _narrow_the_binding,
        _bind_another_policy,
        _stamp_somebody_else,
    ],
)
def test_whatever_is_altered_is_noticed_with_the_manifests(
    alter: Callable[[Installed], None], shipped: Mapping[tuple[str, str], Any], installed: Installed
) -> None:
    alter(installed)
    failure = first_deviation(shipped, installed)
    assert failure is not None
    assert failure.reason == "GateAltered"


def test_the_sentence_names_policy_and_field(shipped: Mapping[tuple[str, str], Any], installed: Installed) -> None:
    _always_true(installed)
    assert first_deviation(shipped, installed) == Failure(
        reason="GateAltered",
        message="ValidatingAdmissionPolicy modelreuse-decisions differs from the shipped one in spec.validations, "
        "so approvals don't count",
    )


@pytest.mark.parametrize("change", [{"uid": "anew"}, {"generation": 3}])
@pytest.mark.parametrize("kind", [POLICY, BINDING, *STAMPING])
def test_a_gate_that_was_interrupted_and_mended_is_another_state(
    shipped: Mapping[tuple[str, str], Any], installed: Installed, kind: str, change: dict[str, Any]
) -> None:
    before = state_of(shipped, installed)
    assert state_of(shipped, deepcopy(installed)) == before
    first = sorted(installed[kind])[0]
    installed[kind][first]["metadata"] |= change
    assert first_deviation(shipped, installed) is None
    assert state_of(shipped, installed) != before


def test_policies_of_others_are_no_part_of_the_state(
    shipped: Mapping[tuple[str, str], Any], installed: Installed
) -> None:
    before = state_of(shipped, installed)
    installed[POLICY]["somebody-elses"] = {"metadata": {"uid": "x", "generation": 1}, "spec": {}}
    assert state_of(shipped, installed) == before
