"""Runs tests with some modules replaced, in a process that has imported neither."""

import ast
import importlib.abc
import importlib.machinery
import io
import sys
from collections.abc import Mapping, Sequence, Set
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from types import ModuleType

import pytest


@dataclass(frozen=True)
class Chosen:
    """Which tests of some files are run, and in which order: all but those left out, by rank, lowest first."""

    files: Sequence[str]
    left_out: Set[str] = frozenset()
    rank: Mapping[str, float] = field(default_factory=dict)


class Replacing(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds modules where they are, and loads others in their place, which know these names from the start."""

    def __init__(self, modules: Mapping[str, str | ast.Module], names: Mapping[str, object]) -> None:
        self._modules = modules
        self._names = names

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        found = importlib.machinery.PathFinder.find_spec(fullname, path) if fullname in self._modules else None
        if found is not None:
            found.loader = self
        return found

    def exec_module(self, module: ModuleType) -> None:
        vars(module).update(self._names)
        exec(compile(self._modules[module.__name__], "<replaced>", "exec"), vars(module))


class Watch:
    """A plugin of pytest that runs what is chosen, and knows what failed first."""

    def __init__(self, chosen: Chosen) -> None:
        self._chosen = chosen
        self.failed: str | None = None

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        left_out, rank = self._chosen.left_out, self._chosen.rank
        items[:] = [item for item in items if item.nodeid not in left_out]
        items.sort(key=lambda item: rank.get(item.nodeid, 0.0))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self._look(report)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._look(report)

    def _look(self, report: pytest.CollectReport | pytest.TestReport) -> None:
        if report.failed and self.failed is None:
            self.failed = report.nodeid


def first_failure(module: str, source: str, chosen: Chosen) -> str | None:
    """The name of the first test that fails where `module` has this source; None where all pass."""
    watch = Watch(chosen)
    code, said = run_replaced({module: source}, {}, chosen.files, watch)
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED) and watch.failed is None:
        return f"pytest ended with {code}: {said[-200:]}"
    return watch.failed


def run_replaced(
    modules: Mapping[str, str | ast.Module], names: Mapping[str, object], files: Sequence[str], plugin: object
) -> tuple[int, str]:
    """How pytest ended with these modules replaced, and what it said. Raises RuntimeError where it is too late."""
    late = sorted(modules.keys() & sys.modules.keys())
    if late:
        raise RuntimeError(f"{', '.join(late)}: imported already, so can't be replaced")
    sys.meta_path.insert(0, Replacing(modules, names))
    said = io.StringIO()
    with redirect_stdout(said), redirect_stderr(said):
        # Whether a test fails is all that matters, so no assertion is rewritten.
        code = pytest.main(["-x", "-q", "--assert=plain", "-p", "no:cacheprovider", *files], plugins=[plugin])
    return code, said.getvalue()
