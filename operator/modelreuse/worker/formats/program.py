"""Which exported programs may be deserialized.

The JSON of a `.pt2` is a program, and torch trusts it: operator names are looked up by getattr from `torch` (which
holds `os`), names of values are pasted into generated Python source, shapes are evaluated, tree specifications import
modules. (Some of that a verifier catches afterwards; nothing here relies on it.) So `checked` rebuilds the JSON and
lets through only what is known to be harmless: PyTorch's own tensor operators, a few arithmetic ones, and names that
are safe inside source code. Strings are refused unless a rule admits them, so a field that a newer torch adds is
refused rather than trusted.

A program that passes can still compute nonsense, loop, or use much memory; it can't reach outside its tensors.
"""

import json
import re
from collections.abc import Iterable
from typing import Any

from modelreuse.worker.formats.expressions import is_plain_expression

MAX_PROGRAM_BYTES = 256 * 2**20


class UnsafeProgramError(ValueError):
    """A program with something in it that could reach outside its tensors; the message says what."""


_FILE_OPERATORS = frozenset({"from_file", "save"})
_ATEN = re.compile(r"torch\.ops\.aten\.([A-Za-z_][A-Za-z0-9_]*)\.([A-Za-z_][A-Za-z0-9_]*)")
_HIGHER_ORDER = frozenset(
    f"torch.ops.higher_order.{name}" for name in ("wrap_with_set_grad_enabled", "wrap_with_autocast", "cond")
)
_ARITHMETIC = frozenset(
    {
        *(f"_operator.{name}" for name in (
            "getitem", "add", "sub", "mul", "floordiv", "truediv", "mod", "pow", "neg", "pos", "eq", "ne", "lt", "le",
            "gt", "ge", "and_", "or_", "lshift", "rshift")),
        *(f"torch.{name}" for name in (
            "sym_float", "sym_int", "sym_max", "sym_min", "sym_not", "sym_ite", "sym_sqrt", "_sym_sqrt")),
        *(f"math.{name}" for name in ("trunc", "ceil", "floor")),
    }
)  # fmt: skip

_NAME = re.compile(r"[A-Za-z0-9_.\-/:+@ ]{0,512}")
"""Safe where torch pastes a name between quotes, or as an attribute chain; see also `_VALUE_NAME`."""
_VALUE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,255}|")
"""Safe where torch pastes a name as a Python variable."""
_SYMBOL = re.compile(r"[A-Za-z]{1,8}[0-9]{0,4}")
_STACK_PART = re.compile(r"[A-Za-z0-9_.\-@\[\]']{0,512}")
_STACK_TYPE = re.compile(r"[A-Za-z0-9_.\-@<>]{0,512}")
_SPECIAL_FLOATS = frozenset({"Infinity", "-Infinity", "NaN"})

_NODE_NAMES = frozenset({"tensor_values", "sym_int_values", "sym_float_values", "sym_bool_values"})
_TREES = frozenset({None, "builtins.tuple", "builtins.list", "builtins.dict", "collections.OrderedDict"})
_OBJECTS = ("custom_obj", "as_custom_obj", "custom_obj_values", "as_custom_objs")
_VERIFIERS = frozenset({"TRAINING", "ATEN", "EDGE", ""})


def checked(program: bytes) -> bytes:
    """The program's JSON, reduced to what is needed to run it, if it is harmless.

    Dropped: guards (Python source), metadata other than the module hierarchy, names of namedtuple fields.
    Raises UnsafeProgramError with the rest of a sentence; ValueError for what is no JSON.
    """
    if len(program) > MAX_PROGRAM_BYTES:
        raise UnsafeProgramError(f"its program is longer than {MAX_PROGRAM_BYTES} bytes")
    tree = json.loads(program)
    module = tree.get("graph_module") if isinstance(tree, dict) else None
    if not isinstance(module, dict):
        raise UnsafeProgramError("its program has no graph")
    tree["guards_code"] = []
    module["metadata"] = {}
    module["treespec_namedtuple_fields"] = {}
    if any(verifier not in _VERIFIERS for verifier in tree.get("verifiers") or ()):
        raise UnsafeProgramError("its program is of an unknown dialect")
    for symbol in tree.get("range_constraints") or ():
        _match(_SYMBOL, symbol, "a shape symbol")
    return json.dumps(_walk(tree, "")).encode()


