"""`file:///absolute/path`: a file of this machine, or of the pod's image."""

from pathlib import Path

from modelreuse.worker.places import Places


def file_path(rest: str, places: Places) -> Path:  # noqa: ARG001 - the table's signature
    """The path itself. Raises ValueError unless it is absolute and free of `..`."""
    path = Path(rest)
    if not path.is_absolute() or ".." in path.parts:
        raise ValueError("file:// needs an absolute path without '..', as in file:///models/current.pt2")
    return path
