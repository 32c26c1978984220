"""What building takes on this machine: three Debian packages, root, and a folder in the user's cache."""

import subprocess
from pathlib import Path

from localcluster.paths import cache
from localcluster.requirements import Changes, check_machine, missing_packages

PACKAGES = ("buildah", "mmdebstrap", "skopeo")


def prepare() -> None:
    """Install what is missing, after listing it. Raises ClusterError or UnsuitableMachineError."""
    check_machine()
    command = ["dpkg-query", "--show", "--showformat", "${Package} ${Status}\n"]
    status = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    Changes(missing_packages(PACKAGES, status), install_go=False).make()


def store() -> Path:
    """The folder for everything that is built; every clone of this user shares it."""
    return cache() / "images"