def _walk(value: Any, key: str) -> Any:
    if isinstance(value, dict):
        return _walk_object(value, key)
    if isinstance(value, list):
        return [_walk(item, key) for item in value]
    if isinstance(value, str):
        return _checked_text(value, key)
    return value


def _walk_object(value: dict[str, Any], key: str) -> dict[str, Any]:
    if key == "metadata":
        return _module_stack(value)
    for name in _OBJECTS:
        if value.get(name):
            raise UnsafeProgramError("it holds custom objects, which would have to be unpickled")
    if key in _NODE_NAMES:
        for name in value:
            _match(_VALUE_NAME, name, "the name of a value")
    else:
        for name in value:
            _match(_NAME, name, "a key")
    return {name: _walk(item, name if key not in _NODE_NAMES else "value") for name, item in value.items()}


def _checked_text(text: str, key: str) -> str:
    if key in {"target", "as_operator"}:
        return _operator(text)
    if key == "expr_str":
        if not is_plain_expression(text):
            raise UnsafeProgramError("it describes a shape by more than arithmetic")
        return text
    if key in {"in_spec", "out_spec"}:
        return _tree_specification(text)
    if key in {"as_string", "as_strings"}:
        return text  # becomes a Python literal by repr
    if key == "as_float":
        if text not in _SPECIAL_FLOATS:
            raise UnsafeProgramError("it holds a malformed number")
        return text
    if key in {"name", "as_name", "forward_arg_names"}:
        return _match(_VALUE_NAME, text, "the name of a value")
    return _match(_NAME, text, f"the value of {key!r}")


def _operator(target: str) -> str:
    aten = _ATEN.fullmatch(target)
    if (aten and aten[1] not in _FILE_OPERATORS) or target in _ARITHMETIC or target in _HIGHER_ORDER:
        return target
    raise UnsafeProgramError(f"it calls {target[:100]!r}; only PyTorch's own tensor operators (torch.ops.aten) are run")


def _tree_specification(text: str) -> str:
    """A pytree of plain containers. (One of defaultdict names a module to import.)"""
    if not text:
        return text
    try:
        version, tree = json.loads(text)
    except (ValueError, TypeError):
        raise UnsafeProgramError("a tree specification is malformed") from None
    _check_tree(tree)
    return json.dumps([version, tree])


def _check_tree(tree: Any) -> None:
    if not isinstance(tree, dict) or tree.get("type") not in _TREES:
        raise UnsafeProgramError("its arguments or results are of a type beyond tuple, list and dict")
    context = tree.get("context")
    if context is not None:
        keys = json.loads(context)
        for name in keys if isinstance(keys, list) else [] if keys is None else [keys]:
            _match(_NAME, name if isinstance(name, str) else "'", "a key of its arguments")
    for child in tree.get("children_spec") or ():
        _check_tree(child)


def _module_stack(metadata: dict[str, Any]) -> dict[str, str]:
    """Of a node's metadata only which modules it was called in: that is what gives layers their names."""
    stack = metadata.get("nn_module_stack")
    if not stack:
        return {}
    if not isinstance(stack, str):
        raise UnsafeProgramError("a module's name is malformed")
    return {"nn_module_stack": ";".join(_stack_entries(stack.split(";")))}


def _stack_entries(entries: Iterable[str]) -> Iterable[str]:
    for entry in entries:
        parts = entry.split(",")
        if len(parts) != 3:
            raise UnsafeProgramError("a module's name is malformed")
        key, path, kind = parts
        _match(_STACK_PART, key, "a module's name")
        _match(_STACK_PART, path, "a module's name")
        _match(_STACK_TYPE, kind, "a module's type")
        yield entry


def _match(pattern: re.Pattern[str], text: str, what: str) -> str:
    if pattern.fullmatch(text) is None:
        raise UnsafeProgramError(f"{what} holds characters that could run as code")
    return text
