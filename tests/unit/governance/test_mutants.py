"""The mutants of `make bench-governance`: every kind of rule has some, and each differs from what it was made of."""

import ast
import itertools
import multiprocessing
from pathlib import Path
from typing import Any

import pytest

from bench.governance.apart import answer_from
from bench.governance.code_mutants import AT_LIMIT, MATTERS, code_mutants, watched
from bench.governance.gate_mutants import gate_mutants, rules_in
from bench.governance.mattering import Listener, where_it_matters
from bench.governance.mutated import Chosen, first_failure
from bench.governance.results import Results, fingerprint

APART = multiprocessing.get_context("spawn")

SOURCE = """
def room(limit, used, needed, names):
    if limit is not None and used + needed > limit:
        return False
    mine = [name for name in names if name.startswith("mrc-")]
    return bool(mine) or used == 0
"""


def test_every_condition_of_a_module_is_removed_once() -> None:
    found = {mutant.id.partition(": ")[2].partition(" #")[0]: mutant.source for mutant in code_mutants("m", SOURCE)}
    assert set(found) == {
        "never limit is not None and used + needed > limit",
        "without limit is not None",
        "without used + needed > limit",
        "at the limit used + needed > limit",
        "unfiltered name.startswith('mrc-')",
        "without bool(mine)",
        "without used == 0",
    }
    assert "if False:" in found["never limit is not None and used + needed > limit"]
    assert ">= limit" in found["at the limit used + needed > limit"]
    assert "if name" not in found["unfiltered name.startswith('mrc-')"]
    assert len(set(found.values())) == len(found)


ASKING = """
def asked(a, b, c):
    first = a and b
    second = a or b
    inner = (a and b) or c
    way = 0
    if not (a and b) or (a != b and c):
        way = 1
    elif a < b:
        way = 2
    kept = [each for each in (a, b, c) if each if each > c or each <= a]
    return first, second, inner, way, kept, "yes" if b and not c else "no", a >= b, [c or 7 for _ in kept if a and b]
"""


def test_a_condition_matters_wherever_its_mutant_goes_on_otherwise() -> None:
    def answer(module: str | ast.Module, names: dict[str, Any], arguments: tuple[int, ...]) -> object:
        namespace = dict(names)
        exec(compile(module, "asking", "exec"), namespace)
        return namespace["asked"](*arguments)

    tree = watched("asking", ASKING)
    mutants = list(code_mutants("asking", ASKING))
    noticed = set()
    for arguments in itertools.product((0, 1, 2), repeat=3):
        listener = Listener()
        as_it_is = answer(ASKING, {}, arguments)
        assert answer(tree, {MATTERS: listener.matters, AT_LIMIT: listener.at_limit}, arguments) == as_it_is
        for mutant in mutants:
            if answer(mutant.source, {}, arguments) != as_it_is:
                noticed.add(mutant.id)
                assert mutant.id in listener.heard
        assert len(listener.heard) < len(mutants), "as if every condition always mattered"
    assert noticed == {mutant.id for mutant in mutants}


def test_conditions_for_the_type_checker_are_left() -> None:
    assert list(code_mutants("m", "if isinstance(a, int):\n    b = 1\n")) == []


POLICY = {
    "kind": "ValidatingAdmissionPolicy",
    "metadata": {"name": "p"},
    "spec": {
        "matchConstraints": {"resourceRules": [{"operations": ["CREATE", "UPDATE"], "resources": ["jobs"]}]},
        "matchConditions": [{"name": "ours", "expression": "a"}],
        "variables": [{"name": "who", "expression": "b"}],
        "validations": [{"expression": "c"}, {"expression": "d"}],
    },
}


def test_every_rule_of_a_policy_is_removed_once() -> None:
    found = {mutant.id.partition(" #")[0]: mutant.body for mutant in gate_mutants([POLICY, {"kind": "Namespace"}])}
    assert [each for each in found if "variables" not in each] == [
        "p: validations[0]",
        "p: validations[1]",
        "p: matchConditions.ours",
        "p: operations[0]-CREATE",
        "p: operations[0]-UPDATE",
    ]
    assert found["p: validations[1]"]["spec"]["validations"] == [{"expression": "c"}, {"expression": "true"}]
    assert found["p: operations[0]-CREATE"]["spec"]["matchConstraints"]["resourceRules"][0]["operations"] == ["UPDATE"]
    assert POLICY not in found.values()
    assert rules_in([POLICY]) == 3


