"""The RetrainingRecord of an approved retraining, as it is written before the Job exists."""

from typing import Any

from modelreuse.api import RetrainingRecordSpec
from modelreuse.api.names import API_VERSION
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
