"""`pvc://claim/path`: a file in a PersistentVolumeClaim, which is a folder here.

Whoever fills a claim is not whoever runs the worker: a link in it must not lead to the worker's own files.
"""

from pathlib import Path, PurePosixPath

from modelreuse.worker.places import Places


def claim_path(rest: str, places: Places) -> Path:
    """The path in the claim's folder, links followed. Raises ValueError where it would leave that folder."""
    claim, _, inside = rest.partition("/")
    relative = PurePosixPath(inside)
    if claim in {"", ".", ".."} or relative.is_absolute() or ".." in relative.parts:
        raise ValueError("the path may not leave the claim")
    root = places.claim(claim).resolve()
    path = (root / relative).resolve()
    if not path.is_relative_to(root):
        raise ValueError("the path leads out of the claim by a link; copy the file into the claim instead")
    return path
