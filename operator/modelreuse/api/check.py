"""ModelReuseCheck: the question that a person asks, and the answer that the operator writes into its status."""

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, WithJsonSchema, model_validator

from modelreuse.api.conditions import Condition
from modelreuse.api.schedule import Schedule, TimeZone
from modelreuse.api.spending import Spending
from modelreuse.api.templates import check_pod_template
from modelreuse.api.types import (
    Amount,
    ApiModel,
    Attempt,
    BatchSize,
    Count,
    CronJobName,
    DnsLabel,
    Duration,
    Factory,
    Figure,
    Fraction,
    Generation,
    Identity,
    LayerName,
    Note,
    Number,
    ObjectName,
    OpenObject,
    Reason,
    Recipe,
    Sentence,
    Sha256,
    Shards,
    ShortText,
    StatusModel,
    Steps,
    Text,
    Time,
    Uid,
    Uri,
)
from modelreuse.api.uris import (
    DATA_SUFFIXES,
    FOLDER_OVER_HTTPS,
    FOLDER_RULE,
    MODEL_SUFFIXES,
    MOUNTED_SCHEMES,
    PICKLE_REFUSED,
    PICKLE_SUFFIXES,
    UNKNOWN_DATA_FORMAT,
    UNKNOWN_MODEL_FORMAT,
    WRITABLE_SCHEMES,
    is_folder,
    one_of_schemes,
    suffix_rule,
)

# Together with the lengths of strings these keep a status at 64 KiB at most, whatever is in it.
MAX_MODELS = 4
MAX_LAYERS_IN_STATUS = 20
MAX_MOVED_LAYERS = 3
MAX_SCORES = 18
MAX_FINDINGS = 4
MAX_HISTORY = 18
MAX_LAYER_NAME = 64
MAX_SCORE_NAME = 32
MAX_IMAGE_ID = 160
MAX_SEEN_PODS = 2
MAX_LOOKS = 8
MAX_DEVICE_NAME = 64
MAX_HARDWARE = 32
"""Entries of a CostProfile, of CPUs and of accelerators."""

PILOT_LOOKS = (10, 25)
"""Steps after which a pilot is asked for the quality: those that predictions can learn from."""


class Action(StrEnum):
    """What can be done with a model that meets new data."""

    REUSE = "Reuse"
    FINE_TUNE = "FineTune"
    RETRAIN = "Retrain"
    TRAIN_FROM_SCRATCH = "TrainFromScratch"
    SWITCH = "Switch"
    INCONCLUSIVE = "Inconclusive"
    BLOCKED = "Blocked"


class Basis(StrEnum):
    """Where a figure comes from. `Reported` is what a requester's own code claims of itself."""

    MEASURED = "Measured"
    ESTIMATED = "Estimated"
    ASSUMED = "Assumed"
    REPORTED = "Reported"


TrainingAction = Literal[Action.FINE_TUNE, Action.RETRAIN, Action.TRAIN_FROM_SCRATCH]
"""The actions that spend energy on gradients."""

EvidenceTier = Literal["L0", "L1", "L2", "L3"]
"""What a result rests on: L0 no labels on the new data, L1 a labelled audit, L2 labels on all of it, L3 a pilot too."""


# --- spec -----------------------------------------------------------------------------------------------------------


_NO_FOLDER_OVER_HTTPS: dict[str, Any] = {
    "rule": "!self.uri.startsWith('https://') || !self.uri.endsWith('/')",
    "message": FOLDER_OVER_HTTPS,
    "fieldPath": ".uri",
}


def _refuse_folder_over_https(uri: str) -> None:
    if uri.startswith("https://") and is_folder(uri):
        raise ValueError(f"uri: {uri!r}: {FOLDER_OVER_HTTPS}")


def _is_of(schemes: tuple[str, ...], uri: str) -> bool:
    return uri.partition("://")[0] in schemes


