"""Waiting for what a cluster does in its own time: by asking again until a deadline, never by a fixed sleep."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(ask: Callable[[], T | None], what: str, *, seconds: float = 30.0) -> T:
    """The first true answer of `ask`; AssertionError with `what` when there was none in time."""
    deadline = time.monotonic() + seconds
    pause = 0.02
    while True:
        answer = ask()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:.0f} s: {what}; last answer {answer!r}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.5)
