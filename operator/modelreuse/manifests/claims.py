"""How `pvc://claim/path` becomes a volume: each claim is mounted once, at its own folder, read-only unless written."""

from collections.abc import Iterable
from typing import Any

from modelreuse.api.names import CLAIMS_ROOT, RESERVED_VOLUMES

_SCHEME = "pvc://"


def claim_of(uri: str) -> str | None:
    """The claim that a URI names, or None for other schemes."""
    return uri.removeprefix(_SCHEME).partition("/")[0] if uri.startswith(_SCHEME) else None


def claim_volumes(read: Iterable[str], written: Iterable[str]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Volumes and mounts for URIs that are read and URIs that are written. A claim that is written is mounted once."""
    writable = {claim for uri in written if (claim := claim_of(uri))}
    claims = sorted(writable | {claim for uri in read if (claim := claim_of(uri))})
    volumes = []
    mounts = []
    for index, claim in enumerate(claims):
        read_only = claim not in writable
        source = {"claimName": claim, **({"readOnly": True} if read_only else {})}
        volumes.append({"name": f"{RESERVED_VOLUMES}claim-{index}", "persistentVolumeClaim": source})
        mounts.append(
            {
                "name": f"{RESERVED_VOLUMES}claim-{index}",
                "mountPath": f"{CLAIMS_ROOT}/{claim}",
                **({"readOnly": True} if read_only else {}),
            }
        )
    return volumes, mounts
