"""Images for the node: what an archive holds, what the node has already, and the sandbox image that every pod needs.

There is no registry: a pod finds only what was imported, by exactly the name that `import_archives` returns.
"""

import hashlib
import json
import subprocess
import tarfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any, Protocol

from localcluster import oci_archive
from localcluster.errors import ClusterError
from localcluster.kubeconfig import write_private
from localcluster.paths import ClusterPaths

SANDBOX_IMAGE = "localhost/modelreuse/pause:1"
_CTR = ["ctr", "--namespace", "k8s.io", "images"]


class ImageHolder(Protocol):
    """The part of a node that images need."""

    @property
    def paths(self) -> ClusterPaths:
        """The cluster's files."""
        ...

    @property
    def bin_folder(self) -> Path:
        """The cluster's binaries."""
        ...

    def run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        """Run one of our binaries inside the node."""
        ...

    def feed(self, command: list[str], write: Callable[[IO[bytes]], None]) -> subprocess.CompletedProcess[str]:
        """Run one of our binaries inside the node on what is written."""
        ...


def import_sandbox(node: ImageHolder) -> None:
    """Pack and import the image that holds a pod's namespaces."""
    archive = node.paths.folder / "pause.tar"
    pause = (node.bin_folder / "pause").read_bytes()
    oci_archive.write(archive, SANDBOX_IMAGE, {"pause": pause}, ["/pause"])
    import_archives(node, [archive])


def import_archives(node: ImageHolder, archives: Sequence[Path]) -> list[str]:
    """Import what the node doesn't have yet, and return the names of all images in the archives."""
    record = node.paths.image_store / "imported.json"
    imported: dict[str, str] = json.loads(record.read_text()) if record.exists() else {}
    names = []
    for archive in archives:
        contained, identity = inspect(archive)
        names += contained
        present = set(_ctr(node, "list", "--quiet").split())
        if all(name in present and imported.get(name) == identity for name in contained):
            continue
        started = time.monotonic()
        print(f"importing {', '.join(contained)} ({archive.stat().st_size / 1e6:.0f} MB)", flush=True)
        _ctr(node, "import", str(archive.resolve()))
        imported |= dict.fromkeys(contained, identity)
        write_private(record, json.dumps(imported, indent=1) + "\n")
        print(f"imported {', '.join(contained)} in {time.monotonic() - started:.0f} s", flush=True)
    return names


def import_stream(node: ImageHolder, write: Callable[[IO[bytes]], None]) -> None:
    """Import an OCI archive while it is written: gigabytes need not lie on the disk once more. Raises ClusterError."""
    _checked(node.feed([*_CTR, "import", "-"], write), "import")


def inspect(archive: Path) -> tuple[list[str], str]:
    """The full names of the images in an archive, and a digest that changes whenever any of them does."""
    try:
        with tarfile.open(archive) as tar:
            index_name = next((name for name in ("index.json", "manifest.json") if name in _top_level(tar)), None)
            if index_name is None:
                raise ClusterError(
                    f"{archive}: neither an OCI nor a Docker image archive (no index.json, no manifest.json)"
                )
            file = tar.extractfile(index_name)
            content = file.read() if file else b""
    except (OSError, tarfile.TarError) as error:
        raise ClusterError(f"{archive}: {error}") from error
    names = names_in(index_name, json.loads(content))
    for name in names:
        if not is_full_name(name):
            raise ClusterError(
                f'{archive}: image name "{name}" lacks host or tag; expected one like localhost/modelreuse/worker:dev'
            )
    if not names:
        raise ClusterError(f"{archive}: no image in it has a name; expected one like localhost/modelreuse/worker:dev")
    return names, hashlib.sha256(content).hexdigest()


def names_in(index_name: str, index: Any) -> list[str]:
    """The names that an archive's index gives its images: of an OCI archive (index.json) or a Docker archive
    (manifest.json).
    """
    if index_name == "manifest.json":
        return [tag for image in index for tag in image.get("RepoTags") or []]
    annotations = [manifest.get("annotations", {}) for manifest in index["manifests"]]
    names = [each.get(oci_archive.NAME_ANNOTATION) or each.get(oci_archive.TAG_ANNOTATION) for each in annotations]
    return [name for name in names if name]


def is_full_name(name: str) -> bool:
    """Whether a kubelet looks an image up by this very name: with a host and a tag."""
    host, slash, rest = name.partition("/")
    return bool(slash) and (host == "localhost" or "." in host or ":" in host) and (":" in rest or "@" in rest)


def _top_level(tar: tarfile.TarFile) -> set[str]:
    return {member.name for member in tar if "/" not in member.name}


def _ctr(node: ImageHolder, *arguments: str) -> str:
    return _checked(node.run([*_CTR, *arguments]), arguments[0])


def _checked(result: subprocess.CompletedProcess[str], verb: str) -> str:
    if result.returncode != 0:
        raise ClusterError(f"ctr images {verb} failed: {result.stderr.strip() or result.stdout.strip()}")
    return result.stdout
