"""Packs files into an OCI image archive, for the sandbox image and for tests: no builder, no base image, the same
bytes every time.
"""

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_IMAGE = "application/vnd.oci.image"
NAME_ANNOTATION = "io.containerd.image.name"
"""By this annotation containerd knows an image's full name."""
TAG_ANNOTATION = "org.opencontainers.image.ref.name"


def write(archive: Path, name: str, files: Mapping[str, bytes], entrypoint: Sequence[str]) -> None:
    """Write an image of one layer with these executable files; `name` is full, e.g. `localhost/pause:1`."""
    layer = _tar(dict(files), mode=0o755)
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Entrypoint": list(entrypoint), "User": "65534:65534"},
        "rootfs": {"type": "layers", "diff_ids": [_digest(layer)]},
    }
    blobs = {_digest(layer): layer}

    def stored(document: dict[str, Any]) -> tuple[str, int]:
        content = json.dumps(document, sort_keys=True).encode()
        blobs[_digest(content)] = content
        return _digest(content), len(content)

    config_digest, config_size = stored(config)
    manifest = {
        "schemaVersion": 2,
        "mediaType": f"{_IMAGE}.manifest.v1+json",
        "config": {"mediaType": f"{_IMAGE}.config.v1+json", "digest": config_digest, "size": config_size},
        "layers": [{"mediaType": f"{_IMAGE}.layer.v1.tar", "digest": _digest(layer), "size": len(layer)}],
    }
    manifest_digest, manifest_size = stored(manifest)
    entry = {
        "mediaType": f"{_IMAGE}.manifest.v1+json",
        "digest": manifest_digest,
        "size": manifest_size,
        "annotations": {NAME_ANNOTATION: name, TAG_ANNOTATION: name},
        "platform": {"architecture": "amd64", "os": "linux"},
    }
    members = {"oci-layout": json.dumps({"imageLayoutVersion": "1.0.0"}).encode()}
    members["index.json"] = json.dumps({"schemaVersion": 2, "manifests": [entry]}, sort_keys=True).encode()
    members |= {f"blobs/{digest.replace(':', '/')}": content for digest, content in blobs.items()}
    archive.parent.mkdir(parents=True, exist_ok=True)
    partial = archive.with_name(f".{archive.name}.partial")
    partial.write_bytes(_tar(members, mode=0o644))
    partial.replace(archive)


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _tar(files: dict[str, bytes], *, mode: int) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, content in sorted(files.items()):
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), mode
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()
