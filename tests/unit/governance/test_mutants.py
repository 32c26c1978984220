"""The mutants of `make bench-governance`: every kind of rule has some, and each differs from what it was made of."""

import subprocess
import sys
from pathlib import Path

from bench.governance.code_mutants import code_mutants
from bench.governance.gate_mutants import gate_mutants, rules_in
from bench.governance.results import Results, fingerprint

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


def test_results_are_kept_and_survivors_are_tried_again_with_other_tests(tmp_path: Path) -> None:
    results = Results.load(tmp_path / "results.json")
    results.known = {"a": {"killed": True, "tests": "old"}, "b": {"killed": False, "tests": "old"}}
    results.save()
    again = Results.load(tmp_path / "results.json")
    assert again.without_survivors_of("old").known.keys() == {"a", "b"}
    assert again.without_survivors_of("new").known.keys() == {"a"}


def test_a_mutant_of_another_source_is_another_mutant(tmp_path: Path) -> None:
    before = {mutant.id for mutant in code_mutants("m", SOURCE)}
    assert not before & {mutant.id for mutant in code_mutants("m", SOURCE.replace("mrc-", "mrx-"))}
    source = tmp_path / "test.py"
    source.write_text("1")
    one = fingerprint([source])
    source.write_text("2")
    assert fingerprint([source]) != one


def test_a_module_is_replaced_by_its_mutant(tmp_path: Path) -> None:
    mutant = tmp_path / "answers.py"
    mutant.write_text("def answering_pod(job):\n    return 'mutant'\n")
    test = tmp_path / "test_it.py"
    test.write_text(
        "from modelreuse.decisions.answers import answering_pod\n"
        "def test_it():\n    assert answering_pod(None) != 'mutant'\n"
    )
    command = [sys.executable, "-m", "bench.governance.mutated", "modelreuse.decisions.answers", str(mutant), str(test)]
    root = Path(__file__).parents[3]
    environment = {"PYTHONPATH": "operator:tests:tools", "PATH": "/usr/bin:/bin"}
    run = subprocess.run(command, check=False, capture_output=True, text=True, cwd=root, env=environment)
    assert run.returncode == 1, run.stdout + run.stderr
    assert "assert 'mutant' != 'mutant'" in run.stdout
