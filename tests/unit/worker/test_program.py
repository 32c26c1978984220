"""Which shape expressions and names are plain."""

import json

import pytest

from modelreuse.worker.formats.expressions import is_plain_expression
from modelreuse.worker.formats.program import UnsafeProgramError, checked


@pytest.mark.parametrize(
    "text",
    [
        "Symbol('s77', positive=True, integer=True)",
        "Mul(Integer(4), Symbol('s27', positive=True, integer=True))",
        "Min(Integer(32), Mul(Integer(32), Symbol('s31')))",
        "Add(Integer(-1), Symbol('s0'))",
        "FloorDiv(Symbol('s0'), Integer(2))",
        "Pow(Symbol('s0'), Integer(2))",
        "Float('2.0', precision=53)",
        "Rational(1, 2)",
        "4*s27",
        "s0 + 1",
        "(s0 - 1)//2",
        "Eq(s0, 4)",
        "true",
    ],
)
def test_arithmetic_over_symbols_is_plain(text):
    assert is_plain_expression(text)


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').abort()",
        "().__class__",
        "Symbol(__import__('os'))",
        "Symbol('s0', integer=print())",
        "Add('__import__(1)', Integer(1))",
        "Integer('__import__')",
        "Float('s0.real')",
        "Pow(Integer(10), Integer(999999999))",
        "Pow(Integer(2), Symbol('s0'))",
        "10**10**10",
        "99999999999999999999999",
        "[s0]",
        "lambda: 0",
        "(s0 := 1)",
        "s0 if s0 else 1",
        "f'{s0}'",
        "eval",
        "s0.real",
        "Add(*s0)",
        "s0;s1",
        "s0#s1",
        "s0\\\n+s1",
        "(s0\n)",
        "",
        "(" * 300 + ")" * 300,
        "+".join(["s0"] * 1000),
    ],
)
def test_anything_else_is_not(text):
    assert not is_plain_expression(text)


@pytest.mark.parametrize(
    "name", ["x'", 'x"', "x\n", "x\\", "x(", "x;", "x{", "x=1", "import os", "x.y", "é", "1x", "x" * 300]
)
def test_a_value_must_have_a_name_that_is_no_code(name, program):
    program["graph_module"]["graph"]["nodes"][0]["outputs"][0]["as_tensor"]["name"] = name

    with pytest.raises(UnsafeProgramError, match="name of a value"):
        checked(json.dumps(program).encode())


@pytest.mark.parametrize("field", ["parameter_name", "fqn", "anything_new"])
def test_a_text_that_could_end_a_string_is_refused_wherever_it_stands(field, program):
    program["graph_module"]["signature"][field] = 'x"); import os; ("'

    with pytest.raises(UnsafeProgramError, match=field):
        checked(json.dumps(program).encode())


@pytest.mark.parametrize("stack", ["a,b", "L__self__,x;y,z", 'L__self__,x"y,torch.nn.Linear', 5])
def test_a_malformed_module_stack_is_refused(stack, program):
    program["graph_module"]["graph"]["nodes"][0]["metadata"]["nn_module_stack"] = stack

    with pytest.raises(UnsafeProgramError):
        checked(json.dumps(program).encode())


def test_of_the_metadata_only_the_module_hierarchy_remains(program):
    clean = json.loads(checked(json.dumps(program).encode()))

    assert {key for node in clean["graph_module"]["graph"]["nodes"] for key in node["metadata"]} == {"nn_module_stack"}


def test_custom_objects_are_refused(program):
    program["graph_module"]["graph"]["custom_obj_values"] = {"x": {"name": "x", "class_fqn": "C"}}

    with pytest.raises(UnsafeProgramError, match="custom objects"):
        checked(json.dumps(program).encode())


def test_an_unknown_dialect_is_refused(program):
    program["verifiers"] = ["os"]

    with pytest.raises(UnsafeProgramError, match="dialect"):
        checked(json.dumps(program).encode())
