"""The ledger of a policy's budget: its status, replaced as a whole, by compare-and-swap."""

from modelreuse.api import RetrainPolicyStatus
from modelreuse.api.names import API_VERSION
from modelreuse.cluster.client import Client, Json
from modelreuse.cluster.errors import NotFoundError, StaleError
from modelreuse.cluster.resources import POLICIES


async def write_ledger(client: Client, policy: str, resource_version: str, status: RetrainPolicyStatus) -> Json | None:
    """The policy with this status; None when it was changed or deleted since `resource_version` was read.

    Raises ValueError without a version: the server would then overwrite whatever stands there.
    """
    if not resource_version:
        raise ValueError(f"RetrainPolicy {policy}: metadata.resourceVersion: is missing")
    body = {
        "apiVersion": API_VERSION,
        "kind": POLICIES.kind,
        "metadata": {"name": policy, "resourceVersion": resource_version},
        "status": status.to_wire(),
    }
    try:
        return await client.replace(POLICIES, body, part="status")
    except (NotFoundError, StaleError):
        return None
