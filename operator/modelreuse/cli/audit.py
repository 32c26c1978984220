"""`modelreuse audit`: who asked, who edited, who approved what; predicted and measured; every hash computed again."""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from modelreuse.api import Outcome, RetrainingRecord, format_decimal
from modelreuse.cli import stored
from modelreuse.cli.problems import OTHER, Problem
from modelreuse.cli.stored import Place, Stored
from modelreuse.decisions import Audit, audit, contradictions, qualities, sentence

_RECORD = ("record/", "retrainingrecord/", "retrainingrecords/", "rtr/")
_CHECK = ("check/", "modelreusecheck/", "modelreusechecks/", "mrc/")
_WIDTH = 11


def run(name: str | None, file: Path | None, place: Place, output: str) -> None:
    """Prints what was found. Raises Problem: with exit status 1 for a disagreement, 2 where nothing can be audited."""
    found = _found(name, file, place)
    records = [stored.parsed_record(each) for each in found.records]
    audits = [(record, audit(record)) for record in records]
    against = [
        f"ModelReuseCheck {check.metadata.name}: {each}"
        for check in map(stored.parsed_check, found.checks)
        for each in contradictions(check, [record for record in records if _is_of(record, check.metadata.uid)])
    ]
    if not audits and not against:
        raise Problem("nothing to audit: nothing was approved and launched yet, so there is no record")
    (_print_json if output == "json" else _print_text)(audits, against)
    disagreements = [
        *(f"RetrainingRecord {record.metadata.name}: {each}" for record, done in audits for each in done.disagreements),
        *against,
    ]
    if disagreements:
        more = f" (and {len(disagreements) - 1} more)" if len(disagreements) > 1 else ""
        raise Problem(f"{disagreements[0]}{more}", OTHER)


def _found(name: str | None, file: Path | None, place: Place) -> Stored:
    if file is not None and name is not None:
        raise Problem("give a name or a file: of a file everything in it is audited")
    if file is not None:
        return stored.in_file(file, place)
    if not name:
        raise Problem("give the name of a check, record/NAME, or a file by -f")
    if name.startswith(_RECORD):
        return stored.record(place, name.partition("/")[2])
    bare = name.partition("/")[2] if name.startswith(_CHECK) else name
    if "/" in bare:
        raise Problem(f"{name}: give NAME or check/NAME for a check, record/NAME for a record")
    everything = stored.check_with_records(place, bare)
    uid = everything.checks[0]["metadata"]["uid"]
    of_it = tuple(each for each in everything.records if (each["spec"].get("check") or {}).get("uid") == uid)
    return Stored(everything.checks, of_it)


def _is_of(record: RetrainingRecord, uid: str) -> bool:
    return record.spec.check is not None and record.spec.check.uid == uid


def _print_text(audits: Sequence[tuple[RetrainingRecord, Audit]], against: Sequence[str]) -> None:
    blocks = ["\n".join(_lines(record, done)) for record, done in audits]
    blocks += [f"! {each}" for each in against]
    sys.stdout.write("\n\n".join(blocks) + "\n")


def _lines(record: RetrainingRecord, done: Audit) -> Iterator[str]:
    spec = record.spec
    asked_for = f", for ModelReuseCheck {spec.check.name} ({spec.check.uid})" if spec.check else ""
    yield f"RetrainingRecord {record.metadata.namespace}/{record.metadata.name}{asked_for}"
    if spec.approval is not None:
        groups = f" ({spec.approval.approved_by_groups})" if spec.approval.approved_by_groups else ""
        yield _row("asked", spec.approval.requested_by)
        yield _row("last edit", spec.approval.edited_by or "not recorded")
        yield _row("approved", f"{spec.approval.approved_by}{groups}, {spec.approval.at:%Y-%m-%dT%H:%M:%SZ}")
    pilot = f"a pilot of {spec.pilot.steps} steps: " if spec.pilot else ""
    yield _row("what", f"{pilot}{spec.action} {spec.model}, at most {spec.max_steps} steps to reach {spec.target}")
    yield _row("predicted", sentence(spec.predicted) if spec.predicted else "nothing recorded")
    yield _row("measured", _measured(record.outcome) if record.outcome else "nothing yet: it has not ended")
    for each in done.hashes:
        verdict = "agrees" if each.agrees else "DISAGREES"
        yield _row(each.name if each.name == "digest" else f"- {each.name}", f"{each.recorded or 'missing'} {verdict}")
    for disagreement in done.disagreements:
        yield f"  ! {disagreement}"


def _measured(outcome: Outcome) -> str:
    parts = [f"{outcome.result} {outcome.finished_at:%Y-%m-%dT%H:%M:%SZ}"]
    if outcome.steps is not None:
        reached = "reached" if outcome.target_reached else "not reached"
        parts.append(f"{outcome.steps} steps, target {reached} (Reported)")
    if outcome.evaluations:
        parts.append(f"{qualities(outcome.evaluations)} (Reported)")
    if outcome.attempts is not None and outcome.attempts > 1:
        parts.append(f"{outcome.attempts} pods, one after another")
    if outcome.pod_seconds is not None:
        parts.append(f"{format_decimal(outcome.pod_seconds)} s of pod time (Measured)")
    if outcome.energy_wh is not None:
        parts.append(f"{format_decimal(outcome.energy_wh)} Wh ({outcome.energy_basis})")
    if outcome.new_quality is not None:
        parts.append(f"quality {outcome.old_quality} before, {outcome.new_quality} after (Measured)")
    return ", ".join(parts)


def _row(title: str, text: str) -> str:
    return f"  {title:<{_WIDTH}} {text}"


def _print_json(audits: Sequence[tuple[RetrainingRecord, Audit]], against: Sequence[str]) -> None:
    document = {
        "records": [
            {
                "namespace": record.metadata.namespace,
                "name": record.metadata.name,
                "spec": record.spec.to_wire(),
                "outcome": record.outcome.to_wire() if record.outcome else None,
                "hashes": [
                    {"name": each.name, "recorded": each.recorded, "found": each.found, "agrees": each.agrees}
                    for each in done.hashes
                ],
                "disagreements": list(done.disagreements),
            }
            for record, done in audits
        ],
        "contradictions": list(against),
    }
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
