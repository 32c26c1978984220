"""How free text becomes part of one readable, bounded sentence.

Names come out of users' files; a newline or an escape sequence in one must not forge a line in a log or a terminal.
"""

from collections.abc import Iterable

_ELLIPSIS = "…"


def one_line(text: str, limit: int) -> str:
    """`text` on one line without control characters, at most `limit` characters; an ellipsis shows a cut."""
    clean = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return clean if len(clean) <= limit else clean[: limit - 1] + _ELLIPSIS


def in_bytes(text: str, limit: int) -> str:
    """`text` cut to at most `limit` bytes of UTF-8."""
    if len(text.encode()) <= limit:
        return text
    kept = text.encode()[: max(0, limit - len(_ELLIPSIS.encode()))].decode(errors="ignore")
    return kept + _ELLIPSIS


def few(names: Iterable[str], *, at_most: int = 5) -> str:
    """A short list for a sentence: the first names, and how many more there are."""
    every = list(names)
    shown = ", ".join(repr(one_line(name, 80)) for name in every[:at_most])
    rest = len(every) - at_most
    return f"{shown} and {rest} more" if rest > 0 else shown or "none"