class CodeSource(ApiModel):
    """Python code of the user's own that a factory or a transform needs."""

    uri: Uri
    """A folder, mounted read-only; factories and transforms are imported from it where nothing else has their name."""

    model_config = ConfigDict(
        json_schema_extra={
            "x-kubernetes-validations": [
                {
                    "rule": one_of_schemes(MOUNTED_SCHEMES, "self.uri"),
                    "message": "code is mounted, not downloaded: uri must be a pvc:// or file:// URI",
                    "fieldPath": ".uri",
                },
            ]
        }
    )

    @model_validator(mode="after")
    def _can_be_mounted(self) -> "CodeSource":
        if not _is_of(MOUNTED_SCHEMES, self.uri):
            raise ValueError("uri: code is mounted, not downloaded: uri must be a pvc:// or file:// URI")
        return self


class DataSource(ApiModel):
    """A data set: a file, a folder, or what the user's own code reads from one."""

    uri: Uri
    """The format follows from the suffix: `.npz` (arrays with one row per sample), `.parquet` (a column per array), or
    a folder with a / at its end: of Parquet files, or of images with a folder per class."""
    factory: Factory | None = None
    """A callable, `package.module:function`, that gets the local path of `uri`, in whatever format, and yields batches:
    dicts of arrays by name, with one row per sample."""
    revision: Annotated[str, StringConstraints(max_length=128)] | None = None
    """The owner's own name for this state of the data; shown, never interpreted."""

    model_config = ConfigDict(
        json_schema_extra={
            "x-kubernetes-validations": [
                {
                    "rule": f"has(self.factory) || {suffix_rule(DATA_SUFFIXES)} || {FOLDER_RULE}",
                    "messageExpression": f"'unknown format of \"' + self.uri + '\"; {UNKNOWN_DATA_FORMAT}'",
                    "fieldPath": ".uri",
                },
                _NO_FOLDER_OVER_HTTPS,
            ]
        }
    )

    @model_validator(mode="after")
    def _format_is_known(self) -> "DataSource":
        if self.factory is None and not self.uri.endswith(DATA_SUFFIXES) and not is_folder(self.uri):
            raise ValueError(f"uri: {self.uri!r}: unknown format; {UNKNOWN_DATA_FORMAT}")
        _refuse_folder_over_https(self.uri)
        return self


class ModelSource(ApiModel):
    """A candidate: a model whose reuse is considered."""

    name: DnsLabel
    uri: Uri
    """Weights; the format follows from the suffix: `.pt2` (torch.export), `.safetensors` (needs `factory`), or a folder
    with a / at its end (Hugging Face's config.json and safetensors)."""
    factory: Factory | None = None
    """For `.safetensors`: a callable without arguments, `package.module:function`, that returns the torch module."""
    layers: Annotated[list[LayerName], Field(max_length=64)] = []
    """Layers to observe, by module name; by default they are found automatically."""
    reference: DataSource | None = None
    """Held-out data of the kind that this model was made for, where that is another than `spec.data.reference`."""

    model_config = ConfigDict(
        json_schema_extra={
            "x-kubernetes-validations": [
                {
                    "rule": "!self.uri.endsWith('.safetensors') || has(self.factory)",
                    "message": "a .safetensors file holds weights only: factory must name what builds the module, "
                    "as in vision.net:build",
                    "fieldPath": ".factory",
                },
                {
                    "rule": f"!({suffix_rule(PICKLE_SUFFIXES)})",
                    "message": PICKLE_REFUSED,
                    "fieldPath": ".uri",
                },
                {
                    "rule": f"{suffix_rule((*MODEL_SUFFIXES, *PICKLE_SUFFIXES))} || {FOLDER_RULE}",
                    "messageExpression": f"'unknown format of \"' + self.uri + '\"; {UNKNOWN_MODEL_FORMAT}'",
                    "fieldPath": ".uri",
                },
                _NO_FOLDER_OVER_HTTPS,
            ]
        }
    )

    @model_validator(mode="after")
    def _format_is_known(self) -> "ModelSource":
        if self.uri.endswith(PICKLE_SUFFIXES):
            raise ValueError(f"uri: {self.uri!r}: {PICKLE_REFUSED}")
        if not self.uri.endswith(MODEL_SUFFIXES) and not is_folder(self.uri):
            raise ValueError(f"uri: {self.uri!r}: unknown format; {UNKNOWN_MODEL_FORMAT}")
        if self.uri.endswith(".safetensors") and self.factory is None:
            raise ValueError(
                "factory: a .safetensors file holds weights only: factory must name what builds the module, "
                "as in vision.net:build"
            )
        _refuse_folder_over_https(self.uri)
        return self


