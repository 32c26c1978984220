"""A real API server for the session, with the custom resources and the chart installed as a cluster admin would."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from cluster.gate import objects
from cluster.person import Object, Person, RefusedError
from cluster.waiting import until
from localcluster import Cluster

CHECKOUT = Path(__file__).parents[2]
CRDS = sorted((CHECKOUT / "crds").glob("*.yaml"))
CLUSTER = os.environ.get("MODELREUSE_TEST_CLUSTER", "test")
"""Name of the cluster: two runs at once in one checkout need two."""
TEMPLATES = sorted((CHECKOUT / "charts/model-reuse-operator/templates").glob("*.yaml"))


def documents(*paths: Path) -> list[Object]:
    """All YAML documents of these files, in order."""
    return [document for path in paths for document in yaml.safe_load_all(path.read_text()) if document]


@pytest.fixture(scope="session")
def control_plane() -> Iterator[Cluster]:
    """etcd, kube-apiserver and kube-controller-manager; gone at the end."""
    with Cluster.up(name=CLUSTER, level="control-plane") as cluster:
        yield cluster


@pytest.fixture(scope="session")
def admin(control_plane: Cluster) -> Iterator[Person]:
    """A cluster admin (system:masters)."""
    person = Person.from_kubeconfig(control_plane.kubeconfig())
    yield person
    person.hang_up()


@pytest.fixture(scope="session")
def custom_resources(admin: Person) -> list[Object]:
    """The installed CustomResourceDefinitions, once the API server serves them."""
    definitions = documents(*CRDS)
    for definition in definitions:
        admin.apply(definition)

    def served() -> list[Object] | None:
        stored = [admin.get(definition) for definition in definitions]
        conditions = [{c["type"]: c["status"] for c in each["status"].get("conditions", [])} for each in stored]
        return stored if all(each.get("Established") == "True" for each in conditions) else None

    stored = until(served, "the custom resources are established")

    def listed() -> bool:
        try:
            for each in stored:
                names, version = each["spec"]["names"], each["spec"]["versions"][0]["name"]
                kind = {"apiVersion": f"{each['spec']['group']}/{version}", "kind": names["kind"], "metadata": {}}
                admin.list(kind)
        except RefusedError:
            return False
        return True

    until(listed, "the custom resources are listed")
    return stored


@pytest.fixture(scope="session")
def chart(admin: Person, custom_resources: list[Object]) -> list[Object]:
    """Every object of the chart's templates, installed, once people's objects are stamped rather than refused.

    Policies that only refuse may take a moment longer until they are enforced.
    """
    installed = documents(*TEMPLATES)
    for obj in sorted(installed, key=lambda each: each["kind"] != "Namespace"):
        admin.apply(obj)
    wanted = (objects.check("default", "probe"), objects.record("default", "probe", "Imported"))

    def stamped() -> bool:
        try:
            return all("annotations" in admin.create(each, dryRun="All")["metadata"] for each in wanted)
        except RefusedError:  # the kind is served since a moment ago, or its stamps are wanted and not yet written
            return False

    until(stamped, "stamps are written")
    return installed
