"""Builds the cluster's binaries into a cache that every clone shares.

A folder of the cache is named by everything that its content depends on, is filled under a temporary name and renamed
when complete: whoever finds it can use it, and an interrupted build is only lost time. Go's own build cache makes the
next attempt continue where this one stopped.
"""

import hashlib
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from localcluster.components import Component, Level, components_of
from localcluster.errors import ClusterError
from localcluster.locks import exclusive
from localcluster.paths import cache
from localcluster.requirements import Changes, changes_for, check_machine, go_command, go_environment, go_for

_PROGRESS_SECONDS = 15


def arguments(component: Component) -> list[str]:
    """The flags of `go build` for a component, beyond where the result goes."""
    tags = [f"-tags={component.tags}"] if component.tags else []
    return [
        "-trimpath",
        "-buildvcs=false",
        "-mod=readonly",
        *tags,
        f"-ldflags={' '.join(('-s', '-w', *component.linker))}",
    ]


def cache_key(component: Component, sources: dict[str, bytes], toolchain: str) -> str:
    """SHA-256 over whatever changes the binaries: the module's files, the flags, the packages, the Go version."""
    digest = hashlib.sha256()
    for name in sorted(sources):
        digest.update(f"{name} {len(sources[name])}\n".encode())
        digest.update(sources[name])
    settings = [
        *arguments(component),
        f"cgo={component.cgo}",
        *(f"{k}={v}" for k, v in sorted(component.packages.items())),
        toolchain,
    ]
    digest.update("\n".join(settings).encode())
    return digest.hexdigest()


def ensure(level: Level) -> Path:
    """Install what is missing, build what isn't cached, and return a folder with all binaries of the level.

    The folder holds links, so that `PATH` needs one entry whatever the number of components.
    """
    check_machine()
    changes: Changes = changes_for(level)
    changes.make()
    go = go_command(level)
    toolchain = _toolchain(go)
    built = [(component, _ensure_component(component, go, toolchain)) for component in components_of(level)]
    return _linked(built)


def ensure_tool(component: Component) -> Path:
    """Build a tool that is no part of a cluster unless it is cached; the folder with its binaries."""
    go = go_for([component])
    return _ensure_component(component, go, _toolchain(go))


def _toolchain(go: Path) -> str:
    command = [str(go), "version"]
    return subprocess.run(command, capture_output=True, text=True, check=True, env=go_environment()).stdout.strip()


def _sources(component: Component) -> dict[str, bytes]:
    files = (path for path in component.folder.iterdir() if path.suffix in {".mod", ".sum", ".go"})
    return {path.name: path.read_bytes() for path in files}


def _ensure_component(component: Component, go: Path, toolchain: str) -> Path:
    target = cache() / "bin" / cache_key(component, _sources(component), toolchain)
    if target.is_dir():
        return target
    with exclusive(target.with_suffix(".lock"), waiting_for=f"another build of {component.name}"):
        if not target.is_dir():
            _build(component, go, target)
    return target


def _build(component: Component, go: Path, target: Path) -> None:
    for abandoned in target.parent.glob(f"{target.name}.partial-*"):  # the lock is ours, so nobody is filling it
        shutil.rmtree(abandoned)
    partial = Path(tempfile.mkdtemp(prefix=f"{target.name}.partial-", dir=target.parent))
    output = f"{partial}/" if len(component.packages) > 1 else str(partial / next(iter(component.packages)))
    command = ["nice", str(go), "build", "-v", *arguments(component), "-o", output, *component.packages.values()]
    environment = {**go_environment(), "CGO_ENABLED": "1" if component.cgo else "0"}
    log = target.with_suffix(".log")
    started = time.monotonic()
    print(f"building {component.name} ({', '.join(component.packages)})", flush=True)
    with log.open("wb") as stream:
        process = subprocess.Popen(
            command,
            cwd=component.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
        try:
            _report_until_finished(process, component, log, started)
        except BaseException:
            process.terminate()
            raise
    if process.returncode != 0:
        shutil.rmtree(partial)
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
        raise ClusterError(f"building {component.name} failed (whole log: {log}):\n{tail}")
    if missing := [name for name in component.packages if not (partial / name).is_file()]:
        raise ClusterError(f"building {component.name} made no {', '.join(missing)} in {partial}")
    partial.rename(target)
    print(f"built {component.name} in {elapsed(time.monotonic() - started)}", flush=True)


def _report_until_finished(process: subprocess.Popen[bytes], component: Component, log: Path, started: float) -> None:
    while True:
        try:
            process.wait(timeout=_PROGRESS_SECONDS)
        except subprocess.TimeoutExpired:
            steps = log.read_bytes().count(b"\n")
            print(
                f"building {component.name}: {elapsed(time.monotonic() - started)}, {steps} packages so far", flush=True
            )
        else:
            return


def elapsed(seconds: float) -> str:
    """Seconds as a person reads them: `42 s`, `3 min 05 s`."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


def _linked(built: Sequence[tuple[Component, Path]]) -> Path:
    """A folder of links to exactly these binaries, named by them; made whole or not at all."""
    links = {name: folder / name for component, folder in built for name in component.packages}
    key = hashlib.sha256("\n".join(f"{name} {path}" for name, path in sorted(links.items())).encode()).hexdigest()
    target = cache() / "bin" / f"links-{key[:16]}"
    if target.is_dir():
        return target
    partial = Path(tempfile.mkdtemp(prefix="links.partial-", dir=target.parent))
    for name, path in links.items():
        (partial / name).symlink_to(path)
    partial.chmod(0o755)
    try:
        partial.rename(target)
    except OSError:  # somebody made the same folder in the meantime
        if not target.is_dir():
            raise
        shutil.rmtree(partial)
    return target
