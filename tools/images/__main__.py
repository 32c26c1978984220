"""The command line: `python -m images COMMAND`. It parses, calls, and turns errors into exit statuses; nothing else."""

import argparse
import sys
from pathlib import Path

from images import machine
from images.build import Wanted, ensure
from images.builder import Builder
from images.definitions import IMAGES, REPOSITORY
from images.delivery import deliver
from images.errors import ImagesError
from localcluster.errors import ClusterError, UnsuitableMachineError


def parser() -> argparse.ArgumentParser:
    """The command line's grammar."""
    top = argparse.ArgumentParser(prog="images", description="Builds the images and brings them to a cluster.")
    commands = top.add_subparsers(dest="command", required=True)
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument("--image", action="append", choices=[image.name for image in IMAGES], help="default: all")
    options.add_argument("--base", help="a base image with Python 3.11 or newer; default: a Debian made here")
    options.add_argument(
        "--build-arg", action="append", default=[], metavar="KEY=VALUE", help="e.g. TORCH_INDEX_URL=..."
    )
    commands.add_parser("build", parents=[options], help="build what is stale; prints the names")
    importing = commands.add_parser("import", parents=[options], help="build, and import into a local cluster")
    importing.add_argument("--cluster", required=True, metavar="NAME")
    pushing = commands.add_parser("push", parents=[options], help="build, and push to a registry")
    pushing.add_argument("--registry", required=True, metavar="HOST[/PATH]")
    pushing.add_argument("--insecure", action="store_true", help="without TLS")
    archiving = commands.add_parser("archive", parents=[options], help="build, and write one file per image")
    archiving.add_argument("--folder", required=True, type=Path)
    return top


def run(arguments: argparse.Namespace) -> None:
    """Carry out one command; ends with the images' names, one a line."""
    chosen = [image for image in IMAGES if not arguments.image or image.name in arguments.image]
    options = dict(option.split("=", 1) for option in arguments.build_arg)
    names = list(ensure(Wanted(chosen, arguments.base, options)).values())
    builder = Builder(machine.store())
    match arguments.command:
        case "import":
            deliver(builder.layout, names, arguments.cluster)
        case "push":
            targets = [name.replace(REPOSITORY, arguments.registry.rstrip("/"), 1) for name in names]
            for name, target in zip(names, targets, strict=True):
                builder.push(name, target, insecure=arguments.insecure)
            names = targets
        case "archive":
            for name in names:
                image = name.rpartition("/")[2].partition(":")[0]
                builder.archive(name, arguments.folder / f"{image}.tar")
    for name in names:
        print(name)


def main() -> int:
    """0 done, 1 failed, 2 this machine can't or the command line is wrong."""
    try:
        run(parser().parse_args())
    except UnsuitableMachineError as error:
        print(error, file=sys.stderr)
        return 2
    except (ImagesError, ClusterError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
