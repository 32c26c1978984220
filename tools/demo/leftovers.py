"""What stays in build/demo for whoever wants to look: the check, its Jobs, the record, logs and the audit log."""

import json
from collections.abc import Iterator

from demo import places
from demo.kubectl import Person
from demo.stages import Stage

_KEPT = {
    "check": ("mrc", places.CHECK),
    "jobs": ("jobs",),
    "record": ("retrainingrecords",),
    "events": ("events",),
}


def keep(admin: Person, stage: Stage) -> Iterator[str]:
    """Write everything; yields a line per file."""
    for name, target in _KEPT.items():
        answer = admin.quietly("get", "-n", places.NAMESPACE, *target, "--output=yaml")
        yield _written(f"{name}.yaml", answer.text)
    for job in admin.reads("-n", places.NAMESPACE, "jobs")["items"]:
        log = admin.quietly("logs", "-n", places.NAMESPACE, f"job/{job['metadata']['name']}", "--tail=2000")
        yield _written(f"{job['metadata']['name']}.log", log.text)
    operator = admin.quietly("logs", "-n", "modelreuse-system", "deployment/operator", "--tail=5000")
    yield _written("operator.log", operator.text)
    audit = places.RESULTS / "audit.log"
    yield stage.keep_audit_log(audit) or f"left {audit}: {_about_checks(audit.read_text())} requests about checks in it"


def _written(name: str, text: str) -> str:
    file = places.RESULTS / name
    file.write_text(text)
    return f"left {file}"


def _about_checks(log: str) -> int:
    events = (json.loads(line) for line in log.splitlines() if '"modelreusechecks"' in line)
    return sum(1 for event in events if event.get("objectRef", {}).get("resource") == "modelreusechecks")