class DataSources(ApiModel):
    """The data that the model was validated on, and the data that it meets now."""

    inputs: Annotated[list[Annotated[str, StringConstraints(max_length=128)]], Field(min_length=1, max_length=16)] = [
        "inputs"
    ]
    """Names of the arrays that are the model's positional arguments."""
    labels: Annotated[str, StringConstraints(max_length=128)] | None = None
    """Name of the array of integer class labels; everything works without."""
    clusters: Annotated[str, StringConstraints(max_length=128)] | None = None
    """Name of an array of whole numbers, equal for samples that are no independent evidence of each other: one patient,
    one machine, one film. Standard errors then count clusters and not samples."""
    transform: Factory | None = None
    """A callable that turns the loaded arrays into the model's input tensors."""
    reference: DataSource
    """Held-out data of the kind that the models were made for; not their training data."""
    new: DataSource
    evaluation: DataSource | None = None
    """Held-out new data, with labels, on which a retrained model is verified."""

    @property
    def sources(self) -> "list[DataSource]":
        """All data sets that are named."""
        return [source for source in (self.reference, self.new, self.evaluation) if source is not None]


class Target(ApiModel):
    """The quality to reach: a share of the reference quality, or an absolute value."""

    relative: Fraction | None = None
    absolute: Fraction | None = None

    model_config = ConfigDict(
        json_schema_extra={
            "x-kubernetes-validations": [
                {
                    "rule": "has(self.relative) != has(self.absolute)",
                    "message": "exactly one of relative and absolute must be given",
                }
            ]
        }
    )

    @model_validator(mode="after")
    def _one_of(self) -> "Target":
        if (self.relative is None) == (self.absolute is None):
            raise ValueError("exactly one of relative and absolute must be given")
        return self


class Objective(ApiModel):
    """What quality means, and how much of it is wanted. By default: keep the quality seen on the reference."""

    metric: Literal["accuracy"] = "accuracy"
    target: Target | None = None
    point_value: Amount | None = None
    """What one point (0.01) of quality is worth over the time that the model serves, in the CostProfile's currency."""


_OUTPUT_IS_WRITTEN = "reports are written: output must be a pvc://, s3://, gs:// or file:// URI"


def _pod_template(template: dict[str, Any]) -> dict[str, Any]:
    check_pod_template(template)
    return template


Precision = Literal["BFloat16", "Float16"]
"""Half-width types of which mixed precision makes use."""


class Assessment(ApiModel):
    """How the forward pass runs."""

    output: Uri | None = None
    """A folder for the full report; without it only the summary in the status remains."""
    batch_size: BatchSize = 64
    precision: Precision | None = None
    """Floating-point type in which the passes compute where they may (mixed precision); by default the model's own."""
    shards: Shards = 1
    """How many pods share the pass. Each takes the whole template, its resources too, and they run at the same time."""
    timing_probe: bool = True
    """Whether five training steps on dummy labels, with a throwaway copy of the model, are timed."""
    timeout: Duration = "1h"
    template: Annotated[OpenObject, AfterValidator(_pod_template)] = {}
    """A partial PodTemplateSpec, merged onto our pod with its container `worker`; nothing in it may loosen that pod."""

    model_config = ConfigDict(
        json_schema_extra={
            "x-kubernetes-validations": [
                {
                    "rule": f"!has(self.output) || {one_of_schemes(WRITABLE_SCHEMES, 'self.output')}",
                    "message": _OUTPUT_IS_WRITTEN,
                    "fieldPath": ".output",
                },
            ]
        }
    )

    @model_validator(mode="after")
    def _output_can_be_written(self) -> "Assessment":
        if self.output is not None and not _is_of(WRITABLE_SCHEMES, self.output):
            raise ValueError(f"output: {self.output!r}: {_OUTPUT_IS_WRITTEN}")
        return self


