"""The statuses of policies (what budgets hold) and of profiles (how good predictions were, and what their grids emit):
replaced as a whole, by compare-and-swap.
"""

from modelreuse.api import CostProfileStatus, RetrainPolicyStatus
from modelreuse.api.names import API_VERSION
from modelreuse.cluster.client import Client, Json
from modelreuse.cluster.errors import NotFoundError, StaleError
from modelreuse.cluster.resources import POLICIES, PROFILES, Resource


async def write_ledger(client: Client, policy: str, resource_version: str, status: RetrainPolicyStatus) -> Json | None:
    """The policy with this status; None when it was changed or deleted since `resource_version` was read.

    Raises ValueError without a version: the server would then overwrite whatever stands there.
    """
    return await _swapped(client, POLICIES, policy, resource_version, status)


async def write_profile_status(
    client: Client, profile: str, resource_version: str, status: CostProfileStatus
) -> Json | None:
    """The profile with this status; None when it was changed or deleted since. Raises as `write_ledger`."""
    return await _swapped(client, PROFILES, profile, resource_version, status)


async def _swapped(
    client: Client, kind: Resource, name: str, resource_version: str, status: RetrainPolicyStatus | CostProfileStatus
) -> Json | None:
    if not resource_version:
        raise ValueError(f"{kind.kind} {name}: metadata.resourceVersion: is missing")
    body = {
        "apiVersion": API_VERSION,
        "kind": kind.kind,
        "metadata": {"name": name, "resourceVersion": resource_version},
        "status": status.to_wire(),
    }
    try:
        return await client.replace(kind, body, part="status")
    except (NotFoundError, StaleError):
        return None
