"""Other people's words in our status and events, as their schemas take them: what they say never blocks an answer."""

import re

from modelreuse.api import Failure
from modelreuse.api.types import MAX_REASON

_TEXT = 1024


def failure_of(code: str, message: str, otherwise: str) -> Failure:
    """What somebody else says went wrong; `otherwise` is the reason where their `code` can't be one."""
    reason = reason_of(code, otherwise)
    return Failure(reason=reason, message=message or reason)


def note_of(message: str) -> str:
    """`message` as the note of an event, which is measured in bytes."""
    encoded = message.encode(errors="replace")
    if len(encoded) <= _TEXT:
        return message
    return encoded[: _TEXT - len("…".encode())].decode(errors="ignore") + "…"


def reason_of(code: str, otherwise: str) -> str:
    """`code` as a CamelCase reason; `otherwise` when nothing of it can be kept."""
    cleaned = re.sub(r"^[^A-Za-z]+|[^A-Za-z0-9]", "", code)[:MAX_REASON]
    return cleaned or otherwise
