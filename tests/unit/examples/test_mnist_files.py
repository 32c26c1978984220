"""The example's files are what the API accepts, fit each other, and are as careful as we tell others to be."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from modelreuse.api import CostProfile, ModelReuseCheck, RetrainingRecord, RetrainPolicy
from modelreuse.api.names import CLAIMS_ROOT, TRAINER_CONTAINER

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "mnist"


def documents(name: str) -> list[dict[str, Any]]:
    return [each for each in yaml.safe_load_all((EXAMPLE / name).read_text()) if each]


@pytest.fixture
def check() -> ModelReuseCheck:
    return ModelReuseCheck.parse(documents("check.yaml")[0])


@pytest.fixture
def pod(check: ModelReuseCheck) -> Any:
    assert check.spec.retraining is not None
    return check.spec.retraining.job_template["spec"]["template"]["spec"]


def test_the_policy_governs_the_namespace_and_names_the_profile(check: ModelReuseCheck) -> None:
    policy = RetrainPolicy.parse(documents("policy.yaml")[0])
    profile = CostProfile.parse(documents("profile.yaml")[0])
    labels = {each["metadata"]["name"]: each["metadata"].get("labels", {}) for each in documents("namespace.yaml")}
    assert policy.spec.namespace_selector.matches(labels[check.metadata.namespace])
    assert policy.spec.cost_profile == profile.metadata.name
    assert not policy.spec.namespace_selector.matches(labels[profile.spec.trusted_namespaces[0]])


def test_the_records_calibrate_the_check(check: ModelReuseCheck) -> None:
    assert check.spec.retraining is not None
    profile = CostProfile.parse(documents("profile.yaml")[0])
    records = [RetrainingRecord.parse(each) for each in documents("records.yaml")]
    assert {record.spec.recipe for record in records} == {check.spec.retraining.recipe}
    assert {record.metadata.namespace for record in records} == set(profile.spec.trusted_namespaces)
    by_action = {action: [r for r in records if r.spec.action == action] for action in check.spec.retraining.actions}
    assert all(len(of_action) >= 12 for of_action in by_action.values())


def test_no_record_is_of_the_demo_s_own_shift() -> None:
    assert not [each for each in documents("records.yaml") if "line7" in each["metadata"]["name"]]


def test_every_uri_is_a_file_beside_the_check(check: ModelReuseCheck) -> None:
    data = check.spec.data
    assert data.evaluation is not None
    for uri in (check.spec.models[0].uri, data.reference.uri, data.new.uri, data.evaluation.uri):
        assert (EXAMPLE / uri.removeprefix("pvc://")).is_file()


def test_every_claim_is_declared_and_mounted_where_the_trainer_looks(check: ModelReuseCheck, pod: Any) -> None:
    declared = {each["metadata"]["name"] for each in documents("storage.yaml")}
    mounts = {mount["mountPath"]: mount for mount in pod["containers"][0]["volumeMounts"]}
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    for claim in declared:
        mount = mounts[f"{CLAIMS_ROOT}/{claim}"]
        assert volumes[mount["name"]]["persistentVolumeClaim"]["claimName"] == claim
        assert mount.get("readOnly", False) == (claim != "candidates")
    assert check.spec.retraining is not None
    assert check.spec.retraining.output == "pvc://candidates"


def test_the_trainer_is_unprivileged(pod: Any) -> None:
    (trainer,) = pod["containers"]
    assert trainer["name"] == TRAINER_CONTAINER
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert trainer["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert trainer["resources"]["limits"]["cpu"] == "1"


def test_the_profile_says_where_its_figures_come_from() -> None:
    profile = CostProfile.parse(documents("profile.yaml")[0])
    assert profile.spec.cpus[0].source.startswith("assumed")
    assert "CodeCarbon" in profile.spec.grid.source


def test_what_is_committed_is_small() -> None:
    sizes = [file.stat().st_size for file in EXAMPLE.rglob("*") if file.is_file() and "__pycache__" not in file.parts]
    assert max(sizes) < 1_000_000
    assert sum(sizes) < 3_000_000
