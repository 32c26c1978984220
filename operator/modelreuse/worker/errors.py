"""What can go wrong with a task, in the form in which a person reads it.

Every sentence begins with the field of the check that can mend it. Nothing here knows how a sentence reaches its
reader, and no sentence holds values of the data or paths of ours.
"""

import errno
import logging

from modelreuse.api import FieldError
from modelreuse.api.types import MAX_TEXT
from modelreuse.worker.wording import one_line

MAX_FIELD = 128

REASONS = {
    "AccessDenied": "the storage knows who asks, or doesn't, and refuses",
    "ActivationsNotFinite": "the model computes NaN or infinity",
    "AddressForbidden": "an https:// host with an address that pods must not reach",
    "ArchiveDamaged": "a .npz, .pt2 or .parquet file is cut off, damaged, or of another format",
    "ArchiveTooLarge": "an archive unpacks to more than is read",
    "ArrayMissing": "an array that the check names is not in the file",
    "ArtifactMismatch": "the new model's bytes aren't those that the training reported",
    "BadTask": "the task itself can't be read: worker and operator don't fit each other",
    "BucketNotFound": "no such bucket or repository",
    "CertificateRejected": "a TLS certificate that can't be verified",
    "ClassesDiffer": "folders of images whose classes would get other numbers than the reference's",
    "CodeChanged": "the folder of code holds other files than those that were assessed",
    "CodeFailed": "the user's own function, or its import, raised an exception",
    "CodeNotFound": "there is no such module or function",
    "CodeTooLarge": "a folder of code with more files or bytes than are read",
    "CredentialsMissing": "the pod has no credentials for the storage",
    "CredentialsRejected": "the storage doesn't accept the pod's credentials",
    "DataChanged": "the content changed while it was read; may heal",
    "EmptyData": "a data set without samples",
    "EvaluationMissing": "a verification without evaluation data",
    "ExtraMissing": "a library that this scheme or format needs isn't installed",
    "FactoryMissing": "a .safetensors file without a factory",
    "FileNotFound": "no such file",
    "FileTooLarge": "a file larger than what is read",
    "HeadNotFound": "no layer's output is the model's output",
    "ImageDamaged": "an image that can't be decoded",
    "ImageTooLarge": "an image of more pixels than are decoded",
    "InputsChanged": "a retraining would read other bytes than those that were assessed and approved",
    "InputsNotFinite": "the data hold NaN or infinity, or do so as float32",
    "InputsRejected": "the model's forward pass fails on the data",
    "InternalError": "a defect of the worker's own",
    "LabelsMissing": "labels are needed and not named",
    "LabelsNotIntegers": "labels that aren't whole numbers",
    "LabelsOutOfRange": "a label that is no output of the model",
    "LengthsDiffer": "arrays with different numbers of rows",
    "ModelNotReadable": "this PyTorch can't load the model",
    "NeedsPickle": "weights or arrays that would have to be unpickled",
    "NotAFile": "a folder, pipe or device where a file should be",
    "NotAFolder": "a file, or nothing, where a folder should be",
    "NotAModule": "the factory returned something else than a torch module",
    "NotCallable": "the name of the user's function is that of something else",
    "NotReadable": "the file's mode forbids reading it",
    "NotWritable": "a place that can only be read",
    "OneClass": "all samples of one class, or a model with one output",
    "OutOfMemory": "memory ran out; may heal",
    "PathEscapes": "a path or link that leads out of its claim",
    "RedirectRefused": "an https:// server that points elsewhere than an https:// URL",
    "RowGroupDamaged": "a row group of a .parquet file that can't be read",
    "ScratchFull": "downloads that don't fit the pod's scratch volume",
    "ShardLost": "another process of the same assessment went away or never came; may heal",
    "StorageFailed": "the storage answered with an I/O error; may heal where that is its nature",
    "TooManyFiles": "a folder with more files than are read",
    "UnknownFormat": "a model file with an unknown suffix",
    "UnknownLayer": "the model has no layer of that name, or it doesn't run",
    "UnknownScheme": "a URI with an unknown scheme",
    "UnsafeProgram": "a .pt2 program that could reach outside its tensors",
    "ValuesMissing": "a column with nulls",
    "WeightsDamaged": "a .safetensors file is cut off or damaged",
    "WeightsMismatch": "the weights don't fit the factory's module",
    "WrongBatch": "a data factory yielded something else than dicts of arrays with one row per sample",
    "WrongShape": "an array or output of another shape than wanted",
    "WrongTransform": "the transform returned something else than a tensor of one row per sample",
    "WrongType": "an array of text, dates, complex or structured values",
}
"""Every reason with which a task can end, and what it means. (Scores bring their own under the same names.)"""

_TRANSIENT = frozenset(
    {errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.EAGAIN, errno.EINTR, errno.ENOMEM, errno.EBUSY, errno.ECONNRESET,
     errno.EHOSTDOWN, errno.EHOSTUNREACH, errno.ENETDOWN, errno.ENETUNREACH, errno.EREMOTEIO, errno.ENOTCONN}
)  # fmt: skip
"""What a mounted file system says when it may answer later. A missing file isn't among them: mounts come before us."""

_log = logging.getLogger(__name__)


class TaskError(Exception):
    """A task that can't be done. `str()` is the sentence, and begins with the field.

    reason: CamelCase code. field: as in `spec.data.new.uri`. retryable: whether doing the same again may succeed.
    """

    def __init__(self, reason: str, field: str, detail: str, *, retryable: bool = False) -> None:
        self.reason = reason
        self.field = field[:MAX_FIELD]
        self.retryable = retryable
        super().__init__(one_line(f"{self.field}: {detail}", MAX_TEXT))

    def as_field_error(self) -> FieldError:
        """The same for the summary."""
        return FieldError(reason=self.reason, field=self.field, message=str(self), retryable=self.retryable)


def storage_error(error: OSError, field: str, uri: str) -> TaskError:
    """What an error of the file system means for whoever named `uri` in `field`."""
    name = repr(uri)
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return TaskError("FileNotFound", field, f"{name}: no such file")
    if isinstance(error, IsADirectoryError):
        return TaskError("NotAFile", field, f"{name}: is a folder; give a file")
    if isinstance(error, PermissionError):
        return TaskError("NotReadable", field, f"{name}: may not be read by the worker's user; check the file's mode")
    what = errno.errorcode.get(error.errno or 0, "an I/O error")
    retryable = error.errno in _TRANSIENT
    return TaskError("StorageFailed", field, f"{name}: the storage answered {what}", retryable=retryable)


def from_unexpected(error: BaseException, field: str) -> TaskError:
    """What an error that nobody planned for becomes: memory may be free another time, the rest is a defect.

    The traceback goes to the log only: it may hold values of the data.
    """
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return TaskError(
            "OutOfMemory", field, "memory ran out; lower batchSize, or give the worker more memory", retryable=True
        )
    _log.error("unexpected error", exc_info=error)
    return TaskError(
        "InternalError", field, f"the worker failed unexpectedly ({type(error).__name__}); its log holds the details"
    )
