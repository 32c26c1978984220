"""What a storage elsewhere can do, and what its errors mean.

Storages are other people's libraries with exceptions of their own. Each scheme says which of them may heal; the rest
of the worker only sees `StorageTroubleError`. What a storage answers beyond a code is never repeated: an answer may
hold a signed URL or a key's name.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import BinaryIO, Protocol, TypeVar

from modelreuse.worker.errors import TaskError

Done = TypeVar("Done")

PAUSES = (1.0, 3.0, 9.0)
"""Seconds before each further attempt at what may heal. The libraries below retry single requests themselves."""


@dataclass(frozen=True)
class RemoteFile:
    """A file below a folder: its path there, and its bytes where the storage tells."""

    name: str
    size: int | None


class StorageTroubleError(Exception):
    """Why a storage doesn't do what is asked; `str()` is the rest of a sentence that begins with the URI."""

    def __init__(self, reason: str, detail: str, *, retryable: bool = False) -> None:
        self.reason = reason
        self.retryable = retryable
        super().__init__(detail)


class Storage(Protocol):
    """One scheme's files. Paths are what follows `scheme://`. Every method raises StorageTroubleError."""

    def files(self, folder: str) -> Iterator[RemoteFile]:
        """All files below a folder, at any depth, in any order."""

    def size(self, path: str) -> int | None:
        """Bytes of one file; None where only reading tells."""

    def open(self, path: str, size: int | None = None) -> AbstractContextManager[BinaryIO]:
        """One file from its beginning; `size` saves asking for it. Reading raises StorageTroubleError too."""

    def write(self, path: str, data: bytes) -> None:
        """Makes or replaces one file, whole or not at all."""


def attempted(action: Callable[[], Done], field: str, uri: str, *, pauses: tuple[float, ...] | None = None) -> Done:
    """What `action` returns, tried again where that may help. Raises TaskError, naming the field and the URI."""
    for pause in (*(PAUSES if pauses is None else pauses), None):
        try:
            return action()
        except StorageTroubleError as trouble:
            if trouble.retryable and pause is not None:
                time.sleep(pause)
                continue
            raise told(trouble, field, uri) from trouble
    raise AssertionError("the last attempt returns or raises")


def told(trouble: StorageTroubleError, field: str, uri: str) -> TaskError:
    """The same for whoever named `uri` in `field`."""
    return TaskError(trouble.reason, field, f"{uri!r}: {trouble}", retryable=trouble.retryable)


# What several storages have to say, in the same words.


def no_such_file(what: str = "no such file") -> StorageTroubleError:
    """Nothing there under that name."""
    return StorageTroubleError("FileNotFound", what)


def no_such_bucket(what: str = "there is no such bucket") -> StorageTroubleError:
    """Not even the place where the file should be."""
    return StorageTroubleError("BucketNotFound", what)


def denied(hint: str) -> StorageTroubleError:
    """Known, or not known, and not allowed."""
    return StorageTroubleError("AccessDenied", f"the storage refuses access; {hint}")


def no_credentials(hint: str) -> StorageTroubleError:
    """Nothing to sign a request with."""
    return StorageTroubleError("CredentialsMissing", f"the pod has no credentials for it; {hint}")


def bad_credentials(code: str, hint: str) -> StorageTroubleError:
    """Credentials that the storage doesn't take."""
    return StorageTroubleError("CredentialsRejected", f"the storage doesn't accept the credentials ({code}); {hint}")


def bad_certificate() -> StorageTroubleError:
    """Somebody answers whose identity can't be established."""
    return StorageTroubleError(
        "CertificateRejected",
        "the server's certificate can't be verified; give the pod its authority (SSL_CERT_FILE, or AWS_CA_BUNDLE for "
        "s3), or mend the certificate",
    )


def unreachable(what: str) -> StorageTroubleError:
    """No answer, which may be different in a minute."""
    return StorageTroubleError("StorageFailed", f"the storage can't be reached ({what})", retryable=True)


def answered(code: str, *, retryable: bool) -> StorageTroubleError:
    """Another answer than the file."""
    return StorageTroubleError("StorageFailed", f"the storage answered {code}", retryable=retryable)


def needs_extra(extra: str) -> StorageTroubleError:
    """The library isn't installed."""
    return StorageTroubleError(
        "ExtraMissing", f"needs the extra {extra!r}: pip install 'model-reuse-operator[{extra}]'"
    )
