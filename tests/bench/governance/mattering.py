"""In which tests a condition matters: in all others the module goes on without it as with it, so none can notice.

One run of all tests, with every condition watched, tells it of every mutant.
"""

import functools
import gc
import operator
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import process_time
from typing import Any

import pytest

from bench.governance.code_mutants import AT_LIMIT, MATTERS, watched
from bench.governance.mutated import run_replaced


@dataclass(frozen=True)
class Mattering:
    """What that run has shown."""

    seconds: Mapping[str, float]
    """How long each test takes, by name."""
    tests: Mapping[str, frozenset[str]]
    """Names of the tests in which a condition matters, by the ID of the mutant that lacks it."""


class Listener:
    """Hears what watched modules tell."""

    def __init__(self) -> None:
        self.heard: set[str] = set()
        """IDs of the mutants whose condition mattered."""

    def matters(self, mutant: str, when: bool | None, value: object) -> object:
        """Of a condition that matters when it is true, when it is false, or, where `when` is None, always."""
        if when is None or bool(value) is when:
            self.heard.add(mutant)
        return value

    def at_limit(self, mutant: str, left: Any, comparison: str, right: Any) -> object:
        """Of a comparison, whose limit matters when both sides are equal."""
        if left == right:
            self.heard.add(mutant)
        return {"lt": operator.lt, "lte": operator.le, "gt": operator.gt, "gte": operator.ge}[comparison](left, right)


class ByTest:
    """A plugin of pytest that listens to each test by itself.

    What a test finds in a cache, it would have computed had it been the first: caches are emptied before each.
    """

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._at_import: frozenset[str] = frozenset()
        self._tests: dict[str, set[str]] = defaultdict(set)
        self._seconds: dict[str, float] = {}

    def found(self) -> Mattering:
        """All that was heard."""
        tests = {mutant: frozenset(names) for mutant, names in self._tests.items()}
        return Mattering(self._seconds, tests | dict.fromkeys(self._at_import, frozenset(self._seconds)))

    def pytest_collection_finish(self) -> None:
        self._at_import = frozenset(self._listener.heard)
        self._caches = [each for each in gc.get_objects() if isinstance(each, functools._lru_cache_wrapper)]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        for cache in self._caches:
            cache.cache_clear()
        self._listener.heard.clear()
        begun = process_time()
        result = yield
        self._seconds[item.nodeid] = process_time() - begun
        for mutant in self._listener.heard:
            self._tests[mutant].add(item.nodeid)
        return result


def where_it_matters(package: str, folder: Path, files: Sequence[str]) -> Mattering:
    """Of all conditions of the package in this folder, by these files' tests; RuntimeError where one of them fails."""
    modules = {
        f"{package}.{path.stem}": watched(path.stem, path.read_text())
        for path in sorted(folder.glob("*.py"))
        if path.stem != "__init__"
    }
    listener = Listener()
    by_test = ByTest(listener)
    sys.dont_write_bytecode = False  # What is compiled here, mutants' processes needn't compile.
    code, said = run_replaced(modules, {MATTERS: listener.matters, AT_LIMIT: listener.at_limit}, files, by_test)
    if code != pytest.ExitCode.OK:
        raise RuntimeError(f"tests fail as it is, so nothing can be told of what is missing:\n{said}")
    return by_test.found()
