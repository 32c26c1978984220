"""What pods run on, and whether a retraining would run on hardware like that on which its cost was measured."""

from collections.abc import Mapping

from modelreuse.api import ModelAssessment
from modelreuse.decisions.observed import Observed, ObservedPod
from modelreuse.manifests import KINDS, JobTemplate, accelerators_of

OTHER_HARDWARE = "OtherHardware"


def labels_of(pod: ObservedPod, node_labels: Mapping[str, Mapping[str, str]]) -> Mapping[str, str]:
    """Of the node that the pod ran on, as far as they were read."""
    # One without a node has none: no node is called "None".
    return node_labels.get(str(pod.node), {})


def other_hardware(observed: Observed, assessment: ModelAssessment) -> str | None:
    """Why hours, energy, carbon and money say nothing of the retraining, as a sentence; None where they do.

    A template that can't be read is none: the offer tells what is wrong with it.
    """
    template = observed.template
    return _other_than(assessment, template) if isinstance(template, JobTemplate) else None


def _other_than(assessment: ModelAssessment, template: JobTemplate) -> str | None:
    try:
        wanted = accelerators_of(KINDS[template.kind].pod_of(template).spec)
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError):
        return None
    if wanted == assessment.accelerators:
        return None
    return (
        f"{template.path} asks for {_counted(wanted)} and {assessment.model} was measured on "
        f"{_counted(assessment.accelerators)}, which can't tell what the other takes; "
        "let spec.assessment.template ask for the same"
    )


def _counted(accelerators: int) -> str:
    return {0: "no accelerator", 1: "1 accelerator"}.get(accelerators, f"{accelerators} accelerators")
