"""`modelreuse records import`: a table of past retrainings becomes RetrainingRecords of the namespace.

Nothing is created before the whole file is known to be right. Names are made of what a line says, so importing twice,
or again after an interruption, creates what is missing and nothing twice.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click
from rich.console import Console
from rich.progress import track

from modelreuse.cli.problems import OTHER, Problem
from modelreuse.cli.record_table import PastRetraining, read_table
from modelreuse.cli.stored import Place, in_cluster
from modelreuse.cluster import (
    ApiError,
    Client,
    Refused,
    RefusedError,
    create,
    dry_create,
    list_profiles,
    list_records,
    user_name,
)
from modelreuse.manifests import imported_record

IMPORTER = "modelreuse-importer"


@dataclass(frozen=True)
class Tally:
    """How an import went. trusted_by: CostProfiles whose predictions learn from this namespace; None if unknown."""

    namespace: str
    created: int
    known: int
    trusted_by: Sequence[str] | None


def run(file: Path, place: Place, *, dry: bool) -> None:
    """Prints what was done, or would be.

    Raises Problem: with exit status 2 where the file must be mended, 1 where the API server is in the way.
    """
    table = read_table(file)
    for each in (*table.mistakes, *table.notes):
        click.echo(f"{file}: {each}", err=True)
    if table.mistakes:
        raise Problem(f"{file}: {_counted(len(table.mistakes), 'mistake')}; nothing was created")
    try:
        tally = in_cluster(place, lambda client, namespace: bring_in(client, namespace, table.retrainings, dry=dry))
    except ConnectionError as error:
        if dry:
            sys.stdout.write(f"{file}: {_counted(len(table.retrainings), 'record')}, all in order; {error}\n")
            return
        raise Problem(f"the API server can't be asked: {error}", OTHER) from None
    except ApiError as error:
        raise Problem(f"the API server can't be asked: {error}", OTHER) from None
    sys.stdout.write(f"{_told(tally, dry=dry)}\n")


async def bring_in(client: Client, namespace: str, retrainings: Sequence[PastRetraining], *, dry: bool) -> Tally:
    """Creates the records that are missing; `dry` only asks the API server whether it would let us.

    Raises Problem at the first that is refused, and ApiError; what was created until then stays.
    """
    send = dry_create if dry else create
    user = await user_name(client)
    try:
        there = {record["metadata"]["name"] async for record in list_records(client, namespace)}
    except RefusedError as error:
        raise _refused(error.message, error.reason, namespace, user, 0) from None
    missing = [each for each in retrainings if each.name not in there]
    console = Console(stderr=True)
    for done, one in enumerate(
        track(missing, "importing", console=console, transient=True, disable=not console.is_terminal)
    ):
        record = imported_record(namespace, one.name, one.spec, one.outcome, imported_by=user)
        try:
            answer = await send(client, record)
        except ApiError as error:
            raise Problem(f"stopped after {_counted(done, 'record')}: {error}; {_REPEAT}", OTHER) from None
        if isinstance(answer, Refused):
            raise _refused(answer.failure.message, answer.failure.reason, namespace, user, done)
    return Tally(namespace, len(missing), len(retrainings) - len(missing), await _trusting(client, namespace))


_REPEAT = "give the same command again: it creates what is missing"


def _refused(message: str, reason: str, namespace: str, user: str, done: int) -> Problem:
    if reason != "Forbidden":
        return Problem(f"stopped after {_counted(done, 'record')}: {message}; {_REPEAT}", OTHER)
    command = f"kubectl create rolebinding {IMPORTER} -n {namespace} --clusterrole={IMPORTER} --user={user}"
    return Problem(f"{message}; importing takes the ClusterRole {IMPORTER}: {command}", OTHER)


async def _trusting(client: Client, namespace: str) -> Sequence[str] | None:
    try:
        return [
            profile["metadata"]["name"]
            async for profile in list_profiles(client)
            if namespace in profile["spec"].get("trustedNamespaces", [])
        ]
    except RefusedError:
        return None


def _told(tally: Tally, *, dry: bool) -> str:
    verb = "would be imported" if dry else "imported"
    done = f"{tally.namespace}: {_counted(tally.created, 'record')} {verb}, {tally.known} there already"
    if tally.trusted_by is None:
        return done
    if not tally.trusted_by:
        return f"{done}; no CostProfile lists {tally.namespace} in spec.trustedNamespaces, so no prediction reads them"
    return f"{done}; predictions by CostProfile {', '.join(tally.trusted_by)} read them"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
