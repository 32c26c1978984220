"""Runs the tests of `decisions` against each mutant of it, until one fails.

Each mutant has a process of its own, forked from one that has imported what `decisions` and its tests import. In it
only those tests are run in which the missing condition matters, the quickest first.
"""

import multiprocessing
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.context import ForkServerContext
from pathlib import Path
from threading import Lock
from typing import Any

from bench.governance.apart import answer_from
from bench.governance.code_mutants import CodeMutant, code_mutants
from bench.governance.mattering import Mattering, where_it_matters
from bench.governance.mutated import Chosen, first_failure
from bench.governance.results import fingerprint

CHECKOUT = Path(__file__).parents[3]
PACKAGE = "modelreuse.decisions"
DECISIONS = CHECKOUT / "operator/modelreuse/decisions"
UNIT = CHECKOUT / "tests/unit/decisions"
MACHINES = [
    CHECKOUT / "tests/property" / name for name in ("test_plan_machine.py", "test_plan_policies.py", "test_budgets.py")
]
IMPORTED = ("api", "costs", "decisions", "manifests")
"""Packages whose rules its tests rest on."""
SLOW = 300
"""Seconds of processor time after which a mutant is taken for one that never ends: that is noticed, too."""
SHARED = ["bench.governance.mattering", "hypothesis.stateful", "modelreuse.costs", "modelreuse.manifests"]
"""What each mutant's process is forked with; nothing of it imports `decisions`."""


def all_code_mutants() -> list[tuple[str, CodeMutant]]:
    """Every mutant with the name of its module."""
    return [
        (path.stem, mutant)
        for path in sorted(DECISIONS.glob("*.py"))
        if path.stem != "__init__"
        for mutant in code_mutants(path.stem, path.read_text())
    ]


def state() -> str:
    """The fingerprint of what decides whether a mutant is noticed."""
    packages = (path for name in IMPORTED for path in (CHECKOUT / "operator/modelreuse" / name).rglob("*.py"))
    return fingerprint([*packages, *UNIT.glob("*.py"), *MACHINES])


def run_code(known: dict[str, Any], save: Callable[[], None], deadline: float, workers: int = 2) -> None:
    """Try every mutant that nothing is known of, until the deadline (`time.monotonic`)."""
    now = state()
    todo = [(module, mutant) for module, mutant in all_code_mutants() if mutant.id not in known]
    if not todo:
        return
    os.environ["HYPOTHESIS_PROFILE"] = "ci"
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(SHARED)
    files = [str(path) for path in (*sorted(UNIT.glob("test_*.py")), *MACHINES)]
    mattering: Mattering = answer_from(context, SLOW, where_it_matters, PACKAGE, DECISIONS, files)

    writing = Lock()

    def one(each: tuple[str, CodeMutant]) -> None:
        if time.monotonic() > deadline:
            return
        module, mutant = each
        found = _noticed(context, module, mutant, mattering) | {"state": now}
        with writing:
            known[mutant.id] = found
            save()
            sys.stdout.write(f"{'killed  ' if found['killed'] else 'SURVIVED'} {mutant.id}\n")
            sys.stdout.flush()

    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(one, todo))


def _noticed(context: ForkServerContext, module: str, mutant: CodeMutant, mattering: Mattering) -> dict[str, Any]:
    able = mattering.tests.get(mutant.id, frozenset())
    files = sorted({str(CHECKOUT / name.partition("::")[0]) for name in able})
    chosen = Chosen(files, mattering.seconds.keys() - able, mattering.seconds)
    try:
        by = answer_from(context, SLOW, first_failure, f"{PACKAGE}.{module}", mutant.source, chosen) if able else None
    except EOFError:
        by = f"no end within {SLOW} s, or a crash"
    return {"killed": by is not None, "by": by or f"none of {len(able)} tests in which it matters"}
