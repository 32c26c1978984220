"""From a URI to a path or to a storage elsewhere: one module and one line in a table per scheme."""

from collections.abc import Callable, Mapping
from pathlib import Path

from modelreuse.worker.errors import TaskError
from modelreuse.worker.places import Places
from modelreuse.worker.schemes.file import file_path
from modelreuse.worker.schemes.gs import gs_storage
from modelreuse.worker.schemes.hf import hf_storage
from modelreuse.worker.schemes.https import HttpsStorage
from modelreuse.worker.schemes.pvc import claim_path
from modelreuse.worker.schemes.s3 import s3_storage
from modelreuse.worker.schemes.storage import Storage

Resolver = Callable[[str, Places], Path]
"""What stands behind `scheme://` and the places, to a path. Raises ValueError with the rest of a sentence."""

RESOLVERS: Mapping[str, Resolver] = {
    "file": file_path,
    "pvc": claim_path,
}
"""Schemes whose files this machine has."""

STORAGES: Mapping[str, Callable[[], Storage]] = {
    "s3": s3_storage,
    "gs": gs_storage,
    "https": HttpsStorage,
    "hf": hf_storage,
}
"""Schemes whose files lie elsewhere. A storage is made anew for each use and finds its credentials by itself."""


def is_here(uri: str) -> bool:
    """Whether `uri` names a path of this machine."""
    return uri.partition("://")[0] in RESOLVERS


def resolve(uri: str, field: str, places: Places) -> Path:
    """The path that `uri` names; it need not exist.

    Raises TaskError: UnknownScheme, or PathEscapes where a link leads out of the claim.
    """
    scheme, _, rest = uri.partition("://")
    if scheme not in RESOLVERS:
        raise _unknown(uri, scheme, field, RESOLVERS if scheme in STORAGES else {**RESOLVERS, **STORAGES})
    try:
        return RESOLVERS[scheme](rest, places)
    except ValueError as error:
        raise TaskError("PathEscapes", field, f"{uri!r}: {error}") from None


def storage_of(uri: str, field: str) -> tuple[Storage, str]:
    """The storage that `uri` names, and the rest of it. Raises TaskError UnknownScheme."""
    scheme, _, rest = uri.partition("://")
    if scheme not in STORAGES:
        raise _unknown(uri, scheme, field, {**RESOLVERS, **STORAGES})
    return STORAGES[scheme](), rest


def _unknown(uri: str, scheme: str, field: str, known: Mapping[str, object]) -> TaskError:
    return TaskError("UnknownScheme", field, f"{uri!r}: unknown scheme {scheme!r}; known: {', '.join(known)}")
