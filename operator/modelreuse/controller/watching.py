"""kopf, told what to watch and to write nothing: no annotations, no finalizers, no events of its own.

Its `on.event` handlers feed the cache and the queue and do nothing else, so a handler can't fail and has nothing to
retry. `kopf.index` is left alone: its cost at start grows with the square of the number of objects.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Protocol

import kopf

from modelreuse.api.names import CHECK_LABEL, GROUP, VERSION
from modelreuse.cluster import Client
from modelreuse.controller.affected import by_record, by_workload, learn
from modelreuse.controller.cache import Cache
from modelreuse.controller.key import Key
from modelreuse.controller.metrics import Metrics
from modelreuse.manifests import KINDS

Json = Mapping[str, Any]
Seen = Callable[[str | None, Json], Iterable[Key]]
"""Takes an event over, by its type and object, and tells which checks it concerns."""


class Additions(Protocol):
    """Where the checks go that an event concerns."""

    def add(self, key: Key) -> None:
        """It has changed."""

    def add_later(self, key: Key) -> None:
        """It may have changed while nobody watched."""


def registry(client: Client, cache: Cache, queue: Additions, metrics: Metrics) -> kopf.OperatorRegistry:
    """What kopf shall watch, and what happens at each event."""
    handlers = kopf.OperatorRegistry()

    @kopf.on.login(registry=handlers, id="login")
    async def login(**_: Any) -> kopf.ConnectionInfo:
        """Our own client's credentials, as they are valid now."""
        connection = await client.connection()
        scheme, _space, token = (connection.authorization or "").partition(" ")
        return kopf.ConnectionInfo(
            server=connection.server,
            ca_path=connection.ca_path,
            insecure=connection.insecure,
            certificate_path=connection.certificate_path,
            private_key_path=connection.key_path,
            scheme=scheme or None,
            token=token or None,
        )

    def watch(group: str, version: str, plural: str, seen: Seen, add: Callable[[Key], None]) -> None:
        @kopf.on.event(group, version, plural, registry=handlers, id=plural)
        async def on_event(event: Json, **_: Any) -> None:
            metrics.saw_event(plural)
            # Without a type it is kopf's listing at the start of a watch.
            concern = add if event["type"] else queue.add_later
            for key in seen(event["type"], event["object"]):
                concern(key)

    def on_check(event_type: str | None, served: Json) -> Iterable[Key]:
        learn(cache.checks, event_type, served)
        return [Key.of(served)]

    def on_policy(event_type: str | None, served: Json) -> Iterable[Key]:
        name = Key("", served["metadata"]["name"])
        before = cache.policies.get(name)
        learn(cache.policies, event_type, served)
        now = cache.policies.get(name)
        # Every launch writes its ledger; only another spec is news to all checks.
        return () if before and now and before.spec == now.spec else cache.checks.known()

    def on_profile(event_type: str | None, served: Json) -> Iterable[Key]:
        name = Key("", served["metadata"]["name"])
        before = cache.profiles.get(name)
        learn(cache.profiles, event_type, served)
        now = cache.profiles.get(name)
        return () if before and now and before.spec == now.spec else cache.checks.known()

    def on_record(event_type: str | None, served: Json) -> Iterable[Key]:
        learn(cache.records, event_type, served)
        return by_record(cache, served)

    def on_workload(kind: str, event_type: str | None, served: Json) -> Iterable[Key]:
        learn(cache.jobs, event_type, {**served, "kind": kind})
        return by_workload(cache, served)

    def on_pod(_event_type: str | None, served: Json) -> Iterable[Key]:
        return by_workload(cache, served)

    watch(GROUP, VERSION, "modelreusechecks", on_check, queue.add)
    # A kind that this cluster doesn't serve, or not yet, is watched as soon as it does.
    for kind in KINDS.values():
        watch(kind.group, kind.version, kind.plural, partial(on_workload, kind.name), queue.add)
    watch("", "v1", "pods", on_pod, queue.add)
    # These concern many checks at once, none of which shall hold up the one that somebody is waiting for.
    watch(GROUP, VERSION, "retrainpolicies", on_policy, queue.add_later)
    watch(GROUP, VERSION, "costprofiles", on_profile, queue.add_later)
    watch(GROUP, VERSION, "retrainingrecords", on_record, queue.add_later)
    return handlers


def settings() -> kopf.OperatorSettings:
    """Watches that notice when they have gone silent, and memory that is given back."""
    configured = kopf.OperatorSettings()
    configured.peering.standalone = True
    configured.posting.enabled = False
    configured.persistence.diffbase_storage = NoDiffBase()
    configured.persistence.progress_storage = NoProgress()
    configured.persistence.finalizer = f"{GROUP}/unused"
    configured.queueing.idle_timeout = 0.5
    configured.watching.server_timeout = 240
    configured.watching.client_timeout = 300
    configured.watching.connect_timeout = 10
    configured.watching.chunk_size = 500
    configured.networking.request_timeout = 60
    configured.networking.connect_timeout = 10
    for kind in KINDS.values():
        configured.watching.label_selectors[kind.group, kind.version, kind.plural] = CHECK_LABEL
    configured.watching.label_selectors["", "v1", "pods"] = CHECK_LABEL
    return configured


class NoDiffBase(kopf.DiffBaseStorage):
    """No copy of the object on the object: what somebody puts there isn't read either."""

    def build(self, **_: Any) -> Any:
        """Nothing to compare."""
        return {}

    def fetch(self, **_: Any) -> Any:
        """Nothing was stored."""
        return None

    def store(self, **_: Any) -> None:
        """Nothing is stored."""


class NoProgress(kopf.ProgressStorage):
    """No progress on the object: `on.event` handlers have none."""

    def fetch(self, **_: Any) -> Any:
        """Nothing was stored."""
        return None

    def store(self, **_: Any) -> None:
        """Nothing is stored."""

    def purge(self, **_: Any) -> None:
        """Nothing was stored."""

    def touch(self, **_: Any) -> None:
        """Nothing is stored."""

    def clear(self, *, essence: Any) -> Any:
        """Nothing to clear."""
        return essence
