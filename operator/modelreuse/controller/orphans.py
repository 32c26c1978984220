"""Completes the records of checks that are gone, with what can still be seen of their retrainings, and charges budgets.

That a check is gone is believed only when the API server, asked for it by name, and the last listing or watch event
agree: a cache that lags must not end a record whose retraining runs.
"""

import logging
from dataclasses import dataclass
from datetime import datetime

from modelreuse.api import RetrainingRecord
from modelreuse.cluster import Client, StaleError, read_namespace_labels, read_pods, record_outcome
from modelreuse.controller.cache import Cache
from modelreuse.controller.key import Key
from modelreuse.controller.ledgers import store_ledgers
from modelreuse.controller.observe import node_labels
from modelreuse.controller.workloads import observed_pod
from modelreuse.decisions import ObservedPod, forfeited, governing, lost, orphans
from modelreuse.manifests import KINDS

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Orphans:
    """Records that outlived their checks."""

    client: Client
    cache: Cache

    async def complete(self, key: Key, living: str | None, now: datetime) -> None:
        """Give their outcome to the records of former checks under this name; `living` is the UID of the present one.

        Raises StaleError when somebody changed a record in between: look again.
        """
        known = self.cache.checks.get(key)
        if known is not None and known.uid != living:
            return
        if living is None:
            policies, _ = self.cache.policies_and_profiles()
            if not await store_ledgers(self.client, self.cache, forfeited(policies, key.namespace, key.name, now)):
                raise StaleError(409, "Conflict", "a RetrainPolicy changed meanwhile")
        of_this_name = [record for check, record in self.cache.open_records() if check == key]
        for record in orphans(of_this_name, living):
            await self._complete(key.namespace, record, now)

    async def _complete(self, namespace: str, record: RetrainingRecord, now: datetime) -> None:
        pods = await self._pods(namespace, record)
        policies, profiles = self.cache.policies_and_profiles()
        rules = governing(policies, profiles, await read_namespace_labels(self.client, namespace))
        todo = lost(record, pods, rules, await node_labels(self.client, pods), now)
        await record_outcome(self.client, namespace, todo.record, todo.outcome)
        _log.warning("record %s: %s, since its check is gone", todo.record, todo.outcome.result)

    async def _pods(self, namespace: str, record: RetrainingRecord) -> list[ObservedPod]:
        """Pods of the retraining that the garbage collector hasn't reached yet."""
        check, approval = record.spec.check, record.spec.approval
        if check is None or approval is None:
            return []
        return [
            observed_pod(pod, KINDS[job.kind])
            for job in self.cache.jobs.of(check.uid)
            if job.task == approval.digest
            for pod in await read_pods(self.client, namespace, job.pods)
        ]
