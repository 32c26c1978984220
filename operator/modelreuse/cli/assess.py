"""`modelreuse assess`: the worker's own code in this process, one task per model, and what it reports.

It makes the tasks that the operator would make, so that a desk and a pod can't disagree. It must not know what an
assessment is made of.
"""

import contextlib
import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from modelreuse.api import AssessmentReport, AssessmentTask, ModelReuseCheck, ModelSource
from modelreuse.cli import trust
from modelreuse.cli.checks import read_check
from modelreuse.cli.printing import PRINTERS
from modelreuse.cli.problems import BAD_INPUT, OTHER, Problem

if TYPE_CHECKING:
    from modelreuse.worker import Places, TaskError

WORKER_EXTRA = "modelreuse assess needs the worker extra: pip install 'model-reuse-operator[worker]'"
_NEEDED = ("torch", "safetensors")


def run(check_file: Path, output: str, *, trust_code: bool, claims: Sequence[str], models: Sequence[str]) -> None:
    """Assesses and prints. Raises Problem."""
    check = read_check(check_file)
    chosen = _chosen(check, models)
    beside = Path.cwd() if str(check_file) == "-" else check_file.resolve().parent
    folders = _folders(claims)
    if any(importlib.util.find_spec(name) is None for name in _NEEDED):
        raise Problem(WORKER_EXTRA, OTHER)
    trust.ask(trust.code_of(check.spec, chosen), check.spec.code.uri if check.spec.code else None, trusted=trust_code)

    from modelreuse.worker import Places

    places = Places(claims_root=beside, claims=folders)
    with contextlib.redirect_stdout(sys.stderr):
        reports = [_assess(task_of(check, model), places) for model in chosen]
    PRINTERS[output](reports)


def task_of(check: ModelReuseCheck, model: ModelSource) -> AssessmentTask:
    """The task of one model, as the operator would give it to a pod; the report is printed rather than stored."""
    spec = check.spec
    return AssessmentTask(
        task=f"desk/{check.metadata.name[:60]}/{model.name}",
        model=model,
        data=spec.data_of(model),
        code=spec.code,
        objective=spec.objective,
        batch_size=spec.assessment.batch_size,
        probe_batch_size=_probe_batch_size(check),
    )


def _probe_batch_size(check: ModelReuseCheck) -> int | None:
    if not check.spec.assessment.timing_probe:
        return None
    return check.spec.retraining.batch_size if check.spec.retraining else 64


def _chosen(check: ModelReuseCheck, names: Sequence[str]) -> list[ModelSource]:
    known = {model.name: model for model in check.spec.models}
    for name in names:
        if name not in known:
            raise Problem(f"--model {name}: the check has no such model; it has {', '.join(known)}")
    return [known[name] for name in dict.fromkeys(names)] if names else list(known.values())


def _folders(claims: Sequence[str]) -> dict[str, Path]:
    folders = {}
    for claim in claims:
        name, separator, folder = claim.partition("=")
        if not separator or not name or not folder:
            raise Problem(f"--claim {claim}: give NAME=DIR, as in --claim models=./models")
        if not Path(folder).is_dir():
            raise Problem(f"--claim {claim}: {folder} is no folder")
        folders[name] = Path(folder).resolve()
    return folders


def _assess(task: AssessmentTask, places: "Places") -> AssessmentReport:
    from modelreuse.cli.progress import shown
    from modelreuse.worker.assess import assess
    from modelreuse.worker.errors import TaskError, from_unexpected

    try:
        with shown(task.model.name) as progress:
            return assess(task, places, progress=progress).report
    except TaskError as error:
        raise _problem(error) from error
    except Exception as error:
        raise _problem(from_unexpected(error, "spec")) from error


def _problem(error: "TaskError") -> Problem:
    retry = error.retryable or error.reason == "InternalError"
    return Problem(str(error), OTHER if retry else BAD_INPUT)
