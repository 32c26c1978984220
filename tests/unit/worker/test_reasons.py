"""The table of reasons is complete, and holds nothing that can't happen."""

import ast
from pathlib import Path

import modelreuse.worker
from modelreuse.scores import errors as score_errors
from modelreuse.worker.errors import REASONS


def raised() -> set[str]:
    """Reasons in the worker's source, and the names of the scores' errors."""
    found = {
        name
        for name, kind in vars(score_errors).items()
        if isinstance(kind, type) and issubclass(kind, score_errors.ScoreError) and kind is not score_errors.ScoreError
    }
    for file in Path(modelreuse.worker.__path__[0]).rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"TaskError", "StorageTroubleError"}:
                found |= {first.value for first in node.args[:1] if isinstance(first, ast.Constant)}
    return found


def test_the_table_holds_every_reason_and_no_other():
    assert set(REASONS) == raised()
