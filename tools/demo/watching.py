"""Waiting for an object to reach a state, by a watch: a deadline, and a sign of life while nothing happens."""

import json
import os
import selectors
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

from demo.errors import DemoError
from demo.kubectl import Person

_SIGN_OF_LIFE_SECONDS = 15.0

Object = dict[str, Any]


def documents(chunks: Iterator[str | None]) -> Iterator[Object | None]:
    """The JSON objects in a stream that was cut anywhere; None is passed on (nothing came for a while)."""
    decoder, pending = json.JSONDecoder(), ""
    for chunk in chunks:
        if chunk is None:
            yield None
            continue
        pending = (pending + chunk).lstrip()
        while pending:
            try:
                document, end = decoder.raw_decode(pending)
            except json.JSONDecodeError:
                break
            yield document
            pending = pending[end:].lstrip()


def wait_until(
    person: Person,
    target: tuple[str, ...],
    done: Callable[[Object], bool],
    *,
    seconds: float,
    describe: Callable[[Object], str],
) -> Object:
    """The object once `done` holds of it; its `describe` line is shown whenever it changes.

    target: what `kubectl get` takes. done may raise DemoError to give up. Raises DemoError after `seconds`.
    """
    deadline = time.monotonic() + seconds
    shown, last_sign = "", time.monotonic()
    while time.monotonic() < deadline:
        for seen in documents(_watch(person, target, deadline)):
            if seen is not None:
                line = describe(seen)
                if line != shown:
                    person.narrator.output(line)
                    shown, last_sign = line, time.monotonic()
                if done(seen):
                    return seen
            if time.monotonic() - last_sign >= _SIGN_OF_LIFE_SECONDS:
                left = deadline - time.monotonic()
                person.narrator.output(f"... still so (at most {left:.0f} s more)")
                last_sign = time.monotonic()
    raise DemoError(f"{' '.join(target)}: not there after {seconds:.0f} s; it says: {shown}")


def _watch(person: Person, target: tuple[str, ...], deadline: float) -> Iterator[str | None]:
    """What one `kubectl get --watch` prints, None about every second without news, until it ends or time is up."""
    command = person.command("get", *target, "--watch", "--output=json")
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(process.stdout, selectors.EVENT_READ)
                while time.monotonic() < deadline:
                    if not selector.select(1.0):
                        yield None
                        continue
                    chunk = os.read(process.stdout.fileno(), 65536)
                    if not chunk:
                        process.wait(5)
                        yield None
                        return
                    yield chunk.decode(errors="replace")
        finally:
            process.terminate()
