"""Everything that a decision about one check rests on, read in the one order that is safe.

The check was read first. Jobs are read after it, so a Job that its status names is missing only if it is gone. What
an approval depends on is read from the API server at that moment; the rest may come from the cache, since it only
colours predictions.
"""

import asyncio
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from modelreuse.api import Failure, ModelReuseCheck, RetrainingRecord
from modelreuse.api.names import (
    APPROVE,
    APPROVED_BY,
    APPROVED_BY_GROUPS,
    GROUP,
    REQUESTED_BY,
    REQUESTED_BY_GROUPS,
    SPEC_CHANGED_BY,
    SPEC_CHANGED_BY_GROUPS,
)
from modelreuse.cluster import (
    Client,
    Gate,
    Question,
    RefusedError,
    User,
    is_allowed,
    list_policies,
    list_profiles,
    read_config_map,
    read_job,
    read_namespace_labels,
    read_node_labels,
    read_pods,
    read_record,
)
from modelreuse.controller.cache import Cache
from modelreuse.controller.workloads import observed_job
from modelreuse.decisions import (
    Observed,
    ObservedJob,
    ObservedPod,
    Refusal,
    Rights,
    Settings,
    governing,
    jobs_to_read,
    sha256_of,
)
from modelreuse.manifests import config_maps_in, record_name

MAX_CONFIG_MAPS = 32
"""That are read for one look: whoever writes a template must not keep the operator busy."""


@dataclass(frozen=True)
class Observer:
    """Reads what `decisions.plan` asks for."""

    client: Client
    cache: Cache
    gate: Gate
    settings: Settings

    async def observe(
        self, check: ModelReuseCheck, served: Mapping[str, Any], refusals: Mapping[str, Refusal], now: datetime
    ) -> Observed:
        """The check, as it was served, and all around it."""
        namespace = check.metadata.namespace
        deciding = awaits_launch(check)
        if deciding:
            await self._refresh_rules()
        gate, labels, own_records, rights = await asyncio.gather(
            self.gate.failure(now, fresh=deciding),
            read_namespace_labels(self.client, namespace),
            self._own_records(check),
            self._rights(check) if deciding else _nothing(),
        )
        policies, profiles = self.cache.policies_and_profiles()
        jobs = await self._jobs(namespace, jobs_to_read(check.status, governing(policies, profiles, labels)))
        return Observed(
            check=check,
            spec=served["spec"],
            namespace_labels=labels,
            settings=self.settings,
            nonce=secrets.token_hex(16),
            jobs=jobs,
            owned=self.cache.jobs.of(check.metadata.uid),
            policies=policies,
            profiles=profiles,
            records=_merged(self.cache.records_for(namespace, profiles.values()), own_records),
            node_labels=await node_labels(self.client, (pod for job in jobs.values() for pod in job.pods)),
            rights=rights,
            gate=gate or self.cache.unreadable_rules(),
            gate_state=self.gate.state,
            config_maps=await config_maps_of(self.client, check),
            refusals=refusals,
        )

    async def _refresh_rules(self) -> None:
        """A launch rests on the policies of now, not on those of the last watch event."""
        await self.cache.policies.refill(list_policies(self.client))
        await self.cache.profiles.refill(list_profiles(self.client))

    async def _jobs(self, namespace: str, names: Iterable[str]) -> dict[str, ObservedJob]:
        found = await asyncio.gather(*(self._job(namespace, name) for name in names))
        return {job.name: job for job in found if job is not None}

    async def _job(self, namespace: str, name: str) -> ObservedJob | None:
        job = await read_job(self.client, namespace, name)
        if job is None:
            return None
        return observed_job(job, await read_pods(self.client, namespace, job["metadata"]["uid"]))

    async def _own_records(self, check: ModelReuseCheck) -> list[RetrainingRecord]:
        """The record of this check's retraining, and one that stands under the digest on offer, untrimmed."""
        status = check.status
        names = {status.retraining.record} if status.retraining else set()
        names |= {record_name(status.approval.digest)} if status.approval else set()
        found = await asyncio.gather(
            *(read_record(self.client, check.metadata.namespace, name) for name in sorted(names))
        )
        return [RetrainingRecord.parse(record) for record in found if record is not None]

    async def _rights(self, check: ModelReuseCheck) -> Rights:
        namespace = check.metadata.namespace
        annotations = check.metadata.annotations

        def stamped(name: str, groups: str) -> User:
            return User.stamped(annotations.get(name, ""), annotations.get(groups, ""))

        jobs = Question("create", "batch", "jobs", namespace)
        approval = Question("approve", GROUP, "modelreusechecks", namespace, check.metadata.name)
        requester, editor, approver = await asyncio.gather(
            is_allowed(self.client, stamped(REQUESTED_BY, REQUESTED_BY_GROUPS), jobs),
            is_allowed(self.client, stamped(SPEC_CHANGED_BY, SPEC_CHANGED_BY_GROUPS), jobs),
            is_allowed(self.client, stamped(APPROVED_BY, APPROVED_BY_GROUPS), approval),
        )
        return Rights(requester_may_create_jobs=requester, editor_may_create_jobs=editor, approver_may_approve=approver)


async def config_maps_of(client: Client, check: ModelReuseCheck) -> dict[str, str] | Failure:
    """What the retraining would read from ConfigMaps, while it can still be approved or launched: hashes by name."""
    status, retraining = check.status, check.spec.retraining
    decided = status.retraining is not None and (status.retraining.launched or status.retraining.result is not None)
    if retraining is None or status.assessed_at is None or decided:
        return {}
    names = config_maps_in(retraining.job_template)
    if len(names) > MAX_CONFIG_MAPS:
        message = f"spec.retraining.jobTemplate names {len(names)} ConfigMaps; {MAX_CONFIG_MAPS} are accepted"
        return Failure(reason="ConfigMapsUnknown", message=message)
    try:
        found = await asyncio.gather(*(read_config_map(client, check.metadata.namespace, name) for name in names))
    except RefusedError as error:
        message = f"ConfigMaps that spec.retraining.jobTemplate names can't be read: {error}"
        return Failure(reason="ConfigMapsUnknown", message=message)
    return {
        name: sha256_of({part: stored.get(part) or {} for part in ("data", "binaryData")})
        for name, stored in zip(names, found, strict=True)
        if stored is not None
    }


async def node_labels(client: Client, pods: Iterable[ObservedPod]) -> dict[str, dict[str, str]]:
    """Labels of the nodes that these pods ran on, by node name."""
    nodes = sorted({pod.node for pod in pods if pod.node})
    labels = await asyncio.gather(*(read_node_labels(client, node) for node in nodes))
    return dict(zip(nodes, labels, strict=True))


def awaits_launch(check: ModelReuseCheck) -> bool:
    """Whether the check carries an approval of what it offers, and the retraining has not been launched."""
    status = check.status
    given = check.metadata.annotations.get(APPROVE, "")
    if not given or status.approval is None or given != status.approval.digest or status.rejected is not None:
        return False
    return status.retraining is None or (not status.retraining.launched and status.retraining.result is None)


def _merged(cached: tuple[RetrainingRecord, ...], fresh: list[RetrainingRecord]) -> tuple[RetrainingRecord, ...]:
    replaced = {(record.metadata.namespace, record.metadata.name) for record in fresh}
    kept = (record for record in cached if (record.metadata.namespace, record.metadata.name) not in replaced)
    return (*kept, *fresh)


async def _nothing() -> None:
    return None