class Pilot(ApiModel):
    """A few real steps before the retraining, to see how fast the model learns. It needs an approval of its own."""

    steps: Annotated[int, Field(ge=PILOT_LOOKS[0], le=PILOT_LOOKS[-1])] = PILOT_LOOKS[-1]


_ONE_TEMPLATE = "exactly one of jobTemplate, fromCronJob and objectTemplate must be given"

_SHORTER = "is not less than maxSteps"

_ONE_TEMPLATE_RULE = (
    "[has(self.jobTemplate), has(self.fromCronJob), has(self.objectTemplate)].filter(given, given).size() == 1"
)


class Retraining(ApiModel):
    """How a retraining would run, once a human has approved it."""

    actions: Annotated[list[TrainingAction], Field(min_length=1, max_length=3)] = [Action.FINE_TUNE, Action.RETRAIN]
    """What the template can do."""
    recipe: Recipe = "default"
    """A name for optimiser, learning rate, schedule and batch size: only records of one recipe are compared."""
    batch_size: BatchSize = 64
    max_steps: Annotated[Steps, Field(ge=1)]
    """The declared budget: the training stops there whether or not it reached the target."""
    pilot: Pilot | None = None
    """Where it is given, what is offered first is a pilot of what would be recommended, where the new data have labels.
    What it shows makes the prediction anew; its weights are thrown away."""
    output: Uri
    """A folder that the trainer can write."""
    job_template: OpenObject | None = None
    """As in a CronJob: `metadata` and `spec` of a Job with a container `trainer`; nothing in it may repeat the run."""
    from_cron_job: CronJobName | None = None
    """Instead of `jobTemplate`: that of a CronJob of this namespace, suspended or not, which others may own. Whoever
    sets it must be allowed to read that CronJob. What it held when the retraining was first offered is what counts."""
    object_template: OpenObject | None = None
    """Instead of `jobTemplate`: a TrainJob (trainer.kubeflow.org/v1alpha1, Kubeflow Trainer 2.2 or newer) of one node.
    Whoever sets it must be allowed to create TrainJobs. The training runtime that it names counts as it was when the
    retraining was first offered."""

    model_config = ConfigDict(
        json_schema_extra={
            "x-kubernetes-validations": [
                {"rule": "self.output.startsWith('pvc://')", "message": "output must be a pvc:// URI"},
                {"rule": _ONE_TEMPLATE_RULE, "message": _ONE_TEMPLATE},
                {
                    "rule": "!has(self.pilot) || self.pilot.steps < self.maxSteps",
                    "message": _SHORTER,
                    "fieldPath": ".pilot.steps",
                },
            ]
        }
    )

    @model_validator(mode="after")
    def _output_is_a_claim(self) -> "Retraining":
        if not self.output.startswith("pvc://"):
            raise ValueError("output must be a pvc:// URI")
        return self

    @model_validator(mode="after")
    def _one_template(self) -> "Retraining":
        if [self.job_template, self.from_cron_job, self.object_template].count(None) != 2:
            raise ValueError(_ONE_TEMPLATE)
        return self

    @model_validator(mode="after")
    def _pilot_is_shorter(self) -> "Retraining":
        if self.pilot is not None and self.pilot.steps >= self.max_steps:
            raise ValueError(f"pilot.steps: {self.pilot.steps} {_SHORTER} ({self.max_steps})")
        return self


class ModelReuseCheckSpec(ApiModel):
    """May these models be used on this data, and what would it cost to adapt them?"""

    code: CodeSource | None = None
    models: Annotated[
        list[ModelSource],
        Field(
            min_length=1,
            max_length=MAX_MODELS,
            json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]},
        ),
    ]
    """The candidates; the first is the one in use."""
    data: DataSources
    objective: Objective = Objective()
    assessment: Assessment = Assessment()
    retraining: Retraining | None = None
    """Without it the check is advisory."""
    schedule: Schedule | None = None
    """When to assess again, as a CronJob says it. An assessment that waits for approval then stays as it is, unless the
    new one recommends something else."""
    time_zone: TimeZone = "UTC"
    """Of the schedule."""
    suspend: bool = False
    """While true, nothing new is launched."""

    def data_of(self, model: ModelSource) -> DataSources:
        """The data that a candidate is assessed on: with its own reference, where it has one."""
        return self.data if model.reference is None else self.data.model_copy(update={"reference": model.reference})

    @model_validator(mode="after")
    def _names_are_unique(self) -> "ModelReuseCheckSpec":
        names = [model.name for model in self.models]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"models: the name {name!r} stands more than once")
        return self


