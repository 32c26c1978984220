"""What a human approves, as one hash: SHA-256 over the RFC 8785 form of everything that the launch depends on."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import rfc8785

from modelreuse.api import DigestComponent


@dataclass(frozen=True)
class Preimage:
    """The canonical JSON that was hashed, the digest, and each part's own hash."""

    canonical: str
    digest: str
    components: tuple[DigestComponent, ...]


def sha256_of(value: Any) -> str:
    """`sha256:` and the hex digest of the RFC 8785 form of `value`. Raises ValueError for what JSON can't hold."""
    return digest_of(_canonical(value).decode())


def digest_of(canonical: str) -> str:
    """The digest of a preimage's canonical JSON."""
    return f"sha256:{hashlib.sha256(canonical.encode()).hexdigest()}"


def fingerprint_of(value: Any) -> str:
    """`sha256:` and the hex digest of JSON that nobody else has to compute again: whatever JSON holds will do."""
    return f"sha256:{hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()}"


def preimage(parts: Mapping[str, Any]) -> Preimage:
    """The preimage made of named parts. Raises ValueError for what JSON can't hold."""
    canonical = _canonical(dict(parts))
    return Preimage(
        canonical=canonical.decode(),
        digest=digest_of(canonical.decode()),
        components=tuple(DigestComponent(name=name, sha256=sha256_of(part)) for name, part in sorted(parts.items())),
    )


def _canonical(value: Any) -> bytes:
    try:
        return rfc8785.dumps(value)
    except rfc8785.CanonicalizationError as error:
        raise ValueError(f"has no canonical JSON form: {error}") from error
