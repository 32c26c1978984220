"""The command line itself: names, options, help. What a command does stands in its own module."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from modelreuse import __version__

Command = TypeVar("Command", bound=Callable[..., Any])

_CHECK = click.option(
    "-f",
    "--filename",
    "check",
    type=click.Path(path_type=Path),
    required=True,
    help="A ModelReuseCheck as YAML; - reads standard input.",
)
_TRUST_CODE = click.option("--trust-code", is_flag=True, help="Import the check's own Python code without asking.")
_CLAIMS = click.option(
    "--claim",
    "claims",
    metavar="NAME=DIR",
    multiple=True,
    help="The folder that stands for a claim of pvc://NAME/…; by default the folder NAME beside the check.",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """What would adapting a model to new data cost? Answered before anyone pays for it."""


@main.command()
def version() -> None:
    """Print the version."""
    click.echo(__version__)


@main.command()
@_CHECK
@click.option(
    "-o", "--output", type=click.Choice(["table", "json", "yaml"]), default="table", show_default=True, help="Format."
)
@_TRUST_CODE
@_CLAIMS
@click.option("--model", "models", metavar="NAME", multiple=True, help="Assess only this model; may be repeated.")
def assess(check: Path, output: str, trust_code: bool, claims: tuple[str, ...], models: tuple[str, ...]) -> None:
    """Assess the models of a check in this process: no cluster needed.

    Exit status: 0 assessed, 2 something in the check must be mended, 1 anything else.
    """
    from modelreuse.cli import assess as command

    with _exit_status():
        command.run(check, output, trust_code=trust_code, claims=claims, models=models)


@main.command()
@_CHECK
@click.option(
    "--trainer",
    metavar="COMMAND",
    required=True,
    help="The site's own trainer, as in 'python train.py'; it runs once for each record, under the training contract.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    help="The table to write, or to go on with: what it holds already isn't run again.",
)
@click.option(
    "--runs", type=click.IntRange(min=1), metavar="N", help="How many retrainings; by default 30 or a few more."
)
@click.option(
    "--action",
    "actions",
    metavar="NAME",
    multiple=True,
    help="Only this one of spec.retraining.actions; may be repeated.",
)
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Decides all that is drawn by lot."
)
@click.option("--model", metavar="NAME", help="Instead of the check's first model, the one in use.")
@_CLAIMS
@click.option("--yes", is_flag=True, help="Run the retrainings without asking: for Jobs, whose maker has said yes.")
@_TRUST_CODE
def calibrate(
    check: Path,
    trainer: str,
    output: Path,
    runs: int | None,
    actions: tuple[str, ...],
    seed: int,
    model: str | None,
    claims: tuple[str, ...],
    yes: bool,
    trust_code: bool,
) -> None:
    """Make the first records of a site: retrain a check's model on synthetic shifts of its reference.

    Says first what that would take, and asks. Each retraining becomes a line of a table for `modelreuse records
    import`; docs/predictions.md says how many it takes, and what a trainer has to do.

    Exit status: 0 all are recorded, 2 something must be mended or nobody said yes, 1 the trainer failed three times in
    a row, or anything else.
    """
    from modelreuse.cli import calibrate as command

    with _exit_status():
        command.run(
            check,
            trainer,
            output,
            claims=claims,
            model=model,
            actions=actions,
            runs=runs,
            seed=seed,
            yes=yes,
            trust_code=trust_code,
        )


@main.command()
def roofline() -> None:
    """Measure how fast this machine trains, for a CostProfile: takes some ten seconds, and no check.

    Prints the `roofline` of an entry of spec.accelerators or spec.cpus: by it, what was assessed on other hardware can
    be predicted, and approved, for this one. docs/predictions.md says how far that holds.

    Exit status: 0 measured, 1 anything else.
    """
    from modelreuse.cli import roofline as command

    with _exit_status():
        command.run()


def _where(saved: str) -> Callable[[Command], Command]:
    """The options that say where objects come from; `saved` is the help of -f."""

    def options(command: Command) -> Command:
        for option in (
            click.option("--context", metavar="NAME", help="Of the kubeconfig, instead of its current one."),
            click.option("-n", "--namespace", metavar="NAME", help="Instead of the context's own."),
            click.option("-f", "--filename", "file", type=click.Path(path_type=Path), help=saved),
        ):
            command = option(command)
        return command

    return options


@main.command()
@click.argument("name", required=False)
@_where("Audit all checks and records in this file, as kubectl get -o yaml prints them; - reads standard input.")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Format.")
def audit(name: str | None, file: Path | None, namespace: str | None, context: str | None, output: str) -> None:
    """Print who asked for a retraining, who approved what, predicted and measured, and compute every hash again.

    NAME is a check (digits, or check/digits: all its records) or a record (record/mrc-...).

    Exit status: 0 all agree, 1 something disagrees and the first of it is named, 2 nothing could be audited.
    """
    from modelreuse.cli import audit as command
    from modelreuse.cli.stored import Place

    with _exit_status():
        command.run(name, file, Place(context, namespace), output)


@main.command("promote-check")
@click.argument("uri")
@click.option("--sha256", metavar="HASH", help="The artefact's bytes must have been verified under this hash.")
@_where("Ask the checks in this file, as kubectl get mrc -o yaml prints them; - reads standard input. It is believed.")
def promote_check(uri: str, sha256: str | None, file: Path | None, namespace: str | None, context: str | None) -> None:
    """Say whether the artefact at URI may be promoted: whether a PromotionAllowed=True names exactly it.

    Without --sha256 the answer is about the bytes whose hash it prints: compare before you deploy.

    Exit status: 0 allowed, 1 not allowed, 2 no answer: bad arguments, nothing readable, no API server.
    """
    from modelreuse.cli import promote_check as command
    from modelreuse.cli.stored import Place

    with _exit_status():
        command.run(uri, sha256, file, Place(context, namespace))


@main.group()
def records() -> None:
    """Past retrainings, that predictions learn from."""


@records.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--context", metavar="NAME", help="Of the kubeconfig, instead of its current one.")
@click.option("-n", "--namespace", metavar="NAME", help="Instead of the context's own.")
@click.option(
    "--dry-run", "dry", is_flag=True, help="Check the file, ask the API server (if one is known), and create nothing."
)
def import_records(file: Path, context: str | None, namespace: str | None, dry: bool) -> None:
    """Create a RetrainingRecord for each line of FILE, a CSV table of past retrainings.

    Its first line names the columns: docs/predictions.md lists them. The whole file is checked before anything is
    created, and what is there already is left as it is, so an import that was interrupted is just given again.

    Exit status: 0 all are there, 2 something in the file must be mended, 1 the API server is in the way.
    """
    from modelreuse.cli import records as command
    from modelreuse.cli.stored import Place

    with _exit_status():
        command.run(file, Place(context, namespace), dry=dry)


@contextmanager
def _exit_status() -> Iterator[None]:
    """Ends the command as a problem says, with its one line on standard error."""
    from modelreuse.cli.problems import Problem

    try:
        yield
    except Problem as problem:
        click.echo(problem, err=True)
        raise SystemExit(problem.exit_status) from None