# --- status ---------------------------------------------------------------------------------------------------------


class ScoreStatus(StatusModel):
    """One score of the forward pass."""

    name: Annotated[str, StringConstraints(max_length=MAX_SCORE_NAME, pattern=r"^[a-z][a-z0-9_]*$")]
    value: Figure
    labels: Literal["Given", "Predicted", "Unused"]
    """Whether the score used true labels, the model's own predictions, or neither."""


Place = Annotated[int, Field(ge=0, le=MAX_HARDWARE - 1)]
Scores = Annotated[list[ScoreStatus], Field(max_length=MAX_SCORES)]


class MeasuredPass(StatusModel):
    """What the forward pass cost, and what the timing probe saw."""

    device: Annotated[str, StringConstraints(max_length=MAX_DEVICE_NAME)]
    samples: Number
    seconds: Amount
    cpu_seconds: Amount
    energy_wh: Amount
    energy_basis: Basis
    step_seconds: Amount | None = None
    """Median seconds of one training step of the probe, all layers trainable; absent when the probe did not run."""
    step_energy_wh: Amount | None = None
    """Energy of one training step, where a counter measured it."""
    step_batch_size: BatchSize | None = None
    step_gigaflops: Amount | None = None
    """Floating-point operations of such a step in convolutions, matrix products and attention, in billions."""
    step_gigabytes: Amount | None = None
    """What its operations read and write, each by itself, in billions of bytes."""
    step_launches: Count | None = None
    """How many operations that are."""
    head_step_seconds: Amount | None = None
    """The same with only the last layer trainable."""
    startup_seconds: Amount | None = None
    """Seconds from the program's start to the first batch: loading of code, weights and data."""


class UsedHardware(StatusModel):
    """What a pod occupied, by the CostProfile that `prediction.costProfileSha256` names."""

    cpu: Place | None = None
    """In `spec.cpus`, counted from 0; absent where none of them fits the node."""
    accelerator: Place | None = None
    """The same in `spec.accelerators`."""
    cpu_cores: Amount


class JobReference(StatusModel):
    """A Job that the operator created. Results count only from this UID."""

    name: DnsLabel
    uid: Uid | None = None


class ContentHashes(StatusModel):
    """SHA-256 of the bytes that were assessed."""

    model: Sha256
    reference: Sha256
    new: Sha256
    evaluation: Sha256 | None = None
    code: Sha256 | None = None
    """Of the folder `spec.code`: of every file's path and bytes."""


class Failure(StatusModel):
    """Why something ended without a result."""

    reason: Reason
    message: Sentence


class Finding(StatusModel):
    """What a reader should know before relying on the scores, in short; the report has all of it."""

    reason: Reason
    message: Note


Findings = Annotated[list[Finding], Field(max_length=MAX_FINDINGS)]

ListedLayer = Annotated[str, StringConstraints(max_length=MAX_LAYER_NAME, min_length=1)]
"""A layer's name as a status holds it."""
ListedLayers = Annotated[list[ListedLayer], Field(max_length=MAX_LAYERS_IN_STATUS)]


class MovedLayer(StatusModel):
    """A layer whose output on the new data isn't what it was on the reference."""

    name: ListedLayer
    """Of a longer name its end, after an ellipsis."""
    shift: Amount
    """How far its channels moved on average, in their standard deviations over the reference (ARM), less what unmoved
    data show."""
    error: Amount | None = None
    """Standard error of `shift`."""


MovedLayers = Annotated[list[MovedLayer], Field(max_length=MAX_MOVED_LAYERS)]


