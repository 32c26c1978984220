"""`pvc://claim/path` and the folders where claims are mounted, in both directions.

Claims are mounted under one folder, one each, by the operator. On a desk that folder is wherever the environment says.
"""

import os
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from modelreuse.api.names import CLAIMS_ROOT, CLAIMS_ROOT_ENV
from modelreuse.training.errors import TrainingError


def claims_root(environment: Mapping[str, str] = os.environ) -> Path:
    """The folder in which claims are mounted."""
    return Path(environment.get(CLAIMS_ROOT_ENV) or CLAIMS_ROOT)


def path_of(uri: str, root: Path) -> Path:
    """The path that `pvc://claim/path` or `file:///path` names; it need not exist.

    Raises TrainingError for another scheme, and where the path would leave its claim.
    """
    scheme, _, rest = uri.partition("://")
    if scheme == "file" and rest.startswith("/"):
        return Path(rest)
    if scheme != "pvc":
        raise TrainingError(f"{uri!r}: only pvc:// and file:// have a path here; read {scheme!r} with its own library")
    claim, _, inside = rest.partition("/")
    relative = PurePosixPath(inside)
    if claim in {"", ".", ".."} or relative.is_absolute() or ".." in relative.parts:
        raise TrainingError(f"{uri!r}: the path may not leave the claim")
    return root / claim / relative


def uri_below(path: Path, folder_uri: str, root: Path) -> str:
    """The URI of a file that lies in the folder `folder_uri`, links followed.

    Raises TrainingError where it lies elsewhere: a result may only name what the plan's output folder holds.
    """
    folder = path_of(folder_uri, root).resolve()
    real = path.resolve()
    if not real.is_relative_to(folder):
        raise TrainingError(f"the artefact {str(path)!r} lies outside the plan's output {folder_uri!r}; write it there")
    return f"{folder_uri.rstrip('/')}/{real.relative_to(folder).as_posix()}"
