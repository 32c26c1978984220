"""The command line: `python -m demo`. Exit status 0 when the story came to its end, 1 when it didn't."""

import argparse
import os
import shutil
import sys

from demo import places
from demo.errors import DemoError
from demo.explanation import explain
from demo.narrator import Narrator
from demo.stages import ExistingStage, LocalStage, Stage
from demo.story import Story
from localcluster.errors import ClusterError, UnsuitableMachineError


def parser() -> argparse.ArgumentParser:
    """The command line's grammar."""
    top = argparse.ArgumentParser(prog="demo", description="Plays the flow on a real cluster, as three people.")
    top.add_argument("--name", default="demo", help="the local cluster's name")
    top.add_argument("--context", help="use this context's cluster instead")
    top.add_argument("--registry", metavar="HOST[/PATH]", help="that this cluster pulls from")
    return top


def main() -> int:
    """0 played to the end, 1 not, 2 this machine can't."""
    arguments = parser().parse_args()
    os.chdir(places.CHECKOUT)
    shutil.rmtree(places.RESULTS, ignore_errors=True)
    places.RESULTS.mkdir(parents=True)
    narrator = Narrator()
    local = LocalStage(arguments.name, narrator)
    stage: Stage = ExistingStage(arguments.context, arguments.registry, narrator) if arguments.context else local
    narrator.say(
        'Commands are shown as a person types them here, after: export PATH="$PWD/.venv/bin:$PATH" PYTHONPATH=tools'
    )
    try:
        line = Story(stage, narrator).play()
    except UnsuitableMachineError as error:
        print(error, file=sys.stderr)
        return 2
    except (DemoError, ClusterError, OSError) as error:
        narrator.say(f"\ndemo failed: {error}")
        _explained(stage, narrator)
        narrator.say(f"demo failed: {error}")
        return 1
    except KeyboardInterrupt:
        return 130
    narrator.say(line)
    return 0


def _explained(stage: Stage, narrator: Narrator) -> None:
    try:
        explain(stage.person("admin"), narrator)
    except (DemoError, ClusterError, OSError) as error:
        narrator.say(f"(nothing to look at: {error})")


if __name__ == "__main__":
    sys.exit(main())
