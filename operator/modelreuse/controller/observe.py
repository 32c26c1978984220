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

from modelreuse.api import Failure, InvalidTemplateError, ModelReuseCheck, RetrainingRecord
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
    read_cron_job,
    read_job,
    read_namespace_labels,
    read_node_labels,
    read_pods,
    read_record,
    read_runtime,
    read_service,
    serves_kind,
)
from modelreuse.controller.cache import Cache
from modelreuse.controller.workloads import observed_job, prepared, shards_of
from modelreuse.decisions import (
    JobToRead,
    Observed,
    ObservedJob,
    ObservedPod,
    Prepared,
    Refusal,
    Rights,
    Settings,
    governing,
    jobs_to_read,
    sha256_of,
)
from modelreuse.manifests import KINDS, JobTemplate, Kind, config_maps_in, kind_of, record_name

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
        template = await template_of(self.client, check)
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
            template=template,
            prepared=await prepared_for(self.client, check, template),
            config_maps=await config_maps_of(self.client, check, template),
            refusals=refusals,
        )

    async def _refresh_rules(self) -> None:
        """A launch rests on the policies of now, not on those of the last watch event."""
        await self.cache.policies.refill(list_policies(self.client))
        await self.cache.profiles.refill(list_profiles(self.client))

    async def _jobs(self, namespace: str, wanted: Iterable[JobToRead]) -> dict[str, ObservedJob]:
        found = await asyncio.gather(*(self._job(namespace, each) for each in wanted))
        return {job.name: job for job in found if job is not None}

    async def _job(self, namespace: str, wanted: JobToRead) -> ObservedJob | None:
        kind = KINDS.get(wanted.kind)
        job = await read_job(self.client, namespace, wanted.name, kind.name) if kind is not None else None
        if kind is None or job is None:
            return None
        service = await read_service(self.client, namespace, wanted.name) if shards_of(job) > 1 else None
        return observed_job(job, await read_pods(self.client, namespace, kind.pods(job)), service=service, kind=kind)

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

        requester, editor = stamped(REQUESTED_BY, REQUESTED_BY_GROUPS), stamped(SPEC_CHANGED_BY, SPEC_CHANGED_BY_GROUPS)
        approver = stamped(APPROVED_BY, APPROVED_BY_GROUPS)
        retraining = check.spec.retraining
        cron_job = retraining.from_cron_job if retraining else None
        jobs = Question("create", "batch", "jobs", namespace)
        own = _object_kind(check)
        objects = Question("create", own.group, own.plural, namespace) if own is not None else None
        template = Question("get", "batch", "cronjobs", namespace, cron_job) if cron_job is not None else None
        approval = Question("approve", GROUP, "modelreusechecks", namespace, check.metadata.name)
        may = await asyncio.gather(
            _allowed(self.client, requester, jobs, objects),
            _allowed(self.client, editor, jobs, objects),
            _allowed(self.client, approver, approval),
            _allowed(self.client, requester, template),
            _allowed(self.client, editor, template),
        )
        return Rights(*may)


async def template_of(client: Client, check: ModelReuseCheck) -> JobTemplate | Failure | None:
    """What the retraining would be made of, while it can still be approved or launched."""
    retraining = check.spec.retraining
    if retraining is None or _is_decided(check):
        return None
    if retraining.job_template is not None:
        return JobTemplate("spec.retraining.jobTemplate", retraining.job_template)
    namespace = check.metadata.namespace
    if retraining.object_template is not None:
        return await object_template_of(client, namespace, retraining.object_template)
    name = retraining.from_cron_job or ""
    try:
        cron_job = await read_cron_job(client, namespace, name)
    except RefusedError as error:
        message = f"spec.retraining.fromCronJob: CronJob {name} can't be read: {error}"
        return Failure(reason="CronJobUnknown", message=message)
    if cron_job is None:
        message = f"spec.retraining.fromCronJob: there is no CronJob {name} in namespace {namespace}"
        return Failure(reason="CronJobMissing", message=message)
    return JobTemplate(f"CronJob {name}: spec.jobTemplate", _as_written(cron_job["spec"]["jobTemplate"]))


OBJECT_TEMPLATE = "spec.retraining.objectTemplate"


def _object_kind(check: ModelReuseCheck) -> Kind | None:
    """Of what the check asks for instead of a Job; None where it doesn't, or nobody knows the kind."""
    retraining = check.spec.retraining
    if retraining is None or retraining.object_template is None:
        return None
    try:
        return kind_of(retraining.object_template)
    except InvalidTemplateError:
        return None