class ModelAssessment(StatusModel):
    """The assessment of one candidate."""

    model: DnsLabel
    attempt: Attempt = 1
    job: JobReference
    hashes: ContentHashes | None = None
    image: Annotated[str, StringConstraints(max_length=MAX_IMAGE_ID)] | None = None
    """Image ID that the node reported for the worker; of a longer one its end, where the digest stands."""
    classes: Number | None = None
    samples: Number | None = None
    labelled: Count | None = None
    """New samples that came with a label."""
    evidence: EvidenceTier | None = None
    """What scores and recommendation rest on."""
    scores: Scores = []
    findings: Findings = []
    """What a reader should know before relying on the scores."""
    moved: MovedLayers = []
    """The layers that moved farthest, the farthest first; the report has all."""
    layers: ListedLayers = []
    """The layers worth training: those that a fine-tuning would train."""
    trainable_share: Fraction | None = None
    """Their share of the model's parameters."""
    backward_share: Fraction | None = None
    """Their share of a whole training step's backward pass, where operations could be counted."""
    measured: MeasuredPass | None = None
    hardware: UsedHardware | None = None
    """What the pass ran on: its pod may be gone when a prediction or an offer asks."""
    accelerators: Count = 0
    """That the pod of the pass held, by its resource limits."""
    report_sha256: Sha256 | None = None
    failure: Failure | None = None

    @property
    def finished(self) -> bool:
        """Whether this candidate has a result or a final failure."""
        return self.hashes is not None or self.failure is not None


class Range(StatusModel):
    """A predicted figure: a point where one can be given, and an interval."""

    estimate: Amount | None = None
    low: Amount
    high: Amount
    basis: Basis


class PredictedCost(StatusModel):
    """What one action would cost."""

    action: TrainingAction
    model: DnsLabel
    steps: Range
    hours: Range
    energy_kwh: Range
    carbon_grams_location: Range | None = None
    """By the grid's average intensity; absent without a CostProfile."""
    carbon_grams_market: Range | None = None
    """By the site's contracts (GHG Protocol Scope 2), where the profile has them."""
    money: Range | None = None
    currency: Annotated[str, StringConstraints(max_length=3)] | None = None
    reaches_target: Fraction | None = None
    """Probability that the target is reached within `maxSteps`, where records can tell."""
    quality: Range | None = None
    """The quality that is attainable within `maxSteps`, where verified records can tell."""


class CarbonIntensity(StatusModel):
    """What the grid emits, location-based, by one of several sources."""

    grams_per_kwh: Amount
    """gCO2e per kWh."""
    source: Note


class Prediction(StatusModel):
    """What adapting would cost, by action."""

    made_at: Time
    records: Count
    """How many earlier retrainings the prediction rests on."""
    coverage: Fraction
    """The share of cases that the intervals of steps are meant to hold."""
    max_steps: Steps | None = None
    """The declared budget. An interval of steps that ends here may go on: the target may not be met by then."""
    method: ShortText
    cost_profile_sha256: Sha256 | None = None
    """Of the CostProfile's spec that hours, energy, carbon and money were computed by; absent without a profile."""
    carbon_intensity: CarbonIntensity | None = None
    """That carbon was computed by, and budgets are charged by: it stays when the grid's changes."""
    roofline: Annotated[str, StringConstraints(max_length=88, pattern=r"^[a-z0-9., -]+$")] | None = None
    """The hardware by whose roofline hours were computed, and cores: what retraining asks for, unlike the pass."""
    costs: Annotated[list[PredictedCost], Field(max_length=3 * MAX_MODELS)] = []


class ExpectedReturn(StatusModel):
    """What the recommended action brings beyond what it takes, by the prices that people put on quality and labels."""

    estimate: Figure | None = None
    low: Figure
    high: Figure
    basis: Basis
    currency: Annotated[str, StringConstraints(max_length=3)]


class Recommendation(StatusModel):
    """What the policy makes of the assessment."""

    action: Action
    model: DnsLabel
    ranked: Annotated[list[DnsLabel], Field(max_length=MAX_MODELS)] = []
    """Where there are several, all candidates, best first: by predicted cost to the target, then by evidence."""
    layers: ListedLayers = []
    expected_return: ExpectedReturn | None = None
    """Where `objective.pointValue` and the profile's prices tell."""
    reason: Reason
    message: Text


class DigestComponent(StatusModel):
    """One part of what a human approves, by its hash."""

    name: Annotated[str, StringConstraints(max_length=24)]
    sha256: Sha256


