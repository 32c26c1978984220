"""Images: whether what ran is on the policies' list, and whether what would run is named by digest.

Names and tags mean what their registry says today. A digest means the bytes.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from modelreuse.api import Failure, ModelAssessment
from modelreuse.decisions.policies import Rules
from modelreuse.manifests import KINDS, JobTemplate

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}$")
_PINNED = re.compile(r"[^@\s]+@sha256:[0-9a-f]{64}")

Json = Mapping[str, Any]


def digest_in(image_id: str | None) -> str | None:
    """The digest at the end of an image ID as nodes report it; None where it has none."""
    found = _DIGEST.search(image_id or "")
    return found.group() if found else None


def not_allowed(assessments: list[ModelAssessment], rules: Rules) -> Failure | None:
    """Why assessments don't count for an approval: one ran in an image that isn't on the policies' list."""
    if rules.images is None:
        return None
    for each in assessments:
        if each.hashes is not None and digest_in(each.image) not in rules.images:
            message = (
                f"{each.model} was assessed in the image {each.image or 'unknown'}, which is not on the list "
                f"spec.images of {_names(rules)}; assess in one that is"
            )
            return Failure(reason="ImageNotAllowed", message=message)
    return None


def not_pinned(template: JobTemplate, rules: Rules) -> Failure | None:
    """Why a retraining can't be offered: an image in its template could mean another one tomorrow."""
    if not rules.require_image_digest:
        return None
    pod = KINDS[template.kind].pod_of(template)
    for field, image in _images(pod.spec):
        if not isinstance(image, str) or not _PINNED.fullmatch(image):
            message = (
                f"{pod.path}{field}: {str(image)[:200]!r}: must be named by "
                "digest, as in registry/name@sha256:..., unless the policy sets requireImageDigest to false"
            )
            return Failure(reason="ImageNotPinned", message=message)
    return None


def _images(pod: Json) -> Iterator[tuple[str, object]]:
    for field in ("initContainers", "containers"):
        for index, container in enumerate(pod.get(field) or []):
            yield f"{field}[{index}].image", container.get("image")
    for index, volume in enumerate(pod.get("volumes") or []):
        if isinstance(volume, Mapping) and "image" in volume:
            source = volume["image"]
            yield f"volumes[{index}].image", source.get("reference") if isinstance(source, Mapping) else source


def _names(rules: Rules) -> str:
    return "RetrainPolicy " + ", ".join(each.metadata.name for each in rules.policies if each.spec.images is not None)
