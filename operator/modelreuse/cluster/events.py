"""Kubernetes events on checks: what happened, for `kubectl describe`. The same news is told once in a while, not often.

Events are a courtesy: when one can't be stored, nothing else may fail.
"""

import logging
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from modelreuse.api.names import FIELD_MANAGER
from modelreuse.cluster.client import Client, Json
from modelreuse.cluster.errors import ApiError
from modelreuse.cluster.resources import EVENTS
from modelreuse.cluster.told import Told
from modelreuse.cluster.words import note_of

_log = logging.getLogger(__name__)


class EventRecorder:
    """Tells news about objects, each once in a while."""

    def __init__(self, client: Client, instance: str) -> None:
        """`instance` says which process reports, as in a pod's name."""
        self._client = client
        self._instance = instance
        self._told = Told()

    async def tell(
        self,
        about: Mapping[str, Any],
        kind: Literal["Normal", "Warning"],
        reason: str,
        message: str,
        *,
        now: datetime,
    ) -> None:
        """Store an event about the object `about`, unless the same was told lately."""
        metadata = about["metadata"]
        if not self._told.is_news((metadata["uid"], reason, message), now):
            return
        event: Json = {
            "apiVersion": EVENTS.api_version,
            "kind": EVENTS.kind,
            "metadata": {
                "name": f"{metadata['name'][:200]}.{secrets.token_hex(8)}",
                "namespace": metadata["namespace"],
            },
            "eventTime": now.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "reportingController": FIELD_MANAGER,
            "reportingInstance": self._instance[:128],
            "action": "Reconcile",
            "type": kind,
            "reason": reason,
            "note": note_of(message),
            "regarding": {
                "apiVersion": about["apiVersion"],
                "kind": about["kind"],
                "namespace": metadata["namespace"],
                "name": metadata["name"],
                "uid": metadata["uid"],
                "resourceVersion": metadata["resourceVersion"],
            },
        }
        try:
            await self._client.create(EVENTS, event, metadata["namespace"])
        except ApiError as error:
            _log.warning("event %s is lost: %s", reason, error)
