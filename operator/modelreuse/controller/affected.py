"""Which checks an event concerns, and what the cache learns from it."""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from modelreuse.api.names import CHECK_LABEL
from modelreuse.controller.cache import Cache
from modelreuse.controller.key import Key

Json = Mapping[str, Any]


class Learner(Protocol):
    """What takes events over."""

    def put(self, served: Json) -> None:
        """It is there in this state."""

    def drop(self, served: Json) -> None:
        """It was deleted."""


def learn(shelf: Learner, event_type: str | None, served: Json) -> None:
    """Take an event over: `DELETED`, or any other type for the state that the object is in now."""
    if event_type == "DELETED":
        shelf.drop(served)
    else:
        shelf.put(served)


def by_workload(cache: Cache, served: Json) -> Iterable[Key]:
    """The check that a Job or pod of ours belongs to."""
    metadata = served["metadata"]
    label = (metadata.get("labels") or {}).get(CHECK_LABEL, "")
    return cache.checks_labelled(metadata["namespace"], label)


def by_record(cache: Cache, served: Json) -> Iterable[Key]:
    """The checks whose predictions a record may inform: of its namespace, or all where a profile trusts that."""
    namespace = served["metadata"]["namespace"]
    if any(namespace in profile.spec.trusted_namespaces for _, profile in cache.profiles.items()):
        return cache.checks.known()
    return [key for key in cache.checks.known() if key.namespace == namespace]
