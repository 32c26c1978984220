"""Whether an artefact may be promoted: asked by pipelines, answered by what checks say of exactly that artefact.

`PromotionAllowed` is about one URI and one SHA-256. A file at the same URI with other bytes is another artefact, and a
condition about an older state of its check says nothing about the present one.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from modelreuse.api import Condition, ConditionType, Failure, ModelReuseCheck


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
    naming = [check for check in checks if _artefact(check)[0] == uri]
    meant = [check for check in naming if sha256 is None or _artefact(check)[1] == sha256]
    if not meant:
        others = ", ".join(sorted({_artefact(check)[1] or "no hash" for check in naming}))
        what = f"{uri} with {sha256}: checks know it with {others} only" if naming else f"{uri}: no check has made it"
        return Failure(reason="UnknownArtefact", message=what)
    hashes = sorted({_artefact(check)[1] or "no hash" for check in meant})
    if len(hashes) > 1:
        message = f"{uri}: several checks have made it, with {', '.join(hashes)}; say which by --sha256"
        return Failure(reason="AmbiguousArtefact", message=message)
    answers = [_answer(check) for check in meant]
    return next((each for each in answers if isinstance(each, Promotable)), answers[0])


def _artefact(check: ModelReuseCheck) -> tuple[str | None, str | None]:
    retraining = check.status.retraining
    return (retraining.artifact_uri, retraining.artifact_sha256) if retraining else (None, None)


def _answer(check: ModelReuseCheck) -> Promotable | Failure:
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
    uri, sha256 = _artefact(check)
    verified = check.status.verification.artifact_sha256 if check.status.verification else None
    if uri is None or sha256 is None or verified != sha256:
        message = f"{name}: what was verified has {verified or 'no hash'}, what was trained {sha256 or 'none'}"
        return Failure(reason="NotVerified", message=message)
    return Promotable(uri, sha256, check.metadata.namespace, check.metadata.name, said.message)


def _condition(check: ModelReuseCheck) -> Condition | None:
    kind = ConditionType.PROMOTION_ALLOWED
    return next((each for each in check.status.conditions if each.type == kind), None)
