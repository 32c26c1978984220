"""Whether an artefact may be promoted: asked by pipelines, answered by what checks say of exactly that artefact.

`PromotionAllowed` is about one URI and one SHA-256. A file at the same URI with other bytes is another artefact, and a
condition about an older state of its check says nothing about the present one.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from modelreuse.api import Condition, ConditionType, Failure, ModelReuseCheck

_NO_HASH = "no hash"


@dataclass(frozen=True)
class Promotable:
    """An artefact that may be promoted, and which check says so."""

    uri: str
    sha256: str
    namespace: str
    check: str
    message: str


def promotable(checks: Iterable[ModelReuseCheck], uri: str, sha256: str | None) -> Promotable | Failure:
    """The one check that allows exactly this artefact; or why none does.

    Without `sha256` every check that names the URI must mean the same bytes: else nobody can say which lie there.
    """
    naming = [check for check in checks if check.status.retraining and check.status.retraining.artifact_uri == uri]
    meant = [check for check in naming if sha256 is None or _trained(check) == sha256]
    if not meant:
        others = ", ".join(sorted({_trained(check) for check in naming}))
        what = f"{uri} with {sha256}: checks know it with {others} only" if naming else f"{uri}: no check has made it"
        return Failure(reason="UnknownArtefact", message=what)
    hashes = sorted({_trained(check) for check in meant})
    if len(hashes) > 1:
        message = f"{uri}: several checks have made it, with {', '.join(hashes)}; say which by --sha256"
        return Failure(reason="AmbiguousArtefact", message=message)
    answers = [_answer(check, uri) for check in meant]
    return next((each for each in answers if isinstance(each, Promotable)), answers[0])


def _trained(check: ModelReuseCheck) -> str:
    """The hash that the trainer reported."""
    retraining = check.status.retraining
    return (retraining.artifact_sha256 if retraining else None) or _NO_HASH


def _verified(check: ModelReuseCheck) -> str:
    """The hash of what was measured."""
    verification = check.status.verification
    return (verification.artifact_sha256 if verification else None) or _NO_HASH


def _answer(check: ModelReuseCheck, uri: str) -> Promotable | Failure:
    name = f"{check.metadata.namespace}/{check.metadata.name}"
    said = _condition(check)
    if said is None:
        return Failure(reason="NoCondition", message=f"{name} has no condition {ConditionType.PROMOTION_ALLOWED}")
    if not said.is_true:
        message = f"{name}: {ConditionType.PROMOTION_ALLOWED} is {said.status}: {said.reason}: {said.message}"
        return Failure(reason=said.reason, message=message)
    if said.observed_generation != check.metadata.generation:
        message = (
            f"{name}: {ConditionType.PROMOTION_ALLOWED} is about generation {said.observed_generation} of the check, "
            f"which has {check.metadata.generation} by now; wait until the operator has seen it"
        )
        return Failure(reason="Outdated", message=message)
    sha256, verified = _trained(check), _verified(check)
    if verified != sha256 or sha256 == _NO_HASH:
        message = f"{name}: what was trained has {sha256}, what was verified {verified}"
        return Failure(reason="NotVerified", message=message)
    return Promotable(uri, sha256, check.metadata.namespace, check.metadata.name, said.message)


def _condition(check: ModelReuseCheck) -> Condition | None:
    kind = ConditionType.PROMOTION_ALLOWED
    return next((each for each in check.status.conditions if each.type == kind), None)
