"""Other people's words in our status: cut to what its schema takes, so that a long message never blocks an answer."""

import re

_TEXT = 1024
_REASON = 64


def text_of(message: str, limit: int = _TEXT) -> str:
    """`message` in at most `limit` characters."""
    return message if len(message) <= limit else message[: limit - 1] + "…"


def reason_of(code: str, otherwise: str) -> str:
    """`code` as a CamelCase reason; `otherwise` when nothing of it can be kept."""
    cleaned = re.sub(r"^[^A-Za-z]+|[^A-Za-z0-9]", "", code)[:_REASON]
    return cleaned or otherwise
