"""The full report of an assessment: everything behind the summary, for people and for programs that read files.

It travels by file, never through the API server, so it has no size limit and may be read by other tools: every figure
is a decimal string with its unit in the field's name, as everywhere in this API.
"""

from typing import Annotated, Literal

from pydantic import StringConstraints

from modelreuse.api.check import (
    ContentHashes,
    DataSources,
    EvidenceTier,
    Failure,
    MeasuredPass,
    Objective,
    Precision,
)
from modelreuse.api.types import (
    Amount,
    Count,
    DnsLabel,
    Figure,
    Fraction,
    Number,
    Reason,
    Sha256,
    ShortText,
    StatusModel,
    Text,
    Uri,
)

Name = Annotated[str, StringConstraints(max_length=512)]
"""A layer's or an array's name as its file spells it; empty for the model itself."""


class ReportedModel(StatusModel):
    """The model that was assessed."""

    name: DnsLabel
    uri: Uri
    format: Reason
    sha256: Sha256
    parameters: Count
    head: Name
    """The last layer; its input is the embedding that scores compare."""
    classes: Number
    embedding_size: Number


class ReportedArray(StatusModel):
    """One array of a data set."""

    name: Name
    dtype: ShortText
    shape: list[Count]


class ReportedData(StatusModel):
    """A data set that was passed through the model."""

    uri: Uri
    revision: ShortText | None = None
    sha256: Sha256
    samples: Number
    labelled: Count
    """Samples that came with a label."""
    arrays: list[ReportedArray]


class ReportedScore(StatusModel):
    """One score with all that belongs to it. Exactly one of `value` and `undefined` is there."""

    name: Name
    value: Figure | None = None
    means: Text
    """What the figure is, and which end is which."""
    samples: Count
    """New samples that went into it."""
    labels: Literal["Given", "Predicted", "Unused"]
    details: dict[str, Figure] = {}
    undefined: Failure | None = None
    finding: Failure | None = None


class ReportedShift(StatusModel):
    """How far a layer's output on the new data is from that on the reference; comparable across layers and models."""

    channels: Number
    """Of its output."""
    distance: Figure
    """How far they moved on average, in their standard deviations over the reference (ARM), less what unmoved data
    show."""
    error: Amount | None = None
    """Standard error of `distance`."""
    change: Figure
    """PreIndex's representation change of this layer, less what unmoved data show."""
    change_error: Amount | None = None
    moved: bool
    """Whether `distance` is beyond noise (3 standard errors) and beyond 0.1."""


class ReportedLayer(StatusModel):
    """A layer: how large and dear it is, and how far its output moved between reference and new data."""

    name: Name
    kind: ShortText
    parameters: Count
    share: Fraction
    """Of the model's parameters."""
    forward_flops_share: Fraction | None = None
    """Of the counted operations of a forward pass."""
    backward_share: Fraction | None = None
    """Of the operations of a whole training step's backward pass."""
    worth_training: bool
    """Whether a fine-tuning would train it."""
    shift: ReportedShift | None = None
    """Absent for a layer that wasn't tapped, or that was constant over the reference."""


class ReportedSoftware(StatusModel):
    """What computed the figures."""

    modelreuse: ShortText
    torch: ShortText
    python: ShortText


class AssessmentReport(StatusModel):
    """What one assessment found, in full."""

    version: Literal[1] = 1
    task: Annotated[str, StringConstraints(max_length=128)]
    model: ReportedModel
    data: DataSources
    """As the task named them."""
    reference: ReportedData
    new: ReportedData
    hashes: ContentHashes
    objective: Objective
    precision: Precision | None = None
    """In which the passes computed where they could; by default the model's own."""
    evidence: EvidenceTier
    """What all of this rests on."""
    evidence_means: Text
    """The same in words."""
    scores: list[ReportedScore]
    findings: list[Failure] = []
    """What a reader should know before relying on the scores, the most important first."""
    layers: list[ReportedLayer]
    """Every layer with parameters from input to head; then what else was tapped, the input of the head last."""
    trainable_share: Fraction | None = None
    """Share of the parameters in the layers worth training."""
    backward_share: Fraction | None = None
    """Share of a whole training step's backward pass that goes through them."""
    measured: MeasuredPass
    """The passes that were made, together: without that over the reference where its result was kept from before."""
    energy_note: Text = ""
    """How the energy was found."""
    software: ReportedSoftware
