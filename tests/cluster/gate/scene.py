"""A stage for one attempt: the people, and objects under a name that no other attempt uses."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

from cluster.gate import objects
from cluster.person import Object, Person

_numbers = count(1)


@dataclass(frozen=True)
class Scene:
    """Where one attempt plays."""

    people: Mapping[str, Person]
    namespace: str
    name: str

    @classmethod
    def new(cls, people: Mapping[str, Person], namespace: str) -> "Scene":
        """A scene with a name of its own."""
        return cls(people, namespace, f"s{next(_numbers)}")

    def __getitem__(self, name: str) -> Person:
        return self.people[name]

    @property
    def offered(self) -> str:
        """The digest that the operator offers for approval here."""
        return objects.digest("a")

    def check(self, by: str = "bob", namespace: str = "", **metadata: Any) -> Object:
        """A check, created by somebody."""
        return self[by].create(objects.check(namespace or self.namespace, self.name, **metadata))

    def offer(self, check: Object) -> Object:
        """What the operator does when the assessment is done: it offers a digest."""
        approval = {"digest": self.offered, **objects.OFFERED}
        return self["operator"].patch(check, {"status": {"approval": approval}}, part="status")

    def record(self, source: str = "Operator", prefix: str = "") -> Object:
        """A record, created by whoever may."""
        by = "operator" if source == "Operator" else "ivan"
        return self[by].create(objects.record(self.namespace, prefix + self.name, source))

    def job(self, name: str = "", **labels: Any) -> Object:
        """A Job that the operator created."""
        return self["operator"].create(objects.job(self.namespace, name or f"mrc-{self.name}", **labels))

    def pod(self, name: str = "", by: str = "job_controller", **more: Any) -> Object:
        """A pod, by default as the Job controller makes one of a Job of ours."""
        return self[by].create(objects.pod(self.namespace, name or f"mrc-{self.name}", **more))
