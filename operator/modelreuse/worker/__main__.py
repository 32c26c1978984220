"""`python -m modelreuse.worker`: does the task in MODELREUSE_TASK, answers on the termination log."""

import logging
import os
import sys
import time
from pathlib import Path

from modelreuse.api.names import TASK_ENV
from modelreuse.worker.answer import answer
from modelreuse.worker.cores import available_cores
from modelreuse.worker.places import Places
from modelreuse.worker.summary import encode


def main() -> int:
    """The exit status, after the summary is written."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    os.environ.setdefault("OMP_NUM_THREADS", str(available_cores()))  # read when torch is loaded, which is later
    places = Places.of_environment()
    done = answer(os.environ.get(TASK_ENV), places, started=process_start())
    message = encode(done.summary)
    places.termination_log.write_text(message)
    logging.getLogger(__name__).info("summary: %s", message)
    return done.exit_status


def process_start() -> float:
    """When this process began, on the clock of time.perf_counter: loading Python and torch is part of a start-up."""
    try:
        after_name = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
        began = int(after_name[19]) / os.sysconf("SC_CLK_TCK")
        age = float(Path("/proc/uptime").read_text().split()[0]) - began
    except (OSError, ValueError, IndexError):
        return time.perf_counter()
    return time.perf_counter() - max(0.0, age)


if __name__ == "__main__":
    sys.exit(main())
