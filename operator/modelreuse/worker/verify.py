"""The verification: the quality of the old and the new model on held-out data, measured by us and not by the trainer.

Bytes other than those that the training reported are refused before anything of them is parsed.
"""

from collections.abc import Callable

import torch
from torch import nn

from modelreuse.api import DataSource, VerificationSummary, VerificationTask, decimal
from modelreuse.scores import ScoreError
from modelreuse.scores.head import logits_in
from modelreuse.scores.layers import to_device
from modelreuse.worker.code_folder import CODE_FIELD, imported_from
from modelreuse.worker.data import DataSet, check_class_count, load_data
from modelreuse.worker.effort import default_device
from modelreuse.worker.errors import TaskError
from modelreuse.worker.formats.load import load_model
from modelreuse.worker.model_fields import ModelFields
from modelreuse.worker.places import Places
from modelreuse.worker.user_code import find
from modelreuse.worker.wording import one_line

EVALUATION_FIELD = "spec.data.evaluation.uri"
TRANSFORM_FIELD = "spec.data.transform"
_REJECTIONS = (RuntimeError, ValueError, TypeError, LookupError, AssertionError, AttributeError)


def verify(task: VerificationTask, places: Places, *, device: torch.device | None = None) -> VerificationSummary:
    """Does the task in this process. Raises TaskError; running out of memory passes through."""
    device = device or default_device()
    if task.data.evaluation is None:
        raise TaskError(
            "EvaluationMissing", "spec.data.evaluation", "a verification needs held-out new data with labels"
        )
    if task.code is not None and task.code_sha256 is None:
        raise TaskError(
            "CodeChanged", CODE_FIELD, "nobody has approved this code: the assessment didn't hash it; assess again"
        )
    wanted = (task.old.factory, task.new.factory, task.data.transform, task.data.evaluation.factory)
    with imported_from(task.code, places, wanted, task.code_sha256):
        return _verified(task, task.data.evaluation, places, device)


def _verified(
    task: VerificationTask, evaluation: DataSource, places: Places, device: torch.device
) -> VerificationSummary:
    transform = find(task.data.transform, TRANSFORM_FIELD) if task.data.transform else None
    data = load_data(evaluation, EVALUATION_FIELD, task.data, places, transform, labels_required=True)
    # The artefact first: a mismatch is worth knowing before anything is computed.
    new_fields = ModelFields.of_artifact(task.new.name)
    new, artifact_sha256 = load_model(task.new, new_fields, places, device, task.artifact_sha256)
    new_quality, samples = accuracy(new.module, data, task.batch_size, device, new_fields.uri)
    del new
    old_fields = ModelFields.of_candidate(task.old.name)
    old, _ = load_model(task.old, old_fields, places, device)
    old_quality, _ = accuracy(old.module, data, task.batch_size, device, old_fields.uri)
    return VerificationSummary(
        task=task.task,
        metric=task.objective.metric,
        samples=samples,
        old_quality=decimal(old_quality),
        new_quality=decimal(new_quality),
        evaluation_sha256=data.sha256,
        artifact_sha256=artifact_sha256,
    )


def accuracy(model: nn.Module, data: DataSet, batch_size: int, device: torch.device, field: str) -> tuple[float, int]:
    """The share of samples whose largest logit is the label's, in [0, 1], and how many samples there are.

    The lowest index of several equal logits wins.
    field: of the model, for errors. Raises TaskError: InputsRejected, WrongShape, ActivationsNotFinite,
    LabelsOutOfRange, ClassesDiffer.
    """
    right = samples = 0
    with torch.inference_mode():
        for inputs, labels, _ in data.batches(batch_size):
            arguments, _ = to_device(inputs, device)
            logits = _logits(lambda arguments=arguments: model(*arguments), field)  # type: ignore[misc]
            assert labels is not None
            if len(labels) != len(logits):
                raise TaskError("WrongShape", field, f"the model answers {len(logits)} rows for {len(labels)} samples")
            check_class_count(data, logits.shape[1])
            if int(labels.min()) < 0 or int(labels.max()) >= logits.shape[1]:
                raise TaskError(
                    "LabelsOutOfRange", data.field, f"labels must lie in 0..{logits.shape[1] - 1}, the model's outputs"
                )
            samples += len(labels)
            right += int((logits.argmax(dim=1).cpu() == torch.from_numpy(labels)).sum())
    return right / samples, samples


def _logits(run: Callable[[], object], field: str) -> torch.Tensor:
    try:
        logits = logits_in(run())
    except torch.OutOfMemoryError:
        raise
    except ScoreError as error:
        raise TaskError(error.reason, field, str(error)) from error
    except _REJECTIONS as error:
        cause = one_line(f"{type(error).__name__}: {error}", 200)
        raise TaskError("InputsRejected", field, f"the model does not take the evaluation data: {cause}") from error
    if not bool(logits.isfinite().all()):
        raise TaskError(
            "ActivationsNotFinite", field, "the model's output holds NaN or infinity on the evaluation data"
        )
    return logits