DigestComponents = Annotated[list[DigestComponent], Field(max_length=14)]


class Approval(StatusModel):
    """What can be approved, and who did."""

    digest: Sha256
    """The annotation `modelreuse.io/approve` must carry exactly this."""
    components: DigestComponents = []
    offered_at: Time
    expires_at: Time
    by: Identity | None = None
    groups: Annotated[str, StringConstraints(max_length=1024)] | None = None
    at: Time | None = None


class Intent(StatusModel):
    """The decision to launch, stored before anything is launched. Its digest is consumed."""

    digest: Sha256
    at: Time
    action: TrainingAction
    model: DnsLabel
    pilot_steps: Annotated[Steps, Field(ge=1)] | None = None
    """Where it is a pilot: of how many steps."""


class Evaluation(StatusModel):
    """The quality that a training saw after so many steps, on samples that it held back."""

    step: Annotated[Steps, Field(ge=1)]
    quality: Fraction


Evaluations = Annotated[list[Evaluation], Field(max_length=MAX_LOOKS)]
"""Some of a training's looks at its quality, spread over its steps."""
PilotEvaluations = Annotated[list[Evaluation], Field(max_length=len(PILOT_LOOKS))]
"""At the steps that a pilot is asked for."""


class SeenPod(StatusModel):
    """A pod of the retraining while it can be seen: one that is removed early must not cost nothing."""

    name: DnsLabel
    started_at: Time | None = None
    finished_at: Time | None = None


class RetrainingStatus(StatusModel):
    """The one retraining of the current assessment."""

    intent: Intent
    record: DnsLabel
    launched: bool = False
    """Set before the Job is created: from then on this digest never launches again."""
    job: JobReference | None = None
    kind: Annotated[str, StringConstraints(max_length=16)] | None = None
    """Of `job`, where it isn't a Job: `TrainJob`."""
    started_at: Time | None = None
    finished_at: Time | None = None
    result: Literal["Succeeded", "Failed", "Lost"] | None = None
    failure: Failure | None = None
    steps: Steps | None = None
    """As the trainer reports."""
    target_reached: bool | None = None
    """As the trainer reports."""
    evaluated_every: Annotated[Steps, Field(ge=1)] | None = None
    evaluations: Evaluations = []
    """As the trainer reports; a pilot's stand under `pilot`."""
    artifact_uri: Annotated[str, StringConstraints(max_length=1024)] | None = None
    artifact_sha256: Sha256 | None = None
    pod_seconds: Amount | None = None
    """Pod time that the operator observed."""
    energy_wh: Amount | None = None
    energy_basis: Basis | None = None
    reported_energy_wh: Amount | None = None
    pods: Annotated[list[SeenPod], Field(max_length=MAX_SEEN_PODS)] = []
    attempts: Attempt | None = None
    """How many pods it had: a queue that needs room ends one and begins another later."""
    removed_pod_seconds: Amount | None = None
    """Of pods that were removed: preempted, evicted, deleted."""
    charge: Spending | None = None
    """What budgets are charged with once it has ended; absent: all that was reserved."""


class PilotStatus(StatusModel):
    """The one pilot of the current assessment: on offer, running, or what came of it."""

    action: TrainingAction
    """FineTune trains the layers that the assessment of the model lists."""
    model: DnsLabel
    steps: Annotated[Steps, Field(ge=1)]
    cost: PredictedCost
    """Of exactly these steps."""
    evaluations: PilotEvaluations = []
    """As the trainer reports."""
    digest: Sha256 | None = None
    """That was approved; present once the pilot has ended, like all that follows."""
    record: DnsLabel | None = None
    finished_at: Time | None = None
    failure: Failure | None = None
    """Why it told nothing; what would have been offered without a pilot is offered then."""

    @property
    def ended(self) -> bool:
        """Whether it is over, with or without a result."""
        return self.finished_at is not None

    @property
    def told(self) -> bool:
        """Whether it showed how fast the model learns."""
        return self.ended and self.failure is None


