"""What can be wrong with the use of a meter. What cannot be measured is no error: it is estimated, and says so."""

from __future__ import annotations


class MeterError(Exception):
    """Base of what this package raises on purpose; `str()` of it is one sentence."""

    @property
    def reason(self) -> str:
        """The cause as a CamelCase code, equal to the class name."""
        return type(self).__name__


class MeterNotFinished(MeterError):  # noqa: N818 - the class name is the reason code
    """A measurement was asked for before its region had ended."""


class NegativePower(MeterError):  # noqa: N818
    """A power figure is negative or not a number."""
