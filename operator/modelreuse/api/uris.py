"""Where weights, data, code and reports may lie: URI schemes, and what a path says about its format.

The API server, the desk and the worker must judge a URI alike, so each rule stands here once, as a pattern that both
Python and CEL read, with the sentence that a person gets. A credential is never part of a URI: a check can be read by
many, a pod's environment by few.
"""

import re
from typing import Any, Final

SCHEMES: Final = ("file", "pvc", "s3", "gs", "https", "hf")
MOUNTED_SCHEMES: Final = ("file", "pvc")
"""What a pod sees as a folder of its own."""
WRITABLE_SCHEMES: Final = ("file", "pvc", "s3", "gs")

MODEL_SUFFIXES: Final = (".pt2", ".safetensors")
DATA_SUFFIXES: Final = (".npz", ".parquet")
PICKLE_SUFFIXES: Final = (".bin", ".ckpt", ".joblib", ".pickle", ".pkl", ".pt", ".pth")
"""Suffixes of files that run code when they are read."""
PICKLE_REFUSED: Final = (
    "a pickle runs code when it is read, so it is refused; convert it once, where you trust it: python -c "
    "\"import torch; from safetensors.torch import save_file; save_file(torch.load('model.bin', weights_only=True), "
    "'model.safetensors')\""
)
UNKNOWN_MODEL_FORMAT: Final = (
    f"known suffixes: {', '.join(MODEL_SUFFIXES)}; or a Hugging Face folder, with a / at its end"
)
UNKNOWN_DATA_FORMAT: Final = (
    f"known suffixes: {', '.join(DATA_SUFFIXES)}; or a folder, with a / at its end; or name a factory that reads it"
)
FOLDER_OVER_HTTPS: Final = "https:// names one file; a folder needs pvc, s3, gs or hf"

_SHAPES: Final = {
    "file": ("/.*", "an absolute path, as in file:///models/current.pt2"),
    "pvc": (
        "[a-z0-9]([-a-z0-9.]*[a-z0-9])?(/.*)?",
        "the name of a PersistentVolumeClaim, as in pvc://claim/path",
    ),
    "s3": ("[a-z0-9][-a-z0-9.]{1,61}[a-z0-9](/.*)?", "the name of a bucket, as in s3://bucket/path"),
    "gs": ("[a-z0-9][-_a-z0-9.]{1,220}[a-z0-9](/.*)?", "the name of a bucket, as in gs://bucket/path"),
    "https": (
        "[A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?(:[0-9]{1,5})?/[^?#]+",
        "a host and a path, and takes no user, query or fragment (a signed URL is a credential, and a check can be "
        "read by many), as in https://host/models/current.pt2",
    ),
    "hf": (
        "(datasets/)?[A-Za-z0-9][-A-Za-z0-9_.]*/[A-Za-z0-9][-A-Za-z0-9_.]*(@[^/]+)?(/.*)?",
        "a repository, as in hf://owner/model@revision/model.safetensors or hf://datasets/owner/name/new.parquet",
    ),
}
"""Per scheme: what follows `scheme://`, and what it needs, in words."""

_REPOSITORY: Final = "hf://(datasets/)?[^/]+/[^/]+"
"""A whole repository is a folder, with or without a slash at its end."""


def check_uri(value: str) -> str:
    """`value` itself. Raises ValueError, naming it and what would be accepted."""
    scheme, separator, rest = value.partition("://")
    if not separator or not rest:
        raise ValueError(f"{value!r} is not a URI such as pvc://claim/path or file:///path")
    if scheme not in SCHEMES:
        raise ValueError(f"{value!r}: unknown scheme {scheme!r}; known: {', '.join(SCHEMES)}")
    if ".." in rest.split("/"):
        raise ValueError(f"{value!r}: a path may not contain '..'")
    pattern, needed = _SHAPES[scheme]
    if not re.fullmatch(pattern, rest):
        raise ValueError(f"{value!r}: {scheme}:// needs {needed}")
    return value


def uri_schema() -> dict[str, Any]:
    """The same for the API server."""
    known = ", ".join(SCHEMES)
    return {
        "type": "string",
        "maxLength": 1024,
        "x-kubernetes-validations": [
            {
                "rule": f"self.matches('^({'|'.join(SCHEMES)})://.+')",
                "messageExpression": f"'unknown scheme in \"' + self + '\"; known: {known}'",
            },
            {"rule": "!self.matches('(^|/)[.][.](/|$)')", "message": "a path may not contain '..'"},
            *(
                {
                    "rule": f"!self.startsWith('{scheme}://') || self.matches('^{scheme}://{pattern}$')",
                    "message": f"{scheme}:// needs {needed}",
                }
                for scheme, (pattern, needed) in _SHAPES.items()
            ),
        ],
    }


def is_folder(uri: str) -> bool:
    """Whether `uri` names a folder rather than a file."""
    return uri.endswith("/") or re.fullmatch(_REPOSITORY, uri) is not None


def one_of_schemes(schemes: tuple[str, ...], field: str) -> str:
    """A CEL rule: the URI in `field` is of one of these schemes."""
    return " || ".join(f"{field}.startsWith('{scheme}://')" for scheme in schemes)


def suffix_rule(suffixes: tuple[str, ...]) -> str:
    """A CEL rule: `self.uri` ends with one of these."""
    return " || ".join(f"self.uri.endsWith('{suffix}')" for suffix in suffixes)


FOLDER_RULE: Final = f"self.uri.endsWith('/') || self.uri.matches('^{_REPOSITORY}$')"
"""A CEL rule: `self.uri` names a folder."""
