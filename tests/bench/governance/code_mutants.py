"""Mutants of `decisions`: each lacks one condition. By syntax tree, so that every check is found and none forgotten.

A module can be watched, too: it behaves as ever, and tells each time that one of its mutants would go on otherwise.
"""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from bench.governance.results import identity

MATTERS, AT_LIMIT = "_matters", "_at_limit"
"""Functions that a watched module calls: see `mattering`."""

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


@dataclass(frozen=True)
class _Condition:
    what: str
    remove: Callable[[Any], None]
    """Changes the node that holds it."""
    watch: Callable[[Any, str], None]
    """Changes the node, too; the text is the mutant's ID."""


def code_mutants(module: str, source: str) -> Iterator[CodeMutant]:
    """All mutants of one module, in the order of its lines.

    Removed are: what an `if` asks, each operand of `and` and `or`, each filter of a comprehension; and a comparison's
    limit is moved to its other side.
    """
    for index, node, condition in _conditions(ast.parse(source)):
        mutated = ast.parse(source)
        condition.remove(list(ast.walk(mutated))[index])
        line = getattr(node, "lineno", getattr(getattr(node, "iter", None), "lineno", 0))
        mutated_source = ast.unparse(ast.fix_missing_locations(mutated))
        yield CodeMutant(identity(f"{module}:{line}: {condition.what}", mutated_source), mutated_source)


def watched(module: str, source: str) -> ast.Module:
    """The module with a watch on each condition that a mutant lacks."""
    tree = ast.parse(source)
    for (_, node, condition), mutant in zip(list(_conditions(tree)), code_mutants(module, source), strict=True):
        condition.watch(node, mutant.id)
    return ast.fix_missing_locations(tree)


def _conditions(tree: ast.Module) -> Iterator[tuple[int, ast.AST, _Condition]]:
    """Each with its node, and the number of that in a walk through the tree."""
    asked: set[ast.AST] = set()
    for index, node in enumerate(ast.walk(tree)):
        asked.update(_asked_by(node, node in asked))
        for condition in _of(node, node in asked):
            yield index, node, condition


def _asked_by(node: ast.AST, is_asked: bool) -> list[ast.expr]:
    """The parts of a node of which nothing but the truth is asked."""
    match node:
        case ast.If() | ast.IfExp():
            return [node.test]
        case ast.comprehension():
            return node.ifs
        case ast.UnaryOp(op=ast.Not()):
            return [node.operand]
        case ast.BoolOp() if is_asked:
            return node.values
    return []


def _of(node: ast.AST, is_asked: bool) -> Iterator[_Condition]:
    match node:
        case ast.If() | ast.IfExp() if not _is_for_types(node.test):
            yield _Condition(f"never {_short(node.test)}", _never, _when_true)
        case ast.BoolOp():
            last = len(node.values) - 1
            for number, value in enumerate(node.values):
                if not _is_for_types(value):
                    # Without the last operand the one before it is the result, which may differ though as true.
                    when = isinstance(node.op, ast.Or) if number < last or is_asked else None
                    what = f"without {_short(value)}"
                    yield _Condition(what, partial(_without, number), partial(_when_operand, number, when))
        case ast.comprehension():
            for number, value in enumerate(node.ifs):
                what = f"unfiltered {_short(value)}"
                yield _Condition(what, partial(_unfiltered, number), partial(_when_filtered, number))
        case ast.Compare(ops=[ast.Lt() | ast.LtE() | ast.Gt() | ast.GtE()]):
            yield _Condition(f"at the limit {_short(node)}", _at_the_limit, _when_at_the_limit)


def _is_for_types(test: ast.AST) -> bool:
    """Whether a condition tells types apart: without it nothing is decided otherwise, it only breaks."""
    return isinstance(test, ast.Call) and isinstance(test.func, ast.Name) and test.func.id == "isinstance"


def _short(node: ast.AST) -> str:
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= 70 else text[:69] + "…"


def _never(node: ast.If | ast.IfExp) -> None:
    node.test = ast.Constant(False)


def _without(number: int, node: ast.BoolOp) -> None:
    del node.values[number]


def _unfiltered(number: int, node: ast.comprehension) -> None:
    del node.ifs[number]


def _at_the_limit(node: ast.Compare) -> None:
    node.ops = [_OTHER_SIDE[type(node.ops[0])]()]


def _when_true(node: ast.If | ast.IfExp, mutant: str) -> None:
    node.test = _call(MATTERS, ast.Constant(mutant), ast.Constant(True), node.test)


def _when_operand(number: int, when: bool | None, node: ast.BoolOp, mutant: str) -> None:
    node.values[number] = _call(MATTERS, ast.Constant(mutant), ast.Constant(when), node.values[number])


def _when_filtered(number: int, node: ast.comprehension, mutant: str) -> None:
    node.ifs[number] = _call(MATTERS, ast.Constant(mutant), ast.Constant(False), node.ifs[number])


def _when_at_the_limit(node: ast.Compare, mutant: str) -> None:
    operator = ast.Constant(type(node.ops[0]).__name__.lower())
    node.left = _call(AT_LIMIT, ast.Constant(mutant), node.left, operator, node.comparators[0])
    node.ops, node.comparators = [ast.Eq()], [ast.Constant(True)]


def _call(function: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(function, ast.Load()), list(arguments), [])
