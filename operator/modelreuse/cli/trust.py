"""Asking before a check's own Python code is imported: a YAML file from elsewhere must not run code unasked."""

import sys

import click

from modelreuse.api import ModelReuseCheckSpec, ModelSource
from modelreuse.cli.problems import Problem


def code_of(spec: ModelReuseCheckSpec, models: list[ModelSource]) -> list[str]:
    """What would be imported, as a person reads it; empty if nothing would."""
    named = [model.factory for model in models if model.factory]
    sources = [*spec.data.sources, *(model.reference for model in models if model.reference)]
    named += [source.factory for source in sources if source.factory]
    if spec.data.transform:
        named.append(spec.data.transform)
    return list(dict.fromkeys(named))


def ask(code: list[str], folder: str | None, *, trusted: bool) -> None:
    """Returns if the code may be imported. Raises Problem if not, or if there is nobody to ask."""
    if trusted or not code:
        return
    where = f" from {folder}" if folder else ""
    what = f"this check imports Python code: {', '.join(code)}{where}"
    if not somebody_watches():
        raise Problem(f"{what}; pass --trust-code if you trust it")
    if not click.confirm(f"{what}. Do you trust it?", default=False, err=True):
        raise Problem("nothing was imported, nothing was assessed")


def somebody_watches() -> bool:
    """Whether a question would reach a person."""
    return sys.stdin.isatty() and sys.stderr.isatty()
