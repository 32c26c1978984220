"""The command line: `python -m study run|replay|scores|pilot|report`."""

import argparse
import sys

from study import pilot, split
from study.features import write_features
from study.grid import settings, slice_of
from study.places import PILOT, RECORDS
from study.records import development
from study.replay import replay, summary
from study.report import noise, outcomes
from study.running import begun, missing, run
from study.store import DEVELOPMENT, Store


def parser() -> argparse.ArgumentParser:
    """The command line's grammar."""
    top = argparse.ArgumentParser(prog="study", description="Real retrainings, to fit and to judge predictions.")
    commands = top.add_subparsers(dest="command", required=True)
    for name, sentence in {"run": "run what is missing of a slice", "pilot": "run a slice of the pilot"}.items():
        command = commands.add_parser(name, help=sentence)
        command.add_argument("--slice", type=_slice, default=(1, 1), metavar="I/N", help="every N-th setting from I on")
        if name == "pilot":
            command.add_argument("--settings", type=int, default=120, help="how many settings the pilot has")
    again = commands.add_parser("replay", help="run two in a hundred again and compare")
    again.add_argument("--seed", type=int, default=0, help="which ones")
    commands.add_parser("scores", help="compute the scores of all settings that were run anew")
    commands.add_parser("report", help="say what is missing, and how development's runs ended")
    return top


def main() -> int:
    """0 done, 1 not, 130 interrupted."""
    arguments = parser().parse_args()
    store = Store(RECORDS, split.frozen())
    try:
        match arguments.command:
            case "run":
                run(slice_of(settings(), *arguments.slice), store, _say)
            case "pilot":
                trial = Store(PILOT, pilot.NO_SPLIT)
                run(slice_of(pilot.settings(arguments.settings), *arguments.slice), trial, _say)
                _say(outcomes(trial.side_rows(DEVELOPMENT)))
            case "replay":
                _say(summary(replay(store, arguments.seed, _say)))
            case "scores":
                write_features(begun(settings(), store), store, _say)
            case "report":
                _say(f"{sum(len(arms) for _, arms in missing(settings(), store))} runs are missing")
                rows = [record.row for record in development()]
                if rows:
                    _say(f"development's rows:\n{outcomes(rows)}\n{noise(rows)}")
    except ValueError as error:
        print(f"study: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("study: interrupted; what had ended is stored, the same command goes on from there", file=sys.stderr)
        return 130
    return 0


def _slice(text: str) -> tuple[int, int]:
    number, _, count = text.partition("/")
    try:
        return int(number), int(count)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}: write it as 1/2") from None


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
