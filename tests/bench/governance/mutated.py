"""Runs pytest with one module's source replaced: `python -m bench.governance.mutated MODULE SOURCE-FILE TESTS...`."""

import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import pytest


class Mutation(importlib.abc.MetaPathFinder, importlib.abc.SourceLoader):
    """Finds one module, and loads it from another file."""

    def __init__(self, module: str, source: Path) -> None:
        self._module = module
        self._source = source

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        return importlib.util.spec_from_loader(fullname, self) if fullname == self._module else None

    def get_filename(self, fullname: str) -> str:
        return str(self._source)

    def get_data(self, path: str) -> bytes:
        return Path(path).read_bytes()


if __name__ == "__main__":
    sys.meta_path.insert(0, Mutation(sys.argv[1], Path(sys.argv[2])))
    sys.dont_write_bytecode = True
    sys.exit(pytest.main(["-x", "-q", "-p", "no:cacheprovider", *sys.argv[3:]]))
