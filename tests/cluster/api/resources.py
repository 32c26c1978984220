"""The example and mistake files, and the models that judge them on a desk."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from cluster.person import Object, Person
from modelreuse.api import CostProfile, ModelReuseCheck, RetrainingRecord, RetrainPolicy
from modelreuse.api.names import API_VERSION

HERE = Path(__file__).parent
CHECKOUT = HERE.parents[2]
NAMESPACED = ("ModelReuseCheck", "RetrainingRecord")


@dataclass(frozen=True)
class Mistake:
    """A refused resource, and the words of the API server and of the desk."""

    resource: Object
    server: str
    desk: str

    @classmethod
    def read(cls, path: Path) -> "Mistake":
        """From a file whose first two lines say in comments what is answered."""
        text = path.read_text()
        server, desk = text.splitlines()[:2]
        return cls(yaml.safe_load(text), server.removeprefix("# server: "), desk.removeprefix("# desk: "))


def examples() -> dict[str, Object]:
    """Every resource of ours in the examples and in `valid`, by where it stands."""
    found = {}
    for path in sorted([*(HERE / "valid").glob("*.yaml"), *(CHECKOUT / "examples").rglob("*.yaml")]):
        for number, document in enumerate(yaml.safe_load_all(path.read_text())):
            if isinstance(document, dict) and document.get("apiVersion") == API_VERSION:
                found[f"{path.relative_to(CHECKOUT)}[{number}]"] = document
    return found


def mistakes() -> dict[str, Mistake]:
    """By file name."""
    return {path.stem: Mistake.read(path) for path in sorted((HERE / "mistakes").glob("*.yaml"))}


def send(person: Person, resource: Object) -> Object:
    """What `kubectl create --dry-run=server` asks: unknown fields are errors, nothing is stored."""
    metadata = {**resource["metadata"], **({"namespace": "default"} if resource["kind"] in NAMESPACED else {})}
    return person.create(resource | {"metadata": metadata}, dryRun="All", fieldValidation="Strict")


def parse(resource: Object) -> Any:
    """The same judgement without a cluster. Raises pydantic.ValidationError."""
    models = (CostProfile, ModelReuseCheck, RetrainPolicy, RetrainingRecord)
    return {model.__name__: model for model in models}[resource["kind"]].parse(resource)
