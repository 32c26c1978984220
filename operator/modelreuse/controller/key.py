"""The name of a check within the cluster: what the queue queues and every log line carries."""

from collections.abc import Mapping
from typing import Any, NamedTuple


class Key(NamedTuple):
    """A check."""

    namespace: str
    name: str

    @classmethod
    def of(cls, obj: Mapping[str, Any]) -> "Key":
        """The key of a check as served."""
        return cls(obj["metadata"]["namespace"], obj["metadata"]["name"])

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"
