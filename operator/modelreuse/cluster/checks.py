"""ModelReuseChecks: read as they are now, and answered in their status."""

from collections.abc import AsyncIterator, Mapping
from enum import Enum, auto
from typing import Any

from modelreuse.cluster.client import Client, Json
from modelreuse.cluster.errors import NotFoundError, StaleError
from modelreuse.cluster.resources import CHECKS


class StatusWrite(Enum):
    """How a guarded write ended."""

    STORED = auto()
    STALE = auto()
    """The check was changed, replaced or deleted since it was read: what was decided may be wrong by now."""


async def read_check(client: Client, namespace: str, name: str) -> Json | None:
    """The check as it is stored now; None when it is gone."""
    try:
        return await client.get(CHECKS, name, namespace)
    except NotFoundError:
        return None


def list_checks(client: Client, namespace: str | None = None) -> AsyncIterator[Json]:
    """All checks, of one namespace or of the cluster."""
    return client.list(CHECKS, namespace)


async def write_status(client: Client, served: Mapping[str, Any], status: Mapping[str, Any]) -> StatusWrite:
    """Replace the status of the check as it was `served`, unless anybody has changed the check since."""
    # The server keeps spec and metadata as they are; the resourceVersion in metadata is the guard.
    try:
        await client.replace(CHECKS, {**served, "status": status}, part="status")
    except (StaleError, NotFoundError):
        return StatusWrite.STALE
    return StatusWrite.STORED
