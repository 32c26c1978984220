"""From a URI to a path: one module and one line in the table per storage scheme."""

from collections.abc import Callable
from pathlib import Path

from modelreuse.worker.errors import TaskError
from modelreuse.worker.places import Places
from modelreuse.worker.schemes.file import file_path
from modelreuse.worker.schemes.pvc import claim_path

Resolver = Callable[[str, Places], Path]
"""What stands behind `scheme://` and the places, to a path. Raises ValueError with the rest of a sentence."""

RESOLVERS: dict[str, Resolver] = {
    "file": file_path,
    "pvc": claim_path,
}


def resolve(uri: str, field: str, places: Places) -> Path:
    """The path that `uri` names; it need not exist.

    Raises TaskError: UnknownScheme, or PathEscapes where a link leads out of the claim.
    """
    scheme, separator, rest = uri.partition("://")
    if not separator or scheme not in RESOLVERS:
        raise TaskError("UnknownScheme", field, f"{uri!r}: unknown scheme {scheme!r}; known: {', '.join(RESOLVERS)}")
    try:
        return RESOLVERS[scheme](rest, places)
    except ValueError as error:
        raise TaskError("PathEscapes", field, f"{uri!r}: {error}") from None
