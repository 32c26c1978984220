"""The dependencies of an image as uv.lock has them: exact versions, with hashes."""

import os
import shutil
import subprocess
from pathlib import Path

from images.definitions import CHECKOUT, Image
from images.errors import ImagesError

_INSTEAD = "run `make setup`, which installs it into build/uv"


def find_uv() -> Path:
    """The uv that `make setup` installed, or one on PATH."""
    for candidate in (CHECKOUT / "build" / "uv" / "bin" / "uv", shutil.which("uv")):
        if candidate and Path(candidate).is_file():
            return Path(candidate)
    raise ImagesError(f"uv not found; {_INSTEAD}")


def uv_cache(uv: Path) -> Path:
    """Where this user's uv keeps what it downloaded; shared with builds, so that torch is downloaded once."""
    return Path(_output([str(uv), "cache", "dir"]).strip())


def exported(image: Image, uv: Path, *, own_torch: bool) -> str:
    """The text of a requirements file. own_torch: torch comes from an index of its own and is left out here."""
    fixed = ["--frozen", "--no-dev", "--no-emit-project", "--no-header", "--no-annotate", "--quiet"]
    prune = ["--prune", "torch"] if own_torch else []
    return _output([str(uv), "export", *fixed, "--project", str(CHECKOUT), *image.export, *prune])


def _output(command: list[str]) -> str:
    # VIRTUAL_ENV and friends are the caller's business, not the export's.
    environment = {key: value for key, value in os.environ.items() if key != "VIRTUAL_ENV"}
    result = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if result.returncode != 0:
        raise ImagesError(f"{' '.join(command[:2])} failed: {result.stderr.strip()}")
    return result.stdout
