"""The user's own functions: factories and transforms.

The only place that imports code that isn't ours. In a pod the operator mounts `spec.code` on PYTHONPATH; on a desk
the command asks before it comes here.
"""

import importlib
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from modelreuse.worker.errors import TaskError
from modelreuse.worker.wording import one_line

_LONGEST_CAUSE = 200


def find(name: str, field: str) -> Callable[..., Any]:
    """The callable `package.module:function`.

    Raises TaskError: CodeNotFound (no such module or function), CodeFailed (the import raised), NotCallable.
    """
    module_name, _, attribute = name.partition(":")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        wanted = error.name or module_name
        if module_name == wanted or module_name.startswith(f"{wanted}."):
            hint = "put its folder into spec.code, or on PYTHONPATH"
            raise TaskError("CodeNotFound", field, f"{name}: no module named {wanted!r}; {hint}") from None
        raise _failed(name, field, "importing it", error) from error
    except Exception as error:
        raise _failed(name, field, "importing it", error) from error
    function = getattr(module, attribute, None)
    if function is None:
        raise TaskError("CodeNotFound", field, f"{name}: the module {module_name!r} has no {attribute!r}")
    if not callable(function):
        raise TaskError("NotCallable", field, f"{name}: is of type {type(function).__name__}, not a function")
    return function  # type: ignore[no-any-return]


def call(function: Callable[..., Any], name: str, field: str, *arguments: object) -> Any:
    """What the function returns. Raises TaskError CodeFailed with its exception and the line that raised it."""
    try:
        return function(*arguments)
    except MemoryError:
        raise
    except Exception as error:
        if type(error).__name__ == "OutOfMemoryError":
            raise
        raise _failed(name, field, "calling it", error) from error


def _failed(name: str, field: str, doing: str, error: Exception) -> TaskError:
    frames = traceback.extract_tb(error.__traceback__)
    at = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    cause = one_line(f"{type(error).__name__}: {error}", _LONGEST_CAUSE)
    return TaskError("CodeFailed", field, f"{name}: {doing} raised {cause}{at}")
