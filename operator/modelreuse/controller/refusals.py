"""What the API server refused to create, and why: known until the object appears or nobody asks for it any more.

Kept in memory only: after a restart it is asked for again, and refused again. When to ask again is for the rules.
"""

from collections.abc import Collection
from datetime import datetime

from modelreuse.api import Failure
from modelreuse.controller.key import Key
from modelreuse.decisions import Refusal


class Refusals:
    """The last definite refusals by check and object name."""

    def __init__(self) -> None:
        self._by_check: dict[Key, dict[str, Refusal]] = {}

    def remember(self, key: Key, name: str, failure: Failure, now: datetime) -> None:
        """The object `name` of this check was refused."""
        self._by_check.setdefault(key, {})[name] = Refusal(failure, now)

    def of(self, key: Key) -> dict[str, Refusal]:
        """What was refused for this check, by object name."""
        return dict(self._by_check.get(key, {}))

    def appeared(self, key: Key, name: str) -> None:
        """The object stands."""
        self._by_check.get(key, {}).pop(name, None)

    def keep(self, key: Key, names: Collection[str]) -> None:
        """Only these objects are asked for any more."""
        kept = {name: refusal for name, refusal in self._by_check.pop(key, {}).items() if name in names}
        if kept:
            self._by_check[key] = kept

    def forget(self, key: Key) -> None:
        """The check is gone."""
        self._by_check.pop(key, None)
