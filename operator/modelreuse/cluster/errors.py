"""What an API server can answer instead of yes, sorted by what a caller can conclude from it.

The line that matters runs between a definite no, after which nothing has happened, and silence, after which anything
may have.
"""


class ApiError(Exception):
    """A request that did not succeed."""


class UnavailableError(ApiError):
    """No definite answer: a timeout, a lost connection, a failing server. The request may have worked."""


class UnsentError(UnavailableError):
    """No answer, and the server has surely done nothing: it couldn't be reached, or turned us away at the door."""


class RefusedError(ApiError):
    """A definite no: nothing was changed. Carries the server's own sentence."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.message = message


class NotFoundError(RefusedError):
    """The object, or the kind, isn't there."""


class StaleError(RefusedError):
    """Somebody else changed the object since it was read."""


class AlreadyExistsError(RefusedError):
    """The name is taken."""


_TURNED_AWAY = {401, 429}
"""Our token has expired, or the server has too much to do: before it looked at what was asked."""
_UNDECIDED = {408, 410}
"""4xx that say nothing about the request itself: the server's patience, an expired page of a list."""


def error_of(status: int, reason: str, message: str) -> ApiError:
    """The error for an answer with this HTTP status and the `reason` and `message` of its Status object."""
    if status in _TURNED_AWAY:
        return UnsentError(f"HTTP {status} {reason}: {message}")
    if status in _UNDECIDED or not 400 <= status < 500:
        return UnavailableError(f"HTTP {status} {reason}: {message}")
    if status == 404:
        return NotFoundError(status, reason, message)
    if status == 409 and reason == "AlreadyExists":
        return AlreadyExistsError(status, reason, message)
    if status == 409:
        return StaleError(status, reason, message)
    return RefusedError(status, reason, message)
