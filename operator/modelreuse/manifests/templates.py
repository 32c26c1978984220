"""What a retraining is made of, as somebody wrote it, and what is made of that."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class JobTemplate:
    """What a retraining is made of, and where a person finds it."""

    path: str
    """For sentences: `spec.retraining.jobTemplate`, or which field of which CronJob."""
    content: Mapping[str, Any]
    kind: str = "Job"
    """Of what would be launched."""
    refers_to: "JobTemplate | None" = None
    """What it names and the cluster keeps, whose content would run too."""

    @property
    def whole(self) -> list[Mapping[str, Any]]:
        """Everything that would run."""
        return [self.content, *(self.refers_to.whole if self.refers_to else [])]


@dataclass(frozen=True)
class TemplatePod:
    """The pod that a template describes, before anything of ours is in it."""

    path: str
    """Where its fields are, for sentences; a field follows right after it."""
    spec: Mapping[str, Any]


@dataclass(frozen=True)
class Rendered:
    """A retraining as it would be launched."""

    launched: dict[str, Any]
    """Whoever creates it has begun the retraining."""
    pod: Mapping[str, Any]
    """The spec of the pod that then runs."""
    prepared: dict[str, Any] | None = None
    """What must stand before it is launched, and does nothing by itself."""
