"""The command line: `python3 -m localcluster COMMAND`. It parses, calls, and turns errors into exit statuses; nothing
else.
"""

import argparse
import os
import sys
from pathlib import Path

from localcluster import build
from localcluster.cluster import Cluster
from localcluster.components import Level
from localcluster.errors import ClusterError, UnsuitableMachineError


def parser() -> argparse.ArgumentParser:
    """The command line's grammar."""
    top = argparse.ArgumentParser(
        prog="localcluster", description="A real Kubernetes cluster on one bare Linux machine."
    )
    commands = top.add_subparsers(dest="command", required=True)
    levels = [level.value for level in Level]

    making = commands.add_parser("build", help="install what is missing and build the binaries of a level")
    making.add_argument("--level", choices=levels, required=True)

    up = commands.add_parser("up", help="bring a cluster up; builds what isn't built")
    up.add_argument("--name", required=True)
    up.add_argument("--level", choices=levels, default=Level.CONTROL_PLANE.value)
    up.add_argument("--audit", action="store_true", help="write an audit log")

    down = commands.add_parser("down", help="remove a cluster and every trace of it")
    which = down.add_mutually_exclusive_group(required=True)
    which.add_argument("--name")
    which.add_argument("--all", action="store_true", help="all clusters of this checkout")
    down.add_argument("--images", action="store_true", help="also remove the images that its node imported")

    status = commands.add_parser("status", help="say what runs; exits 1 if a cluster isn't complete")
    status.add_argument("--name")

    config = commands.add_parser("kubeconfig", help="print the path of a user's kubeconfig")
    config.add_argument("--name", required=True)
    config.add_argument("--user", required=True, help="`admin` may do everything")
    config.add_argument("--group", action="append", default=[])

    importing = commands.add_parser("image-import", help="give the node images from archives; prints their names")
    importing.add_argument("--name", required=True)
    importing.add_argument("archives", nargs="+", type=Path, metavar="FILE.tar")
    return top


def status(clusters: list[Cluster]) -> int:
    """Print one block per cluster; 0 if each is complete."""
    complete = True
    for cluster in clusters:
        description = cluster.description
        if description is None:
            print(f"{cluster.paths.name}: not up")
            complete = False
            continue
        ready = cluster.is_complete(description)
        complete = complete and ready
        verdict = "ready" if ready else "not ready"
        print(f"{cluster.paths.name}: {verdict}, level {description.level}, {description.endpoint.url}")
        for server, alive in cluster.servers().items():
            print(f"  {server}: {'running' if alive else 'not running'}")
    if not clusters:
        print("no cluster")
    return 0 if complete else 1


def run(arguments: argparse.Namespace) -> int:
    """Carry out one command."""
    match arguments.command:
        case "build":
            build.ensure(Level(arguments.level))
        case "up":
            Cluster.up(name=arguments.name, level=arguments.level, audit=arguments.audit)
        case "down":
            named = [Cluster.named(arguments.name)] if arguments.name else []
            for cluster in named or Cluster.all():
                cluster.down()
            if arguments.images:
                for cluster in named or Cluster.all_with_images():
                    cluster.forget_images()
        case "status":
            return status([Cluster.named(arguments.name)] if arguments.name else Cluster.all())
        case "kubeconfig":
            print(Cluster.named(arguments.name).kubeconfig(arguments.user, arguments.group))
        case "image-import":
            for name in Cluster.named(arguments.name).import_images(arguments.archives):
                print(name)
    return 0


def main() -> int:
    """0 done, 1 failed, 2 this machine can't or the command line is wrong."""
    try:
        return run(parser().parse_args())
    except UnsuitableMachineError as error:
        print(error, file=sys.stderr)
        return 2
    except ClusterError as error:
        print(error, file=sys.stderr)
        return 1
    except BrokenPipeError:  # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
