"""Installs the custom resources and the chart, as a cluster admin would, and waits until they are there."""

from collections.abc import Iterable
from pathlib import Path

import yaml

from cluster.gate import objects
from cluster.person import Object, Person, RefusedError
from cluster.waiting import until

CHECKOUT = Path(__file__).parents[2]
CRDS = sorted((CHECKOUT / "crds").glob("*.yaml"))
TEMPLATES = sorted((CHECKOUT / "charts/model-reuse-operator/templates").glob("*.yaml"))


def documents(*paths: Path) -> list[Object]:
    """All YAML documents of these files, in order."""
    return [document for path in paths for document in yaml.safe_load_all(path.read_text()) if document]


def install_definitions(admin: Person) -> list[Object]:
    """The installed CustomResourceDefinitions, once the API server serves them."""
    definitions = documents(*CRDS)
    for definition in definitions:
        admin.apply(definition)

    def served() -> list[Object] | None:
        stored = [admin.get(definition) for definition in definitions]
        # An API server lists no conditions as null.
        conditions = [{c["type"]: c["status"] for c in each["status"]["conditions"] or ()} for each in stored]
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


def install_chart(admin: Person) -> list[Object]:
    """Every object of the chart's templates, installed, once people's objects are stamped rather than refused.

    Policies that only refuse may take a moment longer until they are enforced.
    """
    installed = documents(*TEMPLATES)
    apply_all(admin, installed)
    wanted = (objects.check("default", "probe"), objects.record("default", "probe", "Imported"))

    def stamped() -> bool:
        try:
            return all("annotations" in admin.create(each, dryRun="All")["metadata"] for each in wanted)
        except RefusedError:  # the kind is served since a moment ago, or its stamps are wanted and not yet written
            return False

    until(stamped, "stamps are written")
    return installed


def apply_all(admin: Person, installed: Iterable[Object]) -> None:
    """Namespaces first."""
    for obj in sorted(installed, key=lambda each: each["kind"] != "Namespace"):
        admin.apply(obj)
