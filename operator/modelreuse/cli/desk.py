"""What the commands share that do a pod's work at a desk: models by name, folders for claims, the worker's errors."""

import importlib.util
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from modelreuse.api import ModelReuseCheck, ModelSource
from modelreuse.cli.problems import BAD_INPUT, OTHER, Problem

if TYPE_CHECKING:
    from modelreuse.worker import TaskError

_NEEDED = ("torch", "safetensors")


def chosen(check: ModelReuseCheck, names: Sequence[str]) -> list[ModelSource]:
    """The models that `--model` names, else all. Raises Problem."""
    known = {model.name: model for model in check.spec.models}
    for name in names:
        if name not in known:
            raise Problem(f"--model {name}: the check has no such model; it has {', '.join(known)}")
    return [known[name] for name in dict.fromkeys(names)] if names else list(known.values())


def beside(check_file: Path) -> Path:
    """The folder in which a claim is the folder of its name, unless `--claim` says otherwise."""
    return Path.cwd() if str(check_file) == "-" else check_file.resolve().parent


def claim_folders(claims: Sequence[str]) -> dict[str, Path]:
    """What `--claim NAME=DIR` says. Raises Problem."""
    folders = {}
    for claim in claims:
        name, separator, folder = claim.partition("=")
        if not separator or not name or not folder:
            raise Problem(f"--claim {claim}: give NAME=DIR, as in --claim models=./models")
        if not Path(folder).is_dir():
            raise Problem(f"--claim {claim}: {folder} is no folder")
        folders[name] = Path(folder).resolve()
    return folders


def need_worker(command: str) -> None:
    """Raises Problem where what the worker's code needs isn't installed."""
    if any(importlib.util.find_spec(name) is None for name in _NEEDED):
        raise Problem(f"modelreuse {command} needs the worker extra: pip install 'model-reuse-operator[worker]'", OTHER)


@contextmanager
def worker_problems() -> Iterator[None]:
    """What the worker's code raises, as a command ends with it."""
    from modelreuse.worker.errors import TaskError, from_unexpected

    try:
        yield
    except Problem:
        raise
    except TaskError as error:
        raise _problem(error) from error
    except Exception as error:
        raise _problem(from_unexpected(error, "spec")) from error


def _problem(error: "TaskError") -> Problem:
    retry = error.retryable or error.reason == "InternalError"
    return Problem(str(error), OTHER if retry else BAD_INPUT)
