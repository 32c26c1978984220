"""The images, and the hash of everything that goes into one: same hash, same image, nothing to do."""

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

CHECKOUT: Final = Path(__file__).resolve().parent.parent.parent
REPOSITORY: Final = "localhost/model-reuse-operator"
_TAG_DIGITS: Final = 12


@dataclass(frozen=True)
class Image:
    """One image.

    sources: patterns of the files that go into it, relative to the checkout. export: what its `uv export` takes beyond
    the project's own dependencies.
    """

    name: str
    sources: tuple[str, ...]
    export: tuple[str, ...] = ()

    @property
    def containerfile(self) -> Path:
        """Relative to the checkout."""
        return Path("images") / self.name / "Containerfile"

    @property
    def requirements(self) -> Path:
        """Where the Containerfile expects the exported dependencies, relative to the checkout."""
        return Path("build/images") / f"{self.name}.txt"


_CODE: Final = "operator/modelreuse/**/*"
_GATE: Final = "charts/model-reuse-operator/templates/admission-*.yaml"
OPERATOR: Final = Image("operator", (_CODE, _GATE))
_WORKER_EXTRAS: Final = ("worker", "parquet", "images", "transformers", "s3", "gcs", "hf")
WORKER: Final = Image(
    "worker", (_CODE,), (*(part for name in _WORKER_EXTRAS for part in ("--extra", name)), "--prune", "triton")
)
IMAGES: Final = (OPERATOR, WORKER)


@dataclass(frozen=True)
class Inputs:
    """Everything that an image is made of, read once: somebody may be editing the checkout while it is built.

    base: the base image's name; its tag is a content hash, or its owner's promise. arguments: build arguments. files:
    what the Containerfile finds in its context, by path relative to the checkout.
    """

    image: Image
    base: str
    arguments: Mapping[str, str]
    files: Mapping[Path, bytes]

    @staticmethod
    def read(image: Image, base: str, requirements: str, arguments: Mapping[str, str], checkout: Path) -> "Inputs":
        """The inputs as they are now."""
        files = {file: (checkout / file).read_bytes() for file in [image.containerfile, *_sources(image, checkout)]}
        return Inputs(image, base, arguments, {**files, image.requirements: requirements.encode()})

    @property
    def full_name(self) -> str:
        """The image's name with a tag that says what is in it."""
        return f"{REPOSITORY}/{self.image.name}:{self.content_hash()[:_TAG_DIGITS]}"

    def content_hash(self) -> str:
        """SHA-256 over names and bytes of all inputs."""
        digest = hashlib.sha256()
        for name, content in self._parts():
            digest.update(f"{name}\0{len(content)}\0".encode())
            digest.update(content)
        return digest.hexdigest()

    def lay_out(self, folder: Path) -> None:
        """Write a build context of exactly these files, the same to the byte whenever it is done."""
        for file, content in self.files.items():
            target = folder / file
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            target.chmod(0o644)
        for path in [*folder.rglob("*")]:
            os.utime(path, (0, 0))

    def _parts(self) -> Iterator[tuple[str, bytes]]:
        yield "base", self.base.encode()
        for key, value in sorted(self.arguments.items()):
            yield f"argument {key}", value.encode()
        for file, content in sorted(self.files.items()):
            yield file.as_posix(), content


def _sources(image: Image, checkout: Path) -> list[Path]:
    found = (path for pattern in image.sources for path in checkout.glob(pattern))
    return [path.relative_to(checkout) for path in found if path.is_file() and "__pycache__" not in path.parts]
