"""A real API server for the session, with the custom resources and the chart installed as a cluster admin would."""

import os
from collections.abc import Iterator

import pytest

from cluster.installing import install_chart, install_definitions
from cluster.person import Object, Person
from localcluster import Cluster

CLUSTER = os.environ.get("MODELREUSE_TEST_CLUSTER", "test")
"""Name of the cluster: two runs at once in one checkout need two."""


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
    """The installed CustomResourceDefinitions."""
    return install_definitions(admin)


@pytest.fixture(scope="session")
def chart(admin: Person, custom_resources: list[Object]) -> list[Object]:
    """Every object of the chart's templates, installed."""
    return install_chart(admin)
