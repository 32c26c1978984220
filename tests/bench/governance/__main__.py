"""`make bench-governance`: how many attempts at the gate succeed, and how many rules nobody would miss.

Whatever is not known yet is tried for as long as it is given; results stay between runs, so it can be stopped, and run
again. `build/bench/governance.json` always says how much of it all has been tried.
"""

import json
import os
import platform
import sys
import time
from datetime import UTC, datetime
from typing import Any

import click

from bench.governance import code_run, gate_run
from bench.governance.code_run import CHECKOUT, all_code_mutants, run_code
from bench.governance.gate_mutants import gate_mutants, rules_in
from bench.governance.gate_run import gate_in, run_attempts, run_gate
from bench.governance.results import Results
from bench.governance.steps import MACHINES, run_steps
from cluster.installing import TEMPLATES, documents

BENCH = CHECKOUT / "build" / "bench"
WANTED_STEPS = 20_000
PARTS = ("attempts", "gate", "steps", "decisions")


@click.command()
@click.option("--minutes", type=float, default=240.0, help="How long to try what is not known yet.")
@click.option("--part", "parts", type=click.Choice(PARTS), multiple=True, default=PARTS, help="Only these parts.")
@click.option("--afresh", is_flag=True, help="Forget what earlier runs have found.")
def main(minutes: float, parts: tuple[str, ...], afresh: bool) -> None:
    """Tries, and writes build/bench/governance.json."""
    deadline = time.monotonic() + 60 * minutes
    files = {part: BENCH / f"governance-{part}.results.json" for part in PARTS}
    if afresh:
        for part in parts:
            files[part].unlink(missing_ok=True)
    results = {part: Results.load(path) for part, path in files.items()}
    results["gate"] = results["gate"].found_with(gate_run.state())
    results["decisions"] = results["decisions"].found_with(code_run.state())
    if {"attempts", "gate"} & {*parts}:
        _at_the_gate(results, parts, deadline)
    if "steps" in parts:
        _steps(results["steps"], deadline)
    if "decisions" in parts:
        run_code(results["decisions"].known, results["decisions"].save, deadline)
    report = _report({part: each.known for part, each in results.items()})
    BENCH.mkdir(parents=True, exist_ok=True)
    (BENCH / "governance.json").write_text(json.dumps(report, indent=1) + "\n")
    for name, value in report["metrics"].items():
        sys.stdout.write(f"{name:30} {value:>8}\n")


def _at_the_gate(results: dict[str, Results], parts: tuple[str, ...], deadline: float) -> None:
    with gate_in(os.environ.get("MODELREUSE_TEST_CLUSTER", "governance")) as gate:
        if "attempts" in parts:
            results["attempts"].known = run_attempts(gate) | {"state": gate_run.state()}
            results["attempts"].save()
        if "gate" in parts:
            run_gate(gate, results["gate"].known, results["gate"].save, deadline)


def _steps(results: Results, deadline: float) -> None:
    known = results.known
    number = 0
    state = code_run.state()
    for old in [each for each in known if not each.endswith(state)]:
        del known[old]
    while sum(each["steps"] for each in known.values()) < WANTED_STEPS and time.monotonic() < deadline:
        number += 1
        for machine in MACHINES:
            name = f"{machine} {number} {state}"
            if name not in known:
                known[name] = run_steps(machine, number)
                results.save()


def _report(known: dict[str, dict[str, Any]]) -> dict[str, Any]:
    installed = documents(*TEMPLATES)
    gate = {each.id for each in gate_mutants(installed)}
    code = {mutant.id for _, mutant in all_code_mutants()}
    tried = {**{key: known["gate"][key] for key in gate & known["gate"].keys()}}
    tried |= {key: known["decisions"][key] for key in code & known["decisions"].keys()}
    real = {key: each for key, each in tried.items() if "invalid" not in each}
    survived = sorted(key for key, each in real.items() if not each["killed"])
    rules = code_run.state()
    steps = [each["steps"] for name, each in known["steps"].items() if name.endswith(rules)]
    attempts = known["attempts"] if known["attempts"].get("state") == gate_run.state() else {}
    return {
        "name": "governance",
        "machine": {"cpus": os.cpu_count(), "system": platform.platform(), "python": platform.python_version()},
        "date": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "metrics": {
            "bypass_attempts": attempts.get("attempts", 0),
            "bypass_succeeded": len(attempts.get("succeeded", [])),
            "bypass_twins_refused": len(attempts.get("twins_refused", [])),
            "gate_rules": rules_in(installed) + len(code),
            "gate_mutants": len(gate | code) - (len(tried) - len(real)),
            "gate_mutants_tried": len(real),
            "gate_mutants_survived": len(survived),
            "property_steps": sum(steps),
        },
        "detail": {
            "survived": survived,
            "succeeded": attempts.get("succeeded", []),
            "twins_refused": attempts.get("twins_refused", []),
        },
    }


main()
