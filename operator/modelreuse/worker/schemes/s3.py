"""`s3://bucket/key`: Amazon S3 and what speaks like it.

Credentials, region and endpoint are botocore's business: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a web identity
token, AWS_ENDPOINT_URL_S3, AWS_CA_BUNDLE ... of the pod. AWS_NO_SIGN_REQUEST=true reads public buckets unsigned.
"""

import os
from typing import Any

from modelreuse.worker.schemes.connections import chain, is_unanswered, is_untrusted
from modelreuse.worker.schemes.filesystem import FileSystemStorage
from modelreuse.worker.schemes.storage import (
    StorageTroubleError,
    answered,
    bad_certificate,
    bad_credentials,
    denied,
    needs_extra,
    no_credentials,
    no_such_bucket,
    no_such_file,
    unreachable,
)

ANONYMOUS_ENV = "AWS_NO_SIGN_REQUEST"

_MISSING = frozenset({"NoSuchKey", "NoSuchVersion", "404"})
_DENIED = frozenset({"AccessDenied", "AllAccessDisabled", "AccountProblem", "InvalidObjectState", "403"})
_CREDENTIALS = frozenset(
    {"ExpiredToken", "InvalidAccessKeyId", "InvalidToken", "InvalidClientTokenId", "RequestTimeTooSkewed",
     "SignatureDoesNotMatch", "TokenRefreshRequired"}
)  # fmt: skip
_OTHER_REGION = frozenset(
    {"301", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "PermanentRedirect"}
)
_MAY_HEAL = frozenset(
    {"InternalError", "OperationAborted", "RequestTimeout", "ServiceUnavailable", "SlowDown", "Throttling",
     "ThrottlingException", "RequestLimitExceeded", "BandwidthLimitExceeded", "TooManyRequests",
     "429", "500", "502", "503", "504"}
)  # fmt: skip
_HINT = "check the bucket's policy, and the credentials in assessment.template's env or service account"


def s3_storage() -> FileSystemStorage:
    """S3, with whatever credentials this process finds."""
    return FileSystemStorage(_file_system, explain)


def _file_system() -> Any:
    try:
        import s3fs
    except ImportError:
        raise needs_extra("s3") from None
    made = s3fs.S3FileSystem(
        anon=os.environ.get(ANONYMOUS_ENV, "").lower() == "true",
        skip_instance_cache=True,
        use_listings_cache=False,
        config_kwargs={
            "connect_timeout": 10,
            "read_timeout": 60,
            "retries": {"mode": "standard", "total_max_attempts": 3},
        },
    )
    made.retries = 2
    return made


def explain(error: Exception) -> StorageTroubleError | None:
    """What an exception of s3fs, botocore or their HTTP client means."""
    import botocore.exceptions as boto

    causes = list(chain(error))
    codes = [code for each in causes if isinstance(each, boto.ClientError) and (code := _code(each))]
    if "NoSuchBucket" in codes:
        return no_such_bucket()
    if codes:
        return _of_code(codes[0])
    if is_untrusted(error):
        return bad_certificate()
    if any(isinstance(each, boto.NoCredentialsError | boto.PartialCredentialsError) for each in causes):
        return no_credentials(
            f"give it AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or a service account; {ANONYMOUS_ENV}=true reads "
            "public buckets"
        )
    if is_unanswered(error):
        return unreachable(type(error).__name__)
    if isinstance(error, FileNotFoundError):
        return no_such_file()
    if isinstance(error, PermissionError):
        return denied(_HINT)
    if isinstance(error, boto.BotoCoreError | OSError):
        return answered(type(error).__name__, retryable=False)
    return None


def _of_code(code: str) -> StorageTroubleError:
    if code in _MISSING:
        return no_such_file()
    if code in _CREDENTIALS:
        return bad_credentials(code, _HINT)
    if code in _DENIED:
        return denied(_HINT)
    if code in _OTHER_REGION:
        return answered(f"{code}: the bucket lies in another region; set AWS_REGION to it", retryable=False)
    return answered(code[:64], retryable=code in _MAY_HEAL)


def _code(error: Any) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
