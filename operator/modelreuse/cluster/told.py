"""What was told lately: so that the same news isn't told at every look."""

from collections import OrderedDict
from datetime import datetime, timedelta

QUIET = timedelta(minutes=10)
"""For so long the same news isn't repeated."""
REMEMBERED = 10_000
"""More news than this at once, and the oldest may be repeated."""

News = tuple[str, str, str]
"""About whom (a UID), reason, message."""


class Told:
    """Remembers news for `QUIET`."""

    def __init__(self) -> None:
        self._told: OrderedDict[News, datetime] = OrderedDict()

    def __len__(self) -> int:
        return len(self._told)

    def is_news(self, news: News, now: datetime) -> bool:
        """Whether this wasn't told lately; from now on it was."""
        while self._told and (len(self._told) > REMEMBERED or now - next(iter(self._told.values())) >= QUIET):
            self._told.popitem(last=False)
        if news in self._told:
            return False
        self._told[news] = now
        return True
