"""An OCI image layout on disk: its images, the blobs they need, and archives that leave known blobs out."""

import io
import json
import shutil
import tarfile
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

_BLOCK = 1 << 20
_NAME = "org.opencontainers.image.ref.name"
_CONTAINERD_NAME = "io.containerd.image.name"


@dataclass(frozen=True)
class Layout:
    """One folder for all images, so that they share their base layer."""

    folder: Path

    def prepare(self) -> None:
        """Make the folder."""
        self.folder.mkdir(parents=True, exist_ok=True)

    def manifests(self) -> dict[str, str]:
        """Digest of each image's manifest, by the image's name."""
        return {
            entry["annotations"][_NAME]: entry["digest"]
            for entry in self._entries()
            if _NAME in entry.get("annotations", {})
        }

    def blobs(self, name: str) -> list[str]:
        """Digests of everything that the image needs, its manifest last."""
        digest = self.manifests()[name]
        manifest = json.loads(self._blob(digest).read_text())
        return [*(layer["digest"] for layer in manifest["layers"]), manifest["config"]["digest"], digest]

    def size(self, digests: Iterable[str]) -> int:
        """Bytes of these blobs together."""
        return sum(self._blob(digest).stat().st_size for digest in digests)

    def keep(self, names: Iterable[str]) -> None:
        """Drop other images of the same repositories, and the blobs that nothing needs any more."""
        stale = stale_names(self.manifests(), set(names))
        if stale:
            entries = [entry for entry in self._entries() if entry.get("annotations", {}).get(_NAME) not in stale]
            self._write_index(entries)
        needed = {digest for name in self.manifests() for digest in self.blobs(name)}
        for blob in (self.folder / "blobs" / "sha256").glob("*"):
            if f"sha256:{blob.name}" not in needed:
                blob.unlink()

    def write_archive(self, name: str, stream: IO[bytes], without: Collection[str]) -> None:
        """An OCI archive of one image that lacks the blobs in `without`, for a receiver that has them."""
        entry = next(entry for entry in self._entries() if entry.get("annotations", {}).get(_NAME) == name)
        annotations = {**entry["annotations"], _CONTAINERD_NAME: name}
        index = {"schemaVersion": 2, "manifests": [{**entry, "annotations": annotations}]}
        with tarfile.open(fileobj=stream, mode="w|", bufsize=_BLOCK) as archive:
            _add(archive, "oci-layout", (self.folder / "oci-layout").read_bytes())
            _add(archive, "index.json", json.dumps(index).encode())
            for digest in self.blobs(name):
                if digest not in without:
                    archive.add(self._blob(digest), f"blobs/{digest.replace(':', '/')}", recursive=False)

    def remove(self) -> None:
        """Forget everything."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _entries(self) -> list[dict[str, Any]]:
        index = self.folder / "index.json"
        entries: list[dict[str, Any]] = json.loads(index.read_text())["manifests"] if index.exists() else []
        return entries

    def _write_index(self, entries: list[dict[str, Any]]) -> None:
        index = self.folder / "index.json"
        document = {**json.loads(index.read_text()), "manifests": entries}
        partial = index.with_name(".index.json.partial")
        partial.write_text(json.dumps(document))
        partial.replace(index)

    def _blob(self, digest: str) -> Path:
        return self.folder / "blobs" / digest.replace(":", "/")


def stale_names(stored: Iterable[str], kept: Collection[str]) -> list[str]:
    """Other builds of the same repositories as those that are kept."""
    repositories = {name.rpartition(":")[0] for name in kept}
    return sorted(name for name in stored if name not in kept and name.rpartition(":")[0] in repositories)


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(content), 0o644
    archive.addfile(member, io.BytesIO(content))
