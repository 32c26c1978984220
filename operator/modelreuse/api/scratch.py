"""How much a worker may download: who makes its scratch volume and who fills it must mean the same number."""

from typing import Final

SCRATCH_LIMIT_BYTES: Final = 20 * 2**30
"""Of all downloads of one pod together, unless its environment says another number."""
_LONGEST = 15


def scratch_limit(text: str) -> int:
    """Bytes, from the value of the environment's SCRATCH_LIMIT_BYTES; what is no whole number is the default."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST else SCRATCH_LIMIT_BYTES
