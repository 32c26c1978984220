"""`modelreuse assess`: the worker's own code in this process, one task per model, and what it reports.

It makes the tasks that the operator would make, so that a desk and a pod can't disagree. It must not know what an
assessment is made of.
"""

import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from modelreuse.api import AssessmentReport, AssessmentTask, ModelReuseCheck, ModelSource
from modelreuse.cli import desk, trust
from modelreuse.cli.checks import read_check
from modelreuse.cli.printing import PRINTERS

if TYPE_CHECKING:
    from modelreuse.worker import Places


def run(check_file: Path, output: str, *, trust_code: bool, claims: Sequence[str], models: Sequence[str]) -> None:
    """Assesses and prints. Raises Problem."""
    check = read_check(check_file)
    chosen = desk.chosen(check, models)
    folders = desk.claim_folders(claims)
    desk.need_worker("assess")
    trust.ask(trust.code_of(check.spec, chosen), check.spec.code.uri if check.spec.code else None, trusted=trust_code)

    from modelreuse.worker import Places

    places = Places(claims_root=desk.beside(check_file), claims=folders)
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
        precision=spec.assessment.precision,
        probe_batch_size=_probe_batch_size(check),
    )


def _probe_batch_size(check: ModelReuseCheck) -> int | None:
    if not check.spec.assessment.timing_probe:
        return None
    return check.spec.retraining.batch_size if check.spec.retraining else 64


def _assess(task: AssessmentTask, places: "Places") -> AssessmentReport:
    from modelreuse.cli.progress import shown
    from modelreuse.worker.assess import assess

    with desk.worker_problems(), shown(task.model.name) as progress:
        return assess(task, places, progress=progress).report
