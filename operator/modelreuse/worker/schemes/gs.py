"""`gs://bucket/object`: Google Cloud Storage.

Credentials are google-auth's business: GOOGLE_APPLICATION_CREDENTIALS, or the metadata server of a pod with workload
identity; public buckets need none.
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
    no_credentials,
    no_such_file,
    unreachable,
)

_HINT = "check the bucket's permissions, and the pod's GOOGLE_APPLICATION_CREDENTIALS or service account"
_MISSING = "no such object, or no such bucket"
_MAY_HEAL = frozenset({408, 429, 500, 502, 503, 504})


def gs_storage() -> FileSystemStorage:
    """Google Cloud Storage, with whatever credentials this process finds."""
    return FileSystemStorage(_file_system, explain)


def _file_system() -> Any:
    # The JSON API serves every bucket; the library's second way, by gRPC, only zonal ones.
    os.environ.setdefault("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")
    try:
        import gcsfs
    except ImportError:
        raise needs_extra("gcs") from None
    emulated = bool(os.environ.get("STORAGE_EMULATOR_HOST"))
    return gcsfs.GCSFileSystem(
        token="anon" if emulated else None,
        skip_instance_cache=True,
        use_listings_cache=False,
        requests_timeout=60,
    )


def explain(error: Exception) -> StorageTroubleError | None:
    """What an exception of gcsfs, google-auth or their HTTP client means."""
    import google.auth.exceptions as auth
    from gcsfs.retry import HttpError

    if is_untrusted(error):
        return bad_certificate()
    if isinstance(error, auth.TransportError):
        return unreachable(type(error).__name__)
    if isinstance(error, auth.DefaultCredentialsError):
        return no_credentials("give it GOOGLE_APPLICATION_CREDENTIALS or a service account")
    if isinstance(error, auth.GoogleAuthError):
        return bad_credentials(type(error).__name__, _HINT)
    if isinstance(error, HttpError):
        return _of_status(int(error.code or 0))
    if isinstance(error, FileNotFoundError):
        return no_such_file(_MISSING)
    if isinstance(error, PermissionError) or str(error).startswith("Forbidden"):
        return denied(_HINT)
    if is_unanswered(error):
        return unreachable(type(error).__name__)
    if isinstance(error, OSError | ValueError):
        return answered(type(error).__name__, retryable=False)
    return None


def _of_status(status: int) -> StorageTroubleError:
    if status == 404:
        return no_such_file(_MISSING)
    if status == 401:
        return bad_credentials("401", _HINT)
    if status == 403:
        return denied(_HINT)
    return answered(f"HTTP {status}", retryable=status in _MAY_HEAL)
