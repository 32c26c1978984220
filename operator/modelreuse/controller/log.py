"""Log lines: one per event, each with the check that it is about, as plain text or as JSON.

Nothing secret comes near: no spec, no status, and of annotations digests only.
"""

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Literal, TextIO

from modelreuse.controller.key import Key

Format = Literal["plain", "json"]

_check: ContextVar[str] = ContextVar("check", default="-")


@contextmanager
def about(key: Key) -> Iterator[None]:
    """Every line that is logged within is about this check."""
    token = _check.set(str(key))
    try:
        yield
    finally:
        _check.reset(token)


def set_up(kind: Format, *, stream: TextIO | None = None) -> None:
    """Send all log lines of this process to `stream`, standard error by default."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines() if kind == "json" else PlainLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    # kopf tells of each handler that it ran; that it didn't would be news.
    logging.getLogger("kopf.objects").setLevel(logging.WARNING)


class PlainLines(logging.Formatter):
    """For people: time, level, check, message."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(check)s: %(message)s", "%Y-%m-%dT%H:%M:%S%z")

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        record.check = _check.get()
        return super().format(record)


class JsonLines(logging.Formatter):
    """For programs: one JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "check": _check.get(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)
