"""Other people's words in our status: cut to what its schema takes, so that a long message never blocks an answer."""

import re

_TEXT = 1024
_REASON = 64


def text_of(message: str) -> str:
    """`message` in as many characters as a status takes."""
    return message if len(message) <= _TEXT else message[: _TEXT - 1] + "…"


def note_of(message: str) -> str:
    """`message` as the note of an event, which is measured in bytes."""
    encoded = message.encode(errors="replace")
    if len(encoded) <= _TEXT:
        return message
    return encoded[: _TEXT - len("…".encode())].decode(errors="ignore") + "…"


def reason_of(code: str, otherwise: str) -> str:
    """`code` as a CamelCase reason; `otherwise` when nothing of it can be kept."""
    cleaned = re.sub(r"^[^A-Za-z]+|[^A-Za-z0-9]", "", code)[:_REASON]
    return cleaned or otherwise
