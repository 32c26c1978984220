"""What the operator has to know of a kind that can run a retraining: how it is made, and what is read of it.

Outside this package nobody asks more than whether something is a Job.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from modelreuse.api import ModelReuseCheck, TrainingPlan
from modelreuse.manifests.inputs import Inputs
from modelreuse.manifests.templates import JobTemplate, Rendered, TemplatePod

Json = Mapping[str, Any]


class Renders(Protocol):
    """What makes an object of the kind."""

    def __call__(
        self, check: ModelReuseCheck, template: JobTemplate, plan: TrainingPlan, inputs: Inputs, *, hours_high: float
    ) -> Rendered:
        """What carries out `plan`, at most `hours_high` hours long, not counting its start.

        A shorter deadline of the template's own stands, a longer one doesn't. Raises InvalidTemplateError.
        """


@dataclass(frozen=True)
class Reference:
    """An object that a template names."""

    api_version: str
    kind: str
    name: str
    namespaced: bool


@dataclass(frozen=True)
class Kind:
    """One kind that can run a retraining. Its name is what status and `objectTemplate.kind` say.

    Its spec has `suspend` and `activeDeadlineSeconds`, which begins anew each time that it is resumed.
    """

    api_version: str
    name: str
    plural: str
    render: Renders
    pod_of: Callable[[JobTemplate], TemplatePod]
    """Of a template that `render` accepts."""
    refers_to: Callable[[Json], Reference | None]
    """What a template names and the cluster keeps. Raises InvalidTemplateError."""
    prepares: str | None
    """The kind of what must stand, under the name of the record, before one is launched."""
    pods: Callable[[Json], str]
    """The label selector by which the pods of an object are found."""
    containers: tuple[str, ...]
    """Whose termination message is the answer."""
    done: str
    """The condition that is True when it has succeeded."""
    failed: str
    """The condition that is True, with reason and message, when it has failed."""
    deadline_changes: bool
    """Whether an object takes another deadline once it stands."""

    @property
    def group(self) -> str:
        """For rights: the API group."""
        return self.api_version.partition("/")[0]

    @property
    def version(self) -> str:
        """Of that group."""
        return self.api_version.partition("/")[2]
