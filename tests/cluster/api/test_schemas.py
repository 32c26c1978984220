"""Custom resources as a real API server sees them: structural, helpful to those who err, legible in kubectl."""

import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from cluster.api import resources
from cluster.api.resources import Mistake
from cluster.person import Object, Person, RefusedError
from localcluster import Cluster

EXAMPLES = resources.examples()
MISTAKES = resources.mistakes()

every_example = pytest.mark.parametrize("resource", EXAMPLES.values(), ids=EXAMPLES)
every_mistake = pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)


def test_every_definition_is_established_and_structural(custom_resources: list[Object]) -> None:
    for definition in custom_resources:
        conditions = {each["type"]: each["status"] for each in definition["status"]["conditions"]}
        assert conditions["NamesAccepted"] == "True"
        assert conditions["Established"] == "True"
        assert "NonStructuralSchema" not in conditions


def test_every_kind_has_a_valid_example() -> None:
    kinds = {each["kind"] for each in EXAMPLES.values()}
    assert kinds == {"ModelReuseCheck", "RetrainPolicy", "CostProfile", "RetrainingRecord"}


@every_example
def test_an_example_is_accepted(resource: Object, admin: Person, custom_resources: list[Object]) -> None:
    resources.send(admin, resource)


@every_example
def test_an_example_is_accepted_on_a_desk(resource: Object) -> None:
    resources.parse(resource)


@every_mistake
def test_a_mistake_is_refused_with_a_helpful_message(
    mistake: Mistake, admin: Person, custom_resources: list[Object]
) -> None:
    with pytest.raises(RefusedError) as caught:
        resources.send(admin, mistake.resource)
    assert mistake.server in caught.value.message


@every_mistake
def test_a_mistake_is_refused_on_a_desk_with_as_helpful_a_message(mistake: Mistake) -> None:
    with pytest.raises(ValidationError) as caught:
        resources.parse(mistake.resource)
    assert mistake.desk in "\n".join(in_words(error) for error in caught.value.errors())


def in_words(error: object) -> str:
    """`spec.models[0].uri: what is wrong`, as a user writes paths."""
    assert isinstance(error, dict)
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error["loc"]).lstrip(".")
    return f"{path}: {error['msg'].removeprefix('Value error, ')}"


def test_defaults_are_filled_in_as_on_a_desk(admin: Person, custom_resources: list[Object]) -> None:
    smallest = EXAMPLES["tests/cluster/api/valid/smallest-check.yaml[0]"]
    assert resources.send(admin, smallest)["spec"] == resources.parse(smallest).spec.to_wire()


KUBECTL = Path(sys.executable).parent / "kubectl"
COLUMNS = {
    "modelreusechecks": "NAME RECOMMENDATION ENERGY CARBON APPROVED READY AGE",
    "retrainpolicies": "NAME PROFILE VALID FOR AGE",
    "costprofiles": "NAME ZONE GCO2E/KWH PUE CALIBRATED AGE",
    "retrainingrecords": "NAME ACTION MODEL RESULT STEPS APPROVED BY AGE",
}


@pytest.mark.parametrize("plural", COLUMNS)
def test_kubectl_shows_the_columns_that_people_ask_for(
    plural: str, admin: Person, custom_resources: list[Object], control_plane: Cluster, tmp_path: Path
) -> None:
    kind = next(each["spec"]["names"]["kind"] for each in custom_resources if each["spec"]["names"]["plural"] == plural)
    shown = next(each for name, each in EXAMPLES.items() if each["kind"] == kind and "valid/" in name)
    namespace = {"namespace": "default"} if kind in resources.NAMESPACED else {}
    shown = shown | {"metadata": {**shown["metadata"], **namespace, "name": f"shown-{plural}"}}
    admin.create(shown)
    kubeconfig = control_plane.kubeconfig()
    asked = ("--kubeconfig", kubeconfig, "--cache-dir", tmp_path, "get", plural, shown["metadata"]["name"])
    command = [str(each) for each in (KUBECTL, *asked)]
    table = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    header, row = (" ".join(line.split()) for line in table.splitlines())
    assert header == COLUMNS[plural]
    assert row.startswith(f"shown-{plural} ")
    admin.delete(shown)