class VerificationStatus(StatusModel):
    """What our own worker measured of the old and the new model on held-out data."""

    attempt: Attempt = 1
    job: JobReference
    metric: Literal["accuracy"] | None = None
    samples: Number | None = None
    old_quality: Fraction | None = None
    new_quality: Fraction | None = None
    evaluation_sha256: Sha256 | None = None
    artifact_sha256: Sha256 | None = None
    image: Sha256 | None = None
    """Digest of the image that measured, as the node reported it."""
    failure: Failure | None = None


class HistoryRow(StatusModel):
    """One past assessment, in scalars."""

    assessed_at: Time
    action: Action
    digest: Sha256 | None = None
    outcome: Literal["Succeeded", "Failed", "Lost", "Rejected"] | None = None
    message: Note = ""


class Summary(StatusModel):
    """The recommended action's figures as people read them, for `kubectl get`."""

    energy: Annotated[str, StringConstraints(max_length=80)]
    carbon: Annotated[str, StringConstraints(max_length=80)] | None = None


class ScreenedModel(StatusModel):
    """How far one candidate's part of a scheduled assessment is. Its answer stays with its Job until all are there."""

    model: DnsLabel
    attempt: Attempt = 1
    job: JobReference


class Screening(StatusModel):
    """A scheduled assessment that runs beside the current one."""

    nonce: Annotated[str, StringConstraints(max_length=64)]
    started_at: Time
    models: Annotated[
        list[ScreenedModel],
        Field(
            max_length=MAX_MODELS,
            json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["model"]},
        ),
    ] = []


class ModelReuseCheckStatus(StatusModel):
    """The answer. Written by the operator alone."""

    observed_generation: Generation | None = None
    conditions: Annotated[
        list[Condition],
        Field(
            max_length=7, json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]}
        ),
    ] = []
    """One of each type, but never both `Reconciling` and `Stalled`."""
    nonce: Annotated[str, StringConstraints(max_length=64)] | None = None
    """Random, new with each assessment: an old approval can't fit a new one."""
    spec_hash: Sha256 | None = None
    """Of the parts of the spec that the assessment depends on."""
    assess_token: ShortText | None = None
    """The last value of the annotation `modelreuse.io/assess` that was acted upon."""
    started_at: Time | None = None
    assessed_at: Time | None = None
    assessments: Annotated[
        list[ModelAssessment],
        Field(
            max_length=MAX_MODELS,
            json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["model"]},
        ),
    ] = []
    prediction: Prediction | None = None
    recommendation: Recommendation | None = None
    summary: Summary | None = None
    pilot: PilotStatus | None = None
    """What stands on offer, or was approved, before the retraining, where `spec.retraining.pilot` asks for it."""
    approval: Approval | None = None
    template_sha256: Sha256 | None = None
    """Of the CronJob's `jobTemplate` when the retraining of this assessment was first offered."""
    rejected: ShortText | None = None
    """Who rejected the current assessment."""
    screening: Screening | None = None
    screened_at: Time | None = None
    """When the last scheduled assessment began."""
    retraining: RetrainingStatus | None = None
    verification: VerificationStatus | None = None
    history: Annotated[list[HistoryRow], Field(max_length=MAX_HISTORY)] = []


class ObjectMeta(StatusModel):
    """The part of Kubernetes metadata that rules read."""

    name: ObjectName
    namespace: DnsLabel = "default"
    uid: Uid = ""
    generation: int = 1
    resource_version: str = ""
    creation_timestamp: Time | None = None
    deletion_timestamp: Time | None = None
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}


Metadata = Annotated[ObjectMeta, WithJsonSchema({"type": "object"})]
"""The API server has its own schema for metadata and accepts no other."""


class ModelReuseCheck(StatusModel):
    """The custom resource as the API server serves it."""

    api_version: Literal["modelreuse.io/v1alpha1"] = "modelreuse.io/v1alpha1"
    kind: Literal["ModelReuseCheck"] = "ModelReuseCheck"
    metadata: Metadata
    spec: ModelReuseCheckSpec
    status: ModelReuseCheckStatus = ModelReuseCheckStatus()

    @classmethod
    def parse(cls, served: dict[str, Any]) -> "ModelReuseCheck":
        """The resource from the API server's JSON. Raises pydantic.ValidationError naming the field."""
        return cls.model_validate(served)
