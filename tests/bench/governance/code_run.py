"""Runs the tests of `decisions` against each mutant of it, until one fails."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from bench.governance.code_mutants import CodeMutant, code_mutants
from bench.governance.results import fingerprint

CHECKOUT = Path(__file__).parents[3]
DECISIONS = CHECKOUT / "operator/modelreuse/decisions"
UNIT = CHECKOUT / "tests/unit/decisions"
MACHINES = [
    CHECKOUT / "tests/property" / name for name in ("test_plan_machine.py", "test_plan_policies.py", "test_budgets.py")
]
SLOW = 300.0
"""Seconds after which a mutant is taken for one that never ends: that is noticed, too."""

FIRST = {
    "advising": ["flow", "offering"],
    "approving": ["approving", "launching", "malice"],
    "assessing": ["assessing", "reassessing"],
    "budgets": ["budgets"],
    "images": ["policies"],
    "ledger": ["ledger", "budgets"],
    "observed": ["flow"],
    "offer": ["offering", "policies", "budgets"],
    "plan": ["flow", "conditions"],
    "predicting": ["assessing", "reassessing"],
    "recommendation": ["recommending"],
    "rejecting": ["approving"],
    "retraining": ["launching", "train_jobs", "trainer_answers", "budgets"],
    "spending": ["budgets", "trainer_answers"],
    "superseding": ["superseding", "train_jobs"],
    "templates": ["cron_jobs", "train_jobs"],
    "terms": ["verifying"],
}
"""Which tests will most likely notice: the order is a matter of time alone."""


def all_code_mutants() -> list[tuple[str, CodeMutant]]:
    """Every mutant with the name of its module."""
    return [
        (path.stem, mutant)
        for path in sorted(DECISIONS.glob("*.py"))
        if path.stem != "__init__"
        for mutant in code_mutants(path.stem, path.read_text())
    ]


def tests() -> str:
    """The fingerprint of all that could notice a mutant."""
    return fingerprint([*UNIT.glob("*.py"), *MACHINES])


def tests_for(module: str) -> list[str]:
    """All tests that touch `decisions`, the likeliest first."""
    likely = [UNIT / f"test_{name}.py" for name in FIRST.get(module, [module])]
    rest = [path for path in sorted(UNIT.glob("test_*.py")) if path not in likely]
    return [str(path) for path in (*likely, *rest, *MACHINES) if path.exists()]


def run_code(known: dict[str, Any], save: Callable[[], None], deadline: float, workers: int = 2) -> None:
    """Try every mutant that nothing is known of, until the deadline (`time.monotonic`)."""
    now = tests()
    todo = [(module, mutant) for module, mutant in all_code_mutants() if mutant.id not in known]
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(workers) as pool:

        def one(numbered: tuple[int, tuple[str, CodeMutant]]) -> None:
            number, (module, mutant) = numbered
            if time.monotonic() > deadline:
                return
            source = Path(folder) / f"{module}_{number}.py"
            source.write_text(mutant.source)
            known[mutant.id] = _noticed(module, source) | {"tests": now}
            sys.stdout.write(f"{'killed  ' if known[mutant.id]['killed'] else 'SURVIVED'} {mutant.id}\n")
            save()

        list(pool.map(one, enumerate(todo)))


def _noticed(module: str, source: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.governance.mutated", f"modelreuse.decisions.{module}", str(source)]
    environment = {"PYTHONPATH": "operator:tests:tools", "PATH": "/usr/bin:/bin", "HYPOTHESIS_PROFILE": "ci"}
    try:
        run = subprocess.run(
            [*command, *tests_for(module)],
            check=False, capture_output=True, text=True, cwd=CHECKOUT, env=environment, timeout=SLOW,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return {"killed": True, "by": f"no end within {SLOW:.0f} s"}
    failed = [line for line in run.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return {
        "killed": run.returncode == 1 or bool(failed),
        "by": failed[0][:300] if failed else f"exit {run.returncode}",
    }
