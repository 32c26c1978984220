"""How HTTP clients of other people's libraries say that the connection, and not the answer, is the trouble.

By name: the clients change with the libraries (aiohttp, requests, httpx and its successors), and none of them is ours
to import.
"""

import ssl
from collections.abc import Iterator

_NO_ANSWER = frozenset(
    {"aiohttp.ClientError", "httpx.TransportError", "httpx2.TransportError", "requests.RequestException",
     "botocore.HTTPClientError"}
)  # fmt: skip
_TLS = frozenset(
    {"aiohttp.ClientSSLError", "aiohttp.ClientConnectorCertificateError", "requests.SSLError", "botocore.SSLError"}
)


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """The exception and what it was raised from or during, each once."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def is_untrusted(error: BaseException) -> bool:
    """Whether a server's certificate could not be verified."""
    return any(
        isinstance(each, ssl.SSLCertVerificationError) or _is_one_of(each, _TLS) or "CERTIFICATE_VERIFY" in str(each)
        for each in chain(error)
    )


def is_unanswered(error: BaseException) -> bool:
    """Whether no answer came, or only a part of one."""
    return any(
        isinstance(each, ConnectionError | TimeoutError) or _is_one_of(each, _NO_ANSWER) for each in chain(error)
    )


def _is_one_of(error: BaseException, names: frozenset[str]) -> bool:
    return any(f"{kind.__module__.partition('.')[0]}.{kind.__name__}" in names for kind in type(error).__mro__)
