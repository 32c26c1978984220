"""The command line itself: names, options, help. What a command does stands in its own module."""

from pathlib import Path

import click

from modelreuse import __version__


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """What would adapting a model to new data cost? Answered before anyone pays for it."""


@main.command()
def version() -> None:
    """Print the version."""
    click.echo(__version__)


@main.command()
@click.option(
    "-f",
    "--filename",
    "check",
    type=click.Path(path_type=Path),
    required=True,
    help="A ModelReuseCheck as YAML; - reads standard input.",
)
@click.option(
    "-o", "--output", type=click.Choice(["table", "json", "yaml"]), default="table", show_default=True, help="Format."
)
@click.option("--trust-code", is_flag=True, help="Import the check's own Python code without asking.")
@click.option(
    "--claim",
    "claims",
    metavar="NAME=DIR",
    multiple=True,
    help="The folder that stands for a claim of pvc://NAME/…; by default the folder NAME beside the check.",
)
@click.option("--model", "models", metavar="NAME", multiple=True, help="Assess only this model; may be repeated.")
def assess(check: Path, output: str, trust_code: bool, claims: tuple[str, ...], models: tuple[str, ...]) -> None:
    """Assess the models of a check in this process: no cluster needed.

    Exit status: 0 assessed, 2 something in the check must be mended, 1 anything else.
    """
    from modelreuse.cli import assess as command
    from modelreuse.cli.problems import Problem

    try:
        command.run(check, output, trust_code=trust_code, claims=claims, models=models)
    except Problem as problem:
        click.echo(problem, err=True)
        raise SystemExit(problem.exit_status) from None
