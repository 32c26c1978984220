"""What all checks share, kept at hand: policies, profiles, records; and which checks and Jobs of ours there are.

Trimmed to what rules read. Filled by watch events, set right by each resync; the API server's version numbers decide
which of two states is the newer one, so the two may cross.
"""

import logging
from collections import Counter
from collections.abc import AsyncIterable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from modelreuse.api import CostProfile, Failure, RetrainingRecord, RetrainPolicy
from modelreuse.api.names import ROLE_LABEL, TASK_ANNOTATION
from modelreuse.controller.key import Key
from modelreuse.controller.sentences import sentence
from modelreuse.decisions import OwnedJob, is_open
from modelreuse.manifests import KINDS

_log = logging.getLogger(__name__)

T = TypeVar("T")
Json = Mapping[str, Any]


class Shelf(Generic[T]):
    """Objects of one kind by namespace and name, each as `trim` leaves it; unreadable ones apart."""

    def __init__(self, kind: str, trim: Callable[[Json], T]) -> None:
        self._kind = kind
        self._trim = trim
        self._versions: dict[Key, int] = {}
        self._values: dict[Key, T] = {}
        self.unreadable: dict[Key, str] = {}

    def put(self, served: Json) -> None:
        """Keep this state, unless a newer one is known."""
        key, version = _key(served), _version(served)
        if version < self._versions.get(key, 0):
            return
        self._versions[key] = version
        self._values.pop(key, None)
        self.unreadable.pop(key, None)
        try:
            self._values[key] = self._trim(served)
        except ValidationError as error:
            self.unreadable[key] = f"{self._kind} {key.name} can't be read: {sentence(error)}"
            _log.error("%s", self.unreadable[key])

    def drop(self, served: Json) -> None:
        """It was deleted."""
        self._forget(_key(served))

    async def refill(self, listing: AsyncIterable[Json]) -> None:
        """Take over a complete listing that begins now; what it lacks was deleted without our noticing."""
        before, listed = self.known(), set()
        async for served in listing:
            listed.add(_key(served))
            self.put(served)
        for key in before - listed:
            self._forget(key)

    def known(self) -> frozenset[Key]:
        """Everything on it, readable or not."""
        return frozenset(self._versions)

    def get(self, key: Key) -> T | None:
        """The object, if it is known and readable."""
        return self._values.get(key)

    def items(self) -> Iterator[tuple[Key, T]]:
        """All readable objects, in the order of their names."""
        return iter(sorted(self._values.items(), key=lambda item: item[0]))

    def unsorted(self) -> Iterator[tuple[Key, T]]:
        """All readable objects, in no order."""
        return iter(self._values.items())

    def _forget(self, key: Key) -> None:
        self._versions.pop(key, None)
        self._values.pop(key, None)
        self.unreadable.pop(key, None)


@dataclass(frozen=True)
class KnownCheck:
    """What the cache keeps of a check: the rest is read when it is looked at."""

    uid: str
    recommendation: str


class Owned:
    """The Jobs, and what runs retrainings instead, that carry our label, by the UID of the check that owns them."""

    def __init__(self) -> None:
        self._owners: dict[tuple[str, Key], str] = {}
        self._jobs: dict[str, dict[tuple[Key, str], OwnedJob]] = {}

    def put(self, served: Json) -> None:
        """It is there."""
        self.drop(served)
        metadata, key, kind = served["metadata"], _key(served), KINDS[served["kind"]]
        owner = next((each["uid"] for each in metadata.get("ownerReferences") or [] if each.get("controller")), None)
        if owner is not None:
            role = (metadata.get("labels") or {}).get(ROLE_LABEL, "")
            task = (metadata.get("annotations") or {}).get(TASK_ANNOTATION, "")
            job = OwnedJob(key.name, metadata["uid"], role, task, kind.name, kind.pods(served))
            self._owners[kind.name, key] = owner
            self._jobs.setdefault(owner, {})[key, kind.name] = job

    def drop(self, served: Json) -> None:
        """It was deleted."""
        self.forget(_key(served), served["kind"])

    async def refill(self, listing: AsyncIterable[Json]) -> None:
        """Take over a complete listing that begins now."""
        before, listed = set(self._owners), set()
        async for served in listing:
            listed.add((served["kind"], _key(served)))
            self.put(served)
        for kind, key in before - listed:
            self.forget(key, kind)

    def of(self, uid: str) -> tuple[OwnedJob, ...]:
        """Those of the check with this UID, in the order of their names."""
        return tuple(job for _, job in sorted(self._jobs.get(uid, {}).items(), key=lambda item: item[0]))

    def forget(self, key: Key, kind: str) -> None:
        """It is gone."""
        owner = self._owners.pop((kind, key), "")
        jobs = self._jobs.get(owner, {})
        jobs.pop((key, kind), None)
        if not jobs:
            self._jobs.pop(owner, None)