async def object_template_of(client: Client, namespace: str, content: Mapping[str, Any]) -> JobTemplate | Failure:
    """The template with what it refers to, or what is missing in this cluster."""
    try:
        kind = kind_of(content)
        reference = kind.refers_to(content)
    except InvalidTemplateError as error:
        return Failure(reason="InvalidTemplate", message=f"{OBJECT_TEMPLATE}.{error}")
    if not await serves_kind(client, kind.name):
        message = f"{OBJECT_TEMPLATE}: this cluster doesn't serve {kind.name} ({kind.api_version}); install what does"
        return Failure(reason="KindNotServed", message=message)
    if reference is None:
        return JobTemplate(OBJECT_TEMPLATE, content, kind.name)
    what = f"{reference.kind} {reference.name}"
    try:
        stored = await read_runtime(client, reference.kind, namespace, reference.name)
    except RefusedError as error:
        return Failure(reason="RuntimeUnknown", message=f"{OBJECT_TEMPLATE}: {what} can't be read: {error}")
    if stored is None:
        return Failure(reason="RuntimeMissing", message=f"{OBJECT_TEMPLATE}: there is no {what} here")
    source = JobTemplate(f"{what}: spec", _as_written(stored.get("spec") or {}), reference.kind)
    return JobTemplate(OBJECT_TEMPLATE, content, kind.name, refers_to=source)


async def prepared_for(
    client: Client, check: ModelReuseCheck, template: JobTemplate | Failure | None
) -> Prepared | None:
    """What stands where the intended retraining needs something before it is launched."""
    retraining = check.status.retraining
    kind = KINDS[template.kind].prepares if isinstance(template, JobTemplate) else None
    if retraining is None or kind is None:
        return None
    stored = await read_runtime(client, kind, check.metadata.namespace, retraining.record)
    return prepared(stored) if stored is not None else None


def _as_written(template: Mapping[str, Any]) -> dict[str, Any]:
    """The template of a CronJob without the empty timestamps that older API servers add to metadata in it."""
    return {
        key: _as_written(value) if isinstance(value, Mapping) else value
        for key, value in template.items()
        if not (key == "creationTimestamp" and value is None)
    }


async def config_maps_of(
    client: Client, check: ModelReuseCheck, template: JobTemplate | Failure | None
) -> dict[str, str] | Failure:
    """What the retraining would read from ConfigMaps, once it can be approved: hashes by name."""
    if not isinstance(template, JobTemplate) or check.status.assessed_at is None:
        return {}
    names = config_maps_in(template.whole)
    if len(names) > MAX_CONFIG_MAPS:
        message = f"{template.path} names {len(names)} ConfigMaps; {MAX_CONFIG_MAPS} are accepted"
        return Failure(reason="ConfigMapsUnknown", message=message)
    try:
        found = await asyncio.gather(*(read_config_map(client, check.metadata.namespace, name) for name in names))
    except RefusedError as error:
        message = f"ConfigMaps that {template.path} names can't be read: {error}"
        return Failure(reason="ConfigMapsUnknown", message=message)
    return {
        name: sha256_of({part: stored.get(part) or {} for part in ("data", "binaryData")})
        for name, stored in zip(names, found, strict=True)
        if stored is not None
    }


async def node_labels(client: Client, pods: Iterable[ObservedPod]) -> dict[str, dict[str, str]]:
    """Labels of the nodes that these pods ran on, by node name, as far as these are still there."""
    nodes = sorted({pod.node for pod in pods if pod.node})
    labels = await asyncio.gather(*(read_node_labels(client, node) for node in nodes))
    return {node: known for node, known in zip(nodes, labels, strict=True) if known is not None}


def _is_decided(check: ModelReuseCheck) -> bool:
    """Whether its retraining can no longer be approved or launched; that of a pilot that has ended comes next."""
    retraining = check.status.retraining
    if retraining is None or (retraining.intent.pilot_steps is not None and retraining.result is not None):
        return False
    return retraining.launched or retraining.result is not None


async def _allowed(client: Client, user: User, *questions: Question | None) -> bool:
    """Whether all of it is allowed; True where there is nothing to ask."""
    return all([question is None or await is_allowed(client, user, question) for question in questions])


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
