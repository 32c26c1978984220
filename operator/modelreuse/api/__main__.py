"""Rewrites what is generated from the models: `python -m modelreuse.api ROOT`; with `--check` says what is stale."""

import sys
from pathlib import Path

import click

from modelreuse.api.crds import stale_files, write_generated


@click.command()
@click.argument("root", type=click.Path(path_type=Path, file_okay=False), default=".")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 when a generated file is stale.")
def main(root: Path, check: bool) -> None:
    """Rewrites the generated files below ROOT."""
    if not check:
        write_generated(root)
        return
    stale = stale_files(root)
    for name in stale:
        click.echo(f"{name} is stale; run `make generate`", err=True)
    sys.exit(1 if stale else 0)


main()