class Cache:
    """One shelf per kind."""

    def __init__(self) -> None:
        self.policies = Shelf("RetrainPolicy", lambda served: RetrainPolicy.parse(with_status(served)))
        self.profiles = Shelf("CostProfile", lambda served: CostProfile.parse(with_status(served)))
        self.records = Shelf("RetrainingRecord", lambda served: RetrainingRecord.parse(trimmed_record(served)))
        self.checks = Shelf("ModelReuseCheck", _known_check)
        self.jobs = Owned()

    def policies_and_profiles(self) -> tuple[tuple[RetrainPolicy, ...], dict[str, CostProfile]]:
        """All of both, profiles by name."""
        return (
            tuple(policy for _, policy in self.policies.items()),
            {key.name: profile for key, profile in self.profiles.items()},
        )

    def records_for(self, namespace: str, profiles: Iterable[CostProfile]) -> tuple[RetrainingRecord, ...]:
        """Records of this namespace, and of those that any of the profiles trusts."""
        wanted = {namespace, *(trusted for profile in profiles for trusted in profile.spec.trusted_namespaces)}
        return tuple(record for key, record in self.records.items() if key.namespace in wanted)

    def open_records(self) -> list[tuple[Key, RetrainingRecord]]:
        """Records whose outcome the operator still owes, each with the name of its check."""
        return [
            (Key(key.namespace, record.spec.check.name), record)
            for key, record in self.records.unsorted()
            if record.spec.check is not None and is_open(record)
        ]

    def reserving(self) -> frozenset[Key]:
        """The checks for which some budget holds a reservation, there or not."""
        return frozenset(
            Key(each.namespace, each.check)
            for _, policy in self.policies.unsorted()
            for each in policy.status.reservations
        )

    def unreadable_rules(self) -> Failure | None:
        """Why no rule can be relied upon: a policy that can't be read might be the strictest."""
        for complaint in self.policies.unreadable.values():
            return Failure(reason="PolicyUnreadable", message=complaint)
        return None

    def checks_labelled(self, namespace: str, label: str) -> list[Key]:
        """The checks that `modelreuse.io/check=label` may mean: long names are cut and hashed there."""
        cut = label[:-11]
        return [
            key
            for key in self.checks.known()
            if key.namespace == namespace and (key.name == label or (len(key.name) > 63 and key.name.startswith(cut)))
        ]

    def checks_by_recommendation(self) -> Mapping[str, int]:
        """How many checks have which recommendation; empty text for none yet."""
        return Counter(check.recommendation for _, check in self.checks.items())


def trimmed(served: Json) -> dict[str, Any]:
    """The object without what no rule reads: managed fields, annotations, status."""
    metadata = {key: value for key, value in served["metadata"].items() if key in _METADATA}
    return {"metadata": metadata, "spec": served["spec"]}


def with_status(served: Json) -> dict[str, Any]:
    """The same of a policy or profile, with what the operator says of it: the next status follows from that."""
    return {**trimmed(served), "status": served.get("status") or {}}


def trimmed_record(served: Json) -> dict[str, Any]:
    """The same of a record; its approval's preimage, up to 128 KiB, is for the auditor alone."""
    spec = dict(served["spec"])
    if "approval" in spec:
        spec["approval"] = {**spec["approval"], "preimage": ""}
    outcome = {"outcome": served["outcome"]} if "outcome" in served else {}
    return {**trimmed({**served, "spec": spec}), **outcome}


_METADATA = {"name", "namespace", "uid", "generation", "resourceVersion", "creationTimestamp"}


def _known_check(served: Json) -> KnownCheck:
    recommendation = (served.get("status") or {}).get("recommendation") or {}
    return KnownCheck(served["metadata"]["uid"], str(recommendation.get("action", "")))


def _key(served: Json) -> Key:
    return Key(served["metadata"].get("namespace", ""), served["metadata"]["name"])


def _version(served: Json) -> int:
    return int(served["metadata"]["resourceVersion"])
