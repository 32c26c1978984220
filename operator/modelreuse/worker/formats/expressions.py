"""Which symbolic expressions of an exported program may be parsed.

torch hands the text of a dynamic shape to sympy.sympify, which is Python's eval with every builtin in reach. So the
text must be a plain arithmetic expression over shape symbols, in either of the two spellings that torch writes
(`Mul(Integer(4), Symbol('s27', positive=True, integer=True))`, or `4*s27`), before torch sees it.
"""

import ast
import re

_ALPHABET = re.compile(r"[A-Za-z0-9_()+\-*/%&|~<>=!,.' ]{1,4096}")
"""No comments, line ends or escapes: text that Python and sympy's tokenizer could read differently."""
_SYMBOL = re.compile(r"[A-Za-z_][A-Za-z_]{0,31}[0-9]{0,4}")
_NUMBER = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,40})?(e[-+]?[0-9]{1,3})?")
_LARGEST = 2**63
_LARGEST_EXPONENT = 16
_MAX_NODES = 512

_POWERS = frozenset({"Pow", "PowByNatural", "FloatPow"})
_FUNCTIONS = _POWERS | frozenset(
    {
        "Add", "Mul", "Mod", "Max", "Min", "Abs", "floor", "ceiling", "Piecewise", "ExprCondPair", "Tuple",
        "Equality", "Unequality", "Eq", "Ne", "Lt", "Le", "Gt", "Ge", "And", "Or", "Not",
        "StrictLessThan", "StrictGreaterThan", "LessThan", "GreaterThan",
        "FloorDiv", "ModularIndexing", "Where", "PythonMod", "CleanDiv", "CeilToInt", "FloorToInt", "CeilDiv",
        "FloatTrueDiv", "IntTrueDiv", "TruncToFloat", "TruncToInt", "RoundToInt", "RoundDecimal", "ToFloat", "Identity",
    }
)  # fmt: skip
_CONSTANTS = frozenset({"true", "false", "oo"})
_SYMBOL_NAME = re.compile(r"(s|u|z|zf|zuf)[0-9]{1,4}")
_OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.BitAnd, ast.BitOr)


def is_plain_expression(text: str) -> bool:
    """Whether sympy would find nothing in `text` but arithmetic over shape symbols, of bounded size."""
    if _ALPHABET.fullmatch(text) is None:
        return False
    try:
        tree = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return sum(1 for _ in ast.walk(tree)) <= _MAX_NODES and _is_plain(tree.body)


def _is_plain(node: ast.expr) -> bool:
    match node:
        case ast.Constant(value=value):
            return type(value) in (int, float, bool) and abs(value) < _LARGEST  # type: ignore[arg-type]
        case ast.Name(id=name):
            return name in _CONSTANTS or _SYMBOL_NAME.fullmatch(name) is not None
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() | ast.Invert(), operand=operand):
            return _is_plain(operand)
        case ast.BinOp(op=operator, left=left, right=right):
            known = isinstance(operator, _OPERATORS)
            bounded = not isinstance(operator, ast.Pow) or _is_small_integer(right)
            return known and bounded and _is_plain(left) and _is_plain(right)
        case ast.Compare(left=left, comparators=[right]):
            return _is_plain(left) and _is_plain(right)
        case ast.Call(func=ast.Name(id=function)):
            return _is_plain_call(function, node)
    return False


def _is_plain_call(function: str, node: ast.Call) -> bool:
    if function == "Symbol":
        flags = all(isinstance(k.value, ast.Constant) and type(k.value.value) is bool for k in node.keywords)
        return flags and len(node.args) == 1 and _is_text(node.args[0], _SYMBOL)
    if function == "Integer":
        return not node.keywords and len(node.args) == 1 and _is_number(node.args[0])
    if function == "Float":
        precise = all(k.arg == "precision" and _is_small_integer(k.value, 128) for k in node.keywords)
        return precise and len(node.args) == 1 and _is_text(node.args[0], _NUMBER)
    if function == "Rational":
        return not node.keywords and len(node.args) == 2 and all(map(_is_number, node.args))
    if function in _POWERS and not (len(node.args) == 2 and _is_small_integer(node.args[1])):
        return False
    return function in _FUNCTIONS and not node.keywords and all(map(_is_plain, node.args))


def _is_text(node: ast.expr, pattern: re.Pattern[str]) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and pattern.fullmatch(node.value) is not None


def _is_number(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        node = node.operand
    return isinstance(node, ast.Constant) and type(node.value) is int and abs(node.value) < _LARGEST


def _is_small_integer(node: ast.expr, largest: int = _LARGEST_EXPONENT) -> bool:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Integer" and node.args:
        node = node.args[0]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        node = node.operand
    return isinstance(node, ast.Constant) and type(node.value) is int and abs(node.value) <= largest
