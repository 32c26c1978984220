"""RetrainingRecords: of an approved retraining, as it is written before the Job exists; and of one that others ran."""

from typing import Any

from modelreuse.api import Outcome, RetrainingRecordSpec
from modelreuse.api.names import API_VERSION, IMPORTED_BY
from modelreuse.manifests.identity import record_name


def retraining_record(namespace: str, spec: RetrainingRecordSpec) -> dict[str, Any]:
    """The record, named by the digest that was approved. It has no owner: it outlives its check."""
    if spec.approval is None:
        raise ValueError("spec.approval: is missing")
    return {
        "apiVersion": API_VERSION,
        "kind": "RetrainingRecord",
        "metadata": {"name": record_name(spec.approval.digest), "namespace": namespace},
        "spec": spec.to_wire(),
    }


def imported_record(
    namespace: str, name: str, spec: RetrainingRecordSpec, outcome: Outcome, *, imported_by: str
) -> dict[str, Any]:
    """A past retraining. Below Kubernetes 1.36 admission compares `imported_by` with who asks; above, it writes it."""
    return {
        "apiVersion": API_VERSION,
        "kind": "RetrainingRecord",
        "metadata": {"name": name, "namespace": namespace, "annotations": {IMPORTED_BY: imported_by}},
        "spec": spec.to_wire(),
        "outcome": outcome.to_wire(),
    }
