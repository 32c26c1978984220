"""`hf://owner/model@revision/path` and `hf://datasets/owner/name/path`: the Hugging Face Hub.

A token, where one is needed, is the pod's HF_TOKEN; HF_ENDPOINT names another hub. A branch moves: what was assessed is
told by its content hash, and a commit as the revision keeps it there.
"""

import os
from typing import Any

from modelreuse.worker.schemes.connections import is_unanswered, is_untrusted
from modelreuse.worker.schemes.filesystem import FileSystemStorage
from modelreuse.worker.schemes.storage import (
    StorageTroubleError,
    answered,
    bad_certificate,
    bad_credentials,
    denied,
    needs_extra,
    no_such_bucket,
    no_such_file,
    unreachable,
)

_HINT = "ask its owner for access, and give the pod an HF_TOKEN that has it"
_MAY_HEAL = frozenset({408, 425, 429, 500, 502, 503, 504})


def hf_storage() -> FileSystemStorage:
    """The hub, with the pod's token if it has one."""
    return FileSystemStorage(_file_system, explain)


def _file_system() -> Any:
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    try:
        from huggingface_hub import HfFileSystem
    except ImportError:
        raise needs_extra("hf") from None
    return HfFileSystem(
        endpoint=os.environ.get("HF_ENDPOINT"),
        token=os.environ.get("HF_TOKEN"),
        skip_instance_cache=True,
        use_listings_cache=False,
    )


def explain(error: Exception) -> StorageTroubleError | None:
    """What an exception of huggingface_hub means."""
    from huggingface_hub import errors

    if isinstance(error, errors.GatedRepoError):
        return denied(_HINT)
    if isinstance(error, errors.RepositoryNotFoundError):
        return no_such_bucket("there is no such repository, or the pod's HF_TOKEN may not see it")
    if isinstance(error, errors.RevisionNotFoundError):
        return no_such_file("the repository has no such revision")
    if isinstance(error, errors.HfHubHTTPError):
        return _of_status(error.response.status_code)
    if isinstance(error, FileNotFoundError):
        cause = error.__cause__ or error.__context__
        return explain(cause) if isinstance(cause, errors.HfHubHTTPError) else no_such_file()
    if is_untrusted(error):
        return bad_certificate()
    if isinstance(error, errors.OfflineModeIsEnabled):
        return answered("nothing: HF_HUB_OFFLINE is set", retryable=False)
    if is_unanswered(error):
        return unreachable(type(error).__name__)
    if isinstance(error, OSError | ValueError):
        return answered(type(error).__name__, retryable=False)
    return None


def _of_status(status: int) -> StorageTroubleError:
    if status == 404:
        return no_such_file()
    if status == 401:
        return bad_credentials("401", "check the pod's HF_TOKEN")
    if status == 403:
        return denied(_HINT)
    return answered(f"HTTP {status}", retryable=status in _MAY_HEAL)
