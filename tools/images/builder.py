"""Carries out Containerfiles with buildah, in a storage of our own, and keeps the results as an OCI layout."""

import json
import os
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from images import progress
from images.definitions import Inputs
from images.layout import Layout, stale_names

_BASE_REPOSITORY = "localhost/model-reuse-operator/base"
_SUITE = "bookworm"
_BASE_PACKAGES = ("ca-certificates", "libpython3-stdlib", "libstdc++6", "python3-minimal")
_LEFT_OUT = ("/usr/share/doc/*", "/usr/share/info/*", "/usr/share/locale/*", "/usr/share/man/*")
_BASE_EDITION = "1"
# The storage library mounts its own folder, and a build that is killed leaves its root mounted: in a mount namespace
# of the command's own, both end with it.
_ALONE = ("unshare", "--mount", "--propagation", "private")


@dataclass(frozen=True)
class Builder:
    """buildah with its storage below `store`."""

    store: Path

    @property
    def layout(self) -> Layout:
        """The finished images."""
        return Layout(self.store / "layout")

    @property
    def base_name(self) -> str:
        """The base image for machines without a registry: Debian with Python, no more."""
        return f"{_BASE_REPOSITORY}:{_SUITE}-{_BASE_EDITION}"

    def build_base(self) -> None:
        """Make the base image unless it is there."""
        if self._has(self.base_name):
            return
        root = self.store / "base.tar"
        excluded = [f"--dpkgopt=path-exclude={pattern}" for pattern in _LEFT_OUT]
        debian = ["--variant=essential", f"--include={','.join(_BASE_PACKAGES)}", *excluded, _SUITE, str(root)]
        progress.run("base: Debian with Python", ["mmdebstrap", *debian], self._log("base"))
        containerfile = self.store / "base.Containerfile"
        containerfile.write_text("FROM scratch\nADD base.tar /\n")
        building = ["build", *self._policy(), "--isolation", "chroot", "--tag", self.base_name]
        command = self._buildah(*building, "--file", str(containerfile), str(self.store))
        progress.run("base: image", command, self._log("base-image"))
        root.unlink()

    def build(self, inputs: Inputs, uv: Path, uv_cache: Path) -> None:
        """Build one image and put it into the layout."""
        name = inputs.image.name
        with tempfile.TemporaryDirectory(prefix=f"{name}-", dir=self.store) as folder:
            inputs.lay_out(Path(folder))
            mounts = {str(uv): "/usr/local/bin/uv:ro", str(uv_cache): "/var/cache/uv"}
            arguments = {**inputs.arguments, "BASE": inputs.base}
            if authorities := os.environ.get("SSL_CERT_FILE"):
                mounts[authorities] = "/run/authorities.crt:ro"
                arguments["SSL_CERT_FILE"] = "/run/authorities.crt"
            command = self._buildah(
                *("build", *self._policy(), "--isolation", "chroot", "--network", "host", "--layers"),
                *(part for source, target in mounts.items() for part in ("--volume", f"{source}:{target}")),
                *(part for key, value in arguments.items() for part in ("--build-arg", f"{key}={value}")),
                *("--file", str(Path(folder) / inputs.image.containerfile), "--tag", inputs.full_name, folder),
            )
            progress.run(f"{name}: building {inputs.full_name}", command, self._log(name))
        self.layout.prepare()
        # Uncompressed, so that a layer that is there already is recognised, and no time goes into compression.
        places = f"[overlay@{self.store / 'storage'}+{self.store / 'run'}]"
        copying = [
            "copy",
            "--quiet",
            "--dest-oci-accept-uncompressed-layers",
            f"containers-storage:{places}{inputs.full_name}",
        ]
        command = [
            *_ALONE,
            "skopeo",
            *self._policy("--policy"),
            *copying,
            f"oci:{self.layout.folder}:{inputs.full_name}",
        ]
        progress.run(f"{name}: storing", command, self._log(f"{name}-store"))

    def push(self, name: str, target: str, *, insecure: bool) -> None:
        """Push a built image to a registry, compressed."""
        pushing = ["push", *self._policy(), f"--tls-verify={str(not insecure).lower()}", name, f"docker://{target}"]
        progress.run(f"pushing {target}", self._buildah(*pushing), self._log("push"))

    def archive(self, name: str, file: Path) -> None:
        """Write a built image as one file, as `kind load image-archive` takes it."""
        file.parent.mkdir(parents=True, exist_ok=True)
        file.unlink(missing_ok=True)
        pushing = ["push", *self._policy(), name, f"docker-archive:{file}:{name}"]
        progress.run(f"writing {file.name}", self._buildah(*pushing), self._log("archive"))

    def forget_all_but(self, names: Mapping[str, str]) -> None:
        """Drop older builds of these repositories. names: the full name to keep, by image."""
        self.layout.keep(names.values())
        # By what the storage holds: a build that was cut off never came into the layout.
        for stale in stale_names(self._stored(), set(names.values())):
            progress.run(f"dropping {stale}", self._buildah("rmi", "--force", stale), self._log("drop"), tell=_quietly)

    def _stored(self) -> list[str]:
        """Names of all images in the storage."""
        listing = subprocess.run(self._buildah("images", "--json"), capture_output=True, text=True, check=False)
        images = json.loads(listing.stdout or "[]") if listing.returncode == 0 else []
        return [name for image in images for name in image.get("names") or []]

    def _has(self, name: str) -> bool:
        return (
            subprocess.run(
                self._buildah("inspect", "--type", "image", name), capture_output=True, check=False
            ).returncode
            == 0
        )

    def _buildah(self, *arguments: str) -> list[str]:
        places = [
            "--storage-driver",
            "overlay",
            "--root",
            str(self.store / "storage"),
            "--runroot",
            str(self.store / "run"),
        ]
        return [*_ALONE, "buildah", *places, *arguments]

    def _policy(self, option: str = "--signature-policy") -> list[str]:
        """Buildah and skopeo want a signature policy; Debian ships it in a package that we don't need otherwise."""
        file = self.store / "policy.json"
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps({"default": [{"type": "insecureAcceptAnything"}]}) + "\n")
        return [option, str(file)]

    def _log(self, name: str) -> Path:
        return self.store / "logs" / f"{name}.log"


def _quietly(_: str) -> None: ...