def test_results_are_kept_as_long_as_nothing_that_matters_has_changed(tmp_path: Path) -> None:
    results = Results.load(tmp_path / "results.json")
    results.known = {"a": {"killed": True, "state": "old"}, "b": {"killed": True, "state": "new"}}
    results.save()
    again = Results.load(tmp_path / "results.json")
    assert again.found_with("old").known.keys() == {"a"}
    assert again.found_with("newer").known == {}


def test_a_mutant_of_another_source_is_another_mutant(tmp_path: Path) -> None:
    before = {mutant.id for mutant in code_mutants("m", SOURCE)}
    assert not before & {mutant.id for mutant in code_mutants("m", SOURCE.replace("mrc-", "mrx-"))}
    source = tmp_path / "test.py"
    source.write_text("1")
    one = fingerprint([source])
    source.write_text("2")
    assert fingerprint([source]) != one


def test_a_module_is_replaced_by_its_mutant(tmp_path: Path) -> None:
    test = tmp_path / "test_it.py"
    test.write_text(
        "from modelreuse.decisions.answers import answering_pod\n"
        "def test_one():\n    pass\n"
        "def test_another():\n    assert answering_pod(None) != 'mutant'\n"
    )
    mutant = "def answering_pod(job):\n    return 'mutant'\n"
    failed = answer_from(APART, 60, first_failure, "modelreuse.decisions.answers", mutant, Chosen([str(test)]))
    assert failed is not None
    assert failed.endswith("test_it.py::test_another")
    without = Chosen([str(test)], left_out={failed})
    assert answer_from(APART, 60, first_failure, "modelreuse.decisions.answers", mutant, without) is None


def test_a_mutant_that_cannot_even_be_imported_is_noticed(tmp_path: Path) -> None:
    test = tmp_path / "test_it.py"
    test.write_text("import modelreuse.decisions.answers\ndef test_it():\n    pass\n")
    chosen = Chosen([str(test)])
    assert answer_from(APART, 60, first_failure, "modelreuse.decisions.answers", "missing", chosen) is not None


def test_a_mutant_that_never_ends_is_noticed() -> None:
    with pytest.raises(EOFError):
        answer_from(APART, 1, exec, "while True: pass")


def test_a_condition_matters_in_those_tests_that_it_decides(tmp_path: Path) -> None:
    package = tmp_path / "rules_of_this_test"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "one.py").write_text(
        "import functools\n"
        "def rule(value):\n    return 4 if value else 5\n"
        "@functools.cache\ndef remembered():\n    return rule(True)\n"
        "LIMIT = 3 if rule(False) < 6 else 2\n"
    )
    test = tmp_path / "test_rules.py"
    test.write_text(
        "from rules_of_this_test import one\n"
        "def test_yes():\n    assert one.remembered() == 4\n"
        "def test_no():\n    assert one.rule(False) == 5\n"
        "def test_yes_from_a_cache():\n    assert one.remembered() == 4\n"
    )
    found = answer_from(APART, 60, where_it_matters, "rules_of_this_test", package, [str(test)])
    by_name = {name.partition(": ")[2].partition(" #")[0]: tests for name, tests in found.tests.items()}
    assert {name: {test.rpartition("::")[2] for test in tests} for name, tests in by_name.items()} == {
        "never value": {"test_yes", "test_yes_from_a_cache"},
        "never rule(False) < 6": {"test_yes", "test_no", "test_yes_from_a_cache"},  # already at import
    }
    assert found.seconds.keys() == by_name["never rule(False) < 6"]


def test_nothing_matters_where_tests_fail_as_it_is(tmp_path: Path) -> None:
    test = tmp_path / "test_it.py"
    test.write_text("def test_it():\n    assert False\n")
    with pytest.raises(EOFError):
        answer_from(APART, 60, where_it_matters, "none", tmp_path / "none", [str(test)])
