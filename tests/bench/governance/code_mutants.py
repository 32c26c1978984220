"""Mutants of `decisions`: each lacks one condition. By syntax tree, so that every check is found and none forgotten."""

import ast
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from functools import partial

from bench.governance.results import identity

Change = Callable[[ast.AST], None]
"""Removes one condition, in place."""

_OTHER_SIDE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
}


@dataclass(frozen=True)
class CodeMutant:
    """A module's source with one condition removed."""

    id: str
    source: str


def code_mutants(module: str, source: str) -> Iterator[CodeMutant]:
    """All mutants of one module, in the order of its lines.

    Removed are: what an `if` asks, each operand of `and` and `or`, each filter of a comprehension; and a comparison's
    limit is moved to its other side.
    """
    tree = ast.parse(source)
    for index, node in enumerate(ast.walk(tree)):
        for what, change in _changes(node):
            mutated = deepcopy(tree)
            change(list(ast.walk(mutated))[index])
            line = getattr(node, "lineno", getattr(getattr(node, "iter", None), "lineno", 0))
            mutated_source = ast.unparse(ast.fix_missing_locations(mutated))
            yield CodeMutant(identity(f"{module}:{line}: {what}", mutated_source), mutated_source)


def _changes(node: ast.AST) -> Iterator[tuple[str, Change]]:
    if isinstance(node, ast.If | ast.IfExp) and not _is_for_types(node.test):
        yield f"never {_short(node.test)}", _never
    if isinstance(node, ast.BoolOp):
        for number, value in enumerate(node.values):
            if not _is_for_types(value):
                yield f"without {_short(value)}", partial(_without, number)
    if isinstance(node, ast.comprehension):
        for number, value in enumerate(node.ifs):
            yield f"unfiltered {_short(value)}", partial(_unfiltered, number)
    if (
        isinstance(node, ast.Compare)
        and len(node.ops) == 1
        and isinstance(node.ops[0], ast.Lt | ast.LtE | ast.Gt | ast.GtE)
    ):
        yield f"at the limit {_short(node)}", _at_the_limit


def _is_for_types(test: ast.AST) -> bool:
    """Whether a condition tells types apart: without it nothing is decided otherwise, it only breaks."""
    return isinstance(test, ast.Call) and isinstance(test.func, ast.Name) and test.func.id == "isinstance"


def _short(node: ast.AST) -> str:
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= 70 else text[:69] + "…"


def _never(node: ast.AST) -> None:
    assert isinstance(node, ast.If | ast.IfExp)
    node.test = ast.Constant(False)


def _at_the_limit(node: ast.AST) -> None:
    assert isinstance(node, ast.Compare)
    node.ops = [_OTHER_SIDE[type(node.ops[0])]()]


def _without(number: int, node: ast.AST) -> None:
    assert isinstance(node, ast.BoolOp)
    del node.values[number]


def _unfiltered(number: int, node: ast.AST) -> None:
    assert isinstance(node, ast.comprehension)
    del node.ifs[number]
