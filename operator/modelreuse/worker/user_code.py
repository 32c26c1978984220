"""The user's own functions: factories and transforms.

The only place that imports code that isn't ours: from `spec.code`, put last on the import path by `code_folder`, or
from what is installed. On a desk the command asks before it comes here.
"""

import importlib
import os
import sys
import sysconfig
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from modelreuse.worker.errors import TaskError
from modelreuse.worker.wording import one_line

_LONGEST_CAUSE = 200
_RENAME = "an installed package has that name and comes before spec.code, so rename yours"


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
            raise TaskError("CodeNotFound", field, f"{name}: no module named {wanted!r}; {_remedy(wanted)}") from None
        raise _failed(name, field, "importing it", error) from error
    except Exception as error:
        raise _failed(name, field, "importing it", error) from error
    function = getattr(module, attribute, None)
    if function is None:
        hint = f"; {_RENAME}" if _is_installed(module_name) else ""
        raise TaskError("CodeNotFound", field, f"{name}: the module {module_name!r} has no {attribute!r}{hint}")
    if not callable(function):
        raise TaskError("NotCallable", field, f"{name}: is of type {type(function).__name__}, not a function")
    return function  # type: ignore[no-any-return]


def _remedy(module_name: str) -> str:
    hidden = "." in module_name and _is_installed(module_name)
    return _RENAME if hidden else "put it into spec.code, or install it in the image"


def _is_installed(module_name: str) -> bool:
    """Whether the imported top-level package of this name is Python's own or an installed one."""
    file = str(getattr(sys.modules.get(module_name.partition(".")[0]), "__file__", None) or "")
    return any(file.startswith(sysconfig.get_path(place) + os.sep) for place in ("stdlib", "purelib", "platlib"))


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
