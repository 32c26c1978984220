"""The audit: whether a record says what was approved, by hashes that anybody can compute again.

Nothing here believes the operator. A digest is computed from the preimage that stands beside it, each component from
its part of that preimage; and what the record says in fields of its own must be what stands in the preimage, since
that alone is what a human said yes to.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from modelreuse.api import ModelReuseCheck, RetrainingRecord
from modelreuse.api.names import REQUESTED_BY
from modelreuse.api.record import RecordedApproval
from modelreuse.decisions.approving import objection_to
from modelreuse.decisions.digest import digest_of, preimage
from modelreuse.manifests import record_name

_DEFAULT_RECIPE = "default"


@dataclass(frozen=True)
class Recomputed:
    """A hash as it is recorded, and as it comes out."""

    name: str
    """`digest`, or the name of a component."""
    recorded: str | None
    """None where the record has no such component."""
    found: str | None
    """None where the preimage has no such part."""

    @property
    def agrees(self) -> bool:
        """Whether both are there and the same."""
        return self.recorded == self.found


@dataclass(frozen=True)
class Audit:
    """What came of looking at one record."""

    hashes: tuple[Recomputed, ...]
    """The digest first, then the components by name; empty where there is no preimage."""
    disagreements: tuple[str, ...]
    """One sentence each, beginning with the field, the gravest first; empty where all agree."""


def audit(record: RetrainingRecord) -> Audit:
    """Computes again all that the record's approval rests on."""
    approval = record.spec.approval
    if approval is None:
        return Audit(
            (), (f"spec.approval: is missing: a record of source {record.spec.source} was approved by nobody",)
        )
    digest = Recomputed("digest", approval.digest, digest_of(approval.preimage))
    try:
        parts = json.loads(approval.preimage)
        again = preimage(parts) if isinstance(parts, dict) else None
    except (ValueError, RecursionError):
        again = None
    if again is None:
        return Audit((digest,), (*_wrong(digest), "spec.approval.preimage: is not a JSON object"))
    recorded = {each.name: each.sha256 for each in approval.components}
    found = {each.name: each.sha256 for each in again.components}
    components = [Recomputed(name, recorded.get(name), found.get(name)) for name in sorted({*recorded, *found})]
    hashes = (digest, *components)
    return Audit(
        hashes,
        (
            *(sentence for each in hashes for sentence in _wrong(each)),
            *_not_canonical(approval, again.canonical),
            *_not_as_named(record, approval),
            *_not_by_another(approval),
            *_not_as_approved(record, parts),
        ),
    )


def contradictions(check: ModelReuseCheck, records: Iterable[RetrainingRecord]) -> Iterator[str]:
    """Where a check's status and the records of it say different things; a sentence each."""
    by_digest = {each.spec.approval.digest: (each, each.spec.approval) for each in records if each.spec.approval}
    for index, row in enumerate(check.status.history):
        # What failed may have been void before a record was written.
        if row.outcome in {"Succeeded", "Lost"} and row.digest not in by_digest:
            yield f"status.history[{index}].digest: {row.digest}: {row.outcome}, and no record of this check says so"
    pilot = check.status.pilot
    if pilot is not None and pilot.told and pilot.digest not in by_digest:
        yield f"status.pilot.record: RetrainingRecord {pilot.record} is not there"
    retraining, approval = check.status.retraining, check.status.approval
    if retraining is None:
        return
    if retraining.intent.digest not in by_digest:
        if retraining.launched:
            yield f"status.retraining.record: RetrainingRecord {retraining.record} is not there"
        return
    record, recorded = by_digest[retraining.intent.digest]
    named = record.metadata.name
    yield from _different("status.retraining.record", retraining.record, named, "the record of its digest is")
    yield from _different("status.approval.digest", approval and approval.digest, recorded.digest)
    yield from _different("status.approval.by", approval and approval.by, recorded.approved_by)
    asked = check.metadata.annotations.get(REQUESTED_BY)
    yield from _different(f"metadata.annotations[{REQUESTED_BY}]", asked, recorded.requested_by)
    if record.outcome is not None:
        yield from _different("status.retraining.result", retraining.result, record.outcome.result)


def _wrong(each: Recomputed) -> Iterator[str]:
    if each.agrees:
        return
    field = "spec.approval.digest" if each.name == "digest" else f"spec.approval.components[{each.name}]"
    if each.recorded is None:
        yield f"{field}: is missing; the preimage gives {each.found}"
    elif each.found is None:
        yield f"{field}: {each.recorded}: the preimage has no such part"
    else:
        yield f"{field}: {each.recorded}: the preimage gives {each.found}"


def _not_canonical(approval: RecordedApproval, canonical: str) -> Iterator[str]:
    if canonical != approval.preimage:
        yield "spec.approval.preimage: is not in its canonical form (RFC 8785), so it may say two things at once"


def _not_as_named(record: RetrainingRecord, approval: RecordedApproval) -> Iterator[str]:
    name = record_name(approval.digest)
    yield from _different("metadata.name", record.metadata.name, name, "a record of this digest is called")


def _not_by_another(approval: RecordedApproval) -> Iterator[str]:
    involved = (approval.requested_by, *([approval.edited_by] if approval.edited_by is not None else []))
    objection = objection_to(approval.approved_by, *involved)
    if objection is not None:
        yield f"spec.approval.approvedBy: {objection}"


def _not_as_approved(record: RetrainingRecord, parts: Mapping[str, Any]) -> Iterator[str]:
    """Fields of the record beside what the preimage says of the same."""
    spec = record.spec
    what = "pilot" if "pilot" in parts else "recommendation"
    predicted = _in(parts, "pilot", "cost") if "pilot" in parts else _predicted(record, parts)
    pairs: tuple[tuple[str, Any, Any], ...] = (
        ("spec.check.uid", spec.check.uid if spec.check else None, parts.get("check")),
        ("spec.action", spec.action, _in(parts, what, "action")),
        ("spec.model", spec.model, _in(parts, what, "model")),
        ("spec.pilot.steps", spec.pilot.steps if spec.pilot else None, _in(parts, "pilot", "steps")),
        ("spec.maxSteps", spec.max_steps, _in(parts, "spec", "retraining", "maxSteps")),
        ("spec.recipe", spec.recipe, _in(parts, "spec", "retraining", "recipe") or _DEFAULT_RECIPE),
        ("spec.hashes", spec.hashes.to_wire() if spec.hashes else None, _in(parts, "contents", spec.model)),
        ("spec.predicted", spec.predicted.to_wire() if spec.predicted else None, predicted),
    )
    for field, recorded, approved in pairs:
        yield from _different(field, recorded, approved, "approved was")


def _predicted(record: RetrainingRecord, parts: Mapping[str, Any]) -> Any:
    """The cost of the record's action, among all that the preimage's prediction holds."""
    costs, wanted = _in(parts, "prediction", "costs"), (record.spec.action, record.spec.model)
    listed = costs if isinstance(costs, list) else []
    return next((cost for cost in listed if (_in(cost, "action"), _in(cost, "model")) == wanted), None)


def _different(field: str, value: object, wanted: object, otherwise: str = "recorded is") -> Iterator[str]:
    if value != wanted:
        yield f"{field}: {_shown(value)}: {otherwise} {_shown(wanted)}"


def _in(value: Any, *path: str) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _shown(value: object) -> str:
    if value is None:
        return "nothing"
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
