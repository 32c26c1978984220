"""What the API server refused to create lately, and why.

Kept in memory only: after a restart it is tried again, and refused again. Forgotten after a while, so that the rules
try again what they hold back while a refusal stands.
"""

from datetime import datetime, timedelta

from modelreuse.api import Failure
from modelreuse.controller.key import Key

REMEMBERED = timedelta(seconds=45)
"""Shorter than the rules' own pause before they look again at what was refused."""


class Refusals:
    """Definite refusals by check and object name."""

    def __init__(self) -> None:
        self._by_check: dict[Key, dict[str, tuple[datetime, Failure]]] = {}

    def remember(self, key: Key, name: str, failure: Failure, now: datetime) -> None:
        """The object `name` of this check was refused."""
        self._by_check.setdefault(key, {})[name] = (now, failure)

    def of(self, key: Key, now: datetime) -> dict[str, Failure]:
        """What was refused lately for this check, by object name."""
        standing = {
            name: (since, failure)
            for name, (since, failure) in self._by_check.pop(key, {}).items()
            if now - since < REMEMBERED
        }
        if standing:
            self._by_check[key] = standing
        return {name: failure for name, (_, failure) in standing.items()}

    def forget(self, key: Key) -> None:
        """The check is gone."""
        self._by_check.pop(key, None)
