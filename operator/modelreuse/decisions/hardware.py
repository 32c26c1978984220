"""What pods run on, and whether a retraining would run on hardware like that on which its cost was measured.

Where it would not, the profile's roofline of that hardware tells what steps take there. The prediction then names it:
one that was made for other hardware than the template asks for by now says nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from modelreuse.api import CostProfileSpec, ModelAssessment, ModelReuseCheckStatus
from modelreuse.costs import Machine, machine_by_roofline, may_be_on, tells_of_other_machines
from modelreuse.decisions.commands import ending_with, to_assess_again
from modelreuse.decisions.observed import Observed, ObservedPod
from modelreuse.decisions.policies import Rules
from modelreuse.manifests import KINDS, JobTemplate, accelerators_of, cores_of

OTHER_HARDWARE = "OtherHardware"


def labels_of(pod: ObservedPod, node_labels: Mapping[str, Mapping[str, str]]) -> Mapping[str, str]:
    """Of the node that the pod ran on, as far as they were read."""
    # One without a node has none: no node is called "None".
    return node_labels.get(str(pod.node), {})


def machine_elsewhere(observed: Observed, assessment: ModelAssessment, profile: CostProfileSpec) -> Machine | None:
    """What a retraining would run on, where the model was measured on other hardware and a roofline tells of this."""
    wish = _wish(observed)
    if wish is None or wish.unlike(assessment, profile) is None:
        return None
    return wish.machine(assessment, profile)


def other_hardware(
    observed: Observed, status: ModelReuseCheckStatus, assessment: ModelAssessment, rules: Rules
) -> str | None:
    """Why hours, energy, carbon and money say nothing of the retraining, as a sentence; None where they do.

    A template that can't be read is none: the offer tells what is wrong with it.
    """
    wish, profile = _wish(observed), rules.profile
    if wish is None:
        return None
    predicted_for = status.prediction.roofline if status.prediction else None
    unlike = wish.unlike(assessment, profile.spec)
    if unlike is None and predicted_for is None:
        return None
    machine = wish.machine(assessment, profile.spec) if unlike else None
    if unlike is not None and machine is None:
        return (
            f"{wish.path} {unlike}, which can't tell what the other takes; let spec.assessment.template ask for the "
            f"same, or CostProfile {profile.metadata.name} give a roofline of the only hardware that it can run on"
        )
    wanted = machine.ceilings.hardware if machine and machine.ceilings else None
    if wanted == predicted_for:
        return None
    message = f"{wish.path} no longer asks for the hardware that its cost was predicted for"
    return ending_with(to_assess_again(observed.check, status), message)


@dataclass(frozen=True)
class _Wish:
    """What a retraining's template asks for."""

    path: str
    accelerators: int
    cpu_cores: float
    node_selector: Mapping[str, str]

    def unlike(self, assessment: ModelAssessment, profile: CostProfileSpec) -> str | None:
        """How that differs from what the model was measured on, as a phrase; None where it doesn't."""
        seen, used = assessment.accelerators, assessment.hardware
        if self.accelerators != seen:
            return f"asks for {_counted(self.accelerators)} and {assessment.model} was measured on {_counted(seen)}"
        if used is None or may_be_on(profile, used, self.node_selector, gpus=seen):
            return None
        selected = ", ".join(f"{key}={value}" for key, value in sorted(self.node_selector.items()))
        return f"selects {selected} and {assessment.model} was measured on other nodes"

    def machine(self, assessment: ModelAssessment, profile: CostProfileSpec) -> Machine | None:
        """By its roofline; None where nothing tells."""
        if assessment.measured is None or not tells_of_other_machines(assessment.measured):
            return None
        return machine_by_roofline(profile, self.node_selector, cpu_cores=self.cpu_cores, gpus=self.accelerators)


def _wish(observed: Observed) -> _Wish | None:
    template = observed.template
    if not isinstance(template, JobTemplate):
        return None
    try:
        pod = KINDS[template.kind].pod_of(template).spec
        selector = pod.get("nodeSelector")
        # One that can't be read leaves no kind of hardware out.
        readable = selector if isinstance(selector, dict) else {}
        return _Wish(template.path, accelerators_of(pod), cores_of(pod), readable)
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError):
        return None


def _counted(accelerators: int) -> str:
    return {0: "no accelerator", 1: "1 accelerator"}.get(accelerators, f"{accelerators} accelerators")
