"""What pods run on, and whether a retraining would run on hardware like that on which its cost was measured.

Where it would not, the profile's roofline of that hardware tells what steps take there, and the prediction names both.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from modelreuse.api import CostProfileSpec, Failure, ModelAssessment, ModelReuseCheckStatus, decimal, format_decimal
from modelreuse.costs import Machine, machine_by_roofline, may_be_on, tells_of_other_machines
from modelreuse.decisions.observed import Observed, ObservedPod
from modelreuse.decisions.policies import Rules
from modelreuse.manifests import KINDS, JobTemplate, accelerators_of, cores_of, selector_of, slices_of

OTHER_HARDWARE = "OtherHardware"


def labels_of(pod: ObservedPod, node_labels: Mapping[str, Mapping[str, str]]) -> Mapping[str, str]:
    """Of the node that the pod ran on, as far as they were read."""
    # One without a node has none: no node is called "None".
    return node_labels.get(str(pod.node), {})


def machine_elsewhere(observed: Observed, assessment: ModelAssessment, profile: CostProfileSpec) -> Machine | None:
    """What a retraining would run on, where the model was measured on other hardware and a roofline tells of this."""
    wish = _wish(observed)
    if not isinstance(wish, _Wish) or wish.unlike(assessment, profile) is None:
        return None
    return wish.machine(assessment, profile)


def other_hardware(observed: Observed, assessment: ModelAssessment, rules: Rules) -> str | None:
    """Why hours, energy, carbon and money say nothing of the retraining, as a sentence; None where they do.

    A template without a pod is none: the offer tells what is wrong with it.
    """
    wish, profile = _wish(observed), rules.profile
    if wish is None or isinstance(wish, str):
        return wish
    unlike = wish.unlike(assessment, profile.spec)
    if unlike is None or wish.machine(assessment, profile.spec) is not None:
        return None
    return (
        f"{wish.path} {unlike}, which can't tell what the other takes; let spec.assessment.template ask for the "
        f"same, or CostProfile {profile.metadata.name} give a roofline of the only hardware that it can run on"
    )


def roofline_for(observed: Observed, assessments: Iterable[ModelAssessment], profile: CostProfileSpec) -> str | None:
    """The hardware by whose roofline any of the models is predicted, and the CPU beside or of it."""
    machines = (machine_elsewhere(observed, each, profile) for each in assessments)
    machine = next((each for each in machines if each is not None), None)
    if machine is None:
        return None
    wish = _wish(observed)
    assert isinstance(wish, _Wish)
    assert machine.ceilings is not None
    return f"{machine.ceilings.hardware}, {format_decimal(decimal(wish.cpu_cores))} cpu"


def is_for_other_hardware(observed: Observed, status: ModelReuseCheckStatus, rules: Rules | Failure) -> bool:
    """Whether the template asks for other hardware than that of whose roofline the prediction was made, or was not.

    Once an offer was made of it, no other template counts, and none makes a prediction anew.
    """
    if isinstance(rules, Failure) or status.prediction is None or status.template_sha256 is not None:
        return False
    if isinstance(observed.template, JobTemplate):
        return roofline_for(observed, status.assessments, rules.profile.spec) != status.prediction.roofline
    return False


@dataclass(frozen=True)
class _Wish:
    """What a retraining's template asks for. slices: whether any of its accelerators is a part of one."""

    path: str
    accelerators: int
    slices: bool
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
        """By its roofline, which is that of a whole accelerator; None where nothing tells."""
        if assessment.measured is None or not tells_of_other_machines(assessment.measured) or self.slices:
            return None
        return machine_by_roofline(profile, self.node_selector, cpu_cores=self.cpu_cores, gpus=self.accelerators)


def _wish(observed: Observed) -> _Wish | str | None:
    return _wish_of(observed.template) if isinstance(observed.template, JobTemplate) else None


def _wish_of(template: JobTemplate) -> _Wish | str | None:
    """A sentence where the template doesn't say it so that it can be read; None where there is no pod in it."""
    try:
        pod = KINDS[template.kind].pod_of(template).spec
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError):
        return None
    try:
        return _Wish(template.path, accelerators_of(pod), slices_of(pod), cores_of(pod), selector_of(pod))
    except (ArithmeticError, AttributeError, TypeError, ValueError) as error:
        return f"{template.path}: the resources of its containers can't be read: {error}"


def _counted(accelerators: int) -> str:
    return {0: "no accelerator", 1: "1 accelerator"}.get(accelerators, f"{accelerators} accelerators")
