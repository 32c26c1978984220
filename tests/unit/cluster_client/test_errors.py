import pytest

from modelreuse.cluster.errors import (
    AlreadyExistsError,
    ApiError,
    NotFoundError,
    RefusedError,
    StaleError,
    UnavailableError,
    UnsentError,
    error_of,
)


@pytest.mark.parametrize(
    ("status", "reason", "kind"),
    [
        (400, "BadRequest", RefusedError),
        (403, "Forbidden", RefusedError),
        (422, "Invalid", RefusedError),
        (413, "RequestEntityTooLarge", RefusedError),
        (404, "NotFound", NotFoundError),
        (409, "AlreadyExists", AlreadyExistsError),
        (409, "Conflict", StaleError),
        (401, "Unauthorized", UnsentError),
        (429, "TooManyRequests", UnsentError),
        (408, "Timeout", UnavailableError),
        (410, "Expired", UnavailableError),
        (500, "InternalError", UnavailableError),
        (503, "ServiceUnavailable", UnavailableError),
        (504, "Timeout", UnavailableError),
        (302, "", UnavailableError),
    ],
)
def test_an_answer_becomes_what_can_be_concluded_from_it(status: int, reason: str, kind: type[ApiError]) -> None:
    assert type(error_of(status, reason, "why")) is kind


def test_a_refusal_is_never_mistaken_for_silence() -> None:
    assert not issubclass(RefusedError, UnavailableError)
    assert not issubclass(UnavailableError, RefusedError)


def test_a_refusal_carries_the_servers_own_sentence() -> None:
    error = error_of(403, "Forbidden", 'admission webhook said "no"')
    assert isinstance(error, RefusedError)
    assert (error.status, error.reason, error.message) == (403, "Forbidden", 'admission webhook said "no"')
