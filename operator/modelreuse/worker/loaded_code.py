"""Which code of the user's own has been imported, by content.

A transform can change while its name stays: what was computed with the old one is no answer for the new one.
"""

import hashlib
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

import modelreuse

_NOT_THE_USERS = tuple(
    str(Path(folder).resolve())
    for folder in {*sysconfig.get_paths().values(), sys.prefix, sys.base_prefix, *modelreuse.__path__}
    if Path(folder).resolve() != Path("/usr").resolve()
)
"""Folders of the standard library, of installed packages (whose versions an image pins), and of ours."""


def loaded_code_sha256(modules: Iterable[ModuleType] | None = None) -> str:
    """`sha256:…` over names and sources of all imported modules that are neither Python's nor installed nor ours."""
    digest = hashlib.sha256()
    for name, path in sorted(_sources(list(sys.modules.values()) if modules is None else modules)):
        try:
            source = Path(path).read_bytes()
        except OSError:
            source = b"unreadable"
        digest.update(f"{name}\0{len(source)}\0".encode())
        digest.update(source)
    return f"sha256:{digest.hexdigest()}"


def _sources(modules: Iterable[ModuleType]) -> Iterable[tuple[str, str]]:
    for module in modules:
        path = getattr(module, "__file__", None)
        if isinstance(path, str) and not str(Path(path).resolve()).startswith(_NOT_THE_USERS):
            yield str(getattr(module, "__name__", "")), path
