"""`https://host/path`: one file by a plain GET.

The pod acts for whoever wrote the check, from inside the cluster, so a URL must not become a way to places that its
author can't reach by other means. The address that is really connected to is judged, so a name that resolves
differently the second time gains nothing:
- never loopback, link-local (where clouds keep a node's credentials), multicast, unspecified or reserved addresses, nor
  the few metadata services that have other addresses;
- private addresses only where the check itself names the host: storage inside the company is the usual case, and an
  approver reads that name; a redirect from a public host to a private one is refused;
- redirects only to https, at most five.
Nothing of what a server answers gets into a message. TLS is verified by the system's authorities and SSL_CERT_FILE.
HTTPS_PROXY is not used: behind a proxy the address could not be judged.
"""

import http.client
import ipaddress
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from modelreuse.worker.schemes.storage import (
    RemoteFile,
    StorageTroubleError,
    answered,
    bad_certificate,
    denied,
    no_such_file,
    unreachable,
)

TIMEOUT_SECONDS = 60.0
MAX_REDIRECTS = 5

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MAY_HEAL = frozenset({408, 425, 429, 500, 502, 503, 504})
_METADATA = frozenset(
    map(ipaddress.ip_address, ("100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254"))
)
"""Metadata services outside link-local ranges: Alibaba, Azure, Oracle, AWS and Google by IPv6."""
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class HttpsStorage:
    """Files of web servers. There are no folders, and nothing is written."""

    def files(self, folder: str) -> Iterator[RemoteFile]:  # noqa: ARG002 - the protocol's signature
        """Raises StorageTroubleError: HTTP knows no folders."""
        raise StorageTroubleError("NotAFile", "https:// names one file; a folder needs pvc, s3, gs or hf")

    def size(self, path: str) -> int | None:  # noqa: ARG002 - the protocol's signature
        """Unknown until it is read: not every server answers HEAD."""
        return None

    @contextmanager
    def open(self, path: str, size: int | None = None) -> Iterator[BinaryIO]:  # noqa: ARG002 - the protocol's signature
        """The body of a GET, redirects followed; a body that ends early raises when it is read."""
        connection, response = _get(f"https://{path}")
        try:
            yield cast(BinaryIO, _Body(response))
        finally:
            connection.close()

    def write(self, path: str, data: bytes) -> None:  # noqa: ARG002 - the protocol's signature
        """Raises StorageTroubleError: a GET writes nothing."""
        raise StorageTroubleError("NotWritable", "https:// can't be written; use pvc, s3, gs or file")


class _Body:
    """Reads a response, in the words of storages."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self._response = response
        self._left = response.length

    def read(self, size: int) -> bytes:
        try:
            data = self._response.read(size)
        except (OSError, http.client.HTTPException) as error:
            raise unreachable(type(error).__name__) from error
        if self._left is not None:
            self._left -= len(data)
            if not data and self._left:
                raise unreachable("the answer ends early")
        return data


def forbidden(address: Address, *, private_too: bool) -> str | None:
    """Why nothing may be fetched from there; None if it may."""
    real = _reached(address)
    if real in _METADATA or real.is_link_local:
        return "a metadata or link-local address"
    if real.is_loopback or real.is_multicast or real.is_unspecified or real.is_reserved:
        return "a loopback, multicast or reserved address"
    if private_too and not real.is_global:
        return "a private address, to which a redirect from a public one may not lead"
    return None


def _reached(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one that a gateway would translate."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


class _Connection(http.client.HTTPSConnection):
    """Judges the address that it is connected to before it says anything."""

    def __init__(self, host: str, port: int, context: ssl.SSLContext, *, private_too: bool) -> None:
        super().__init__(host, port, timeout=TIMEOUT_SECONDS, context=context)
        self._private_too = private_too
        self._context_of_ours = context
        self.is_public = False

    def connect(self) -> None:
        plain = self._connected()
        self.sock = self._context_of_ours.wrap_socket(plain, server_hostname=self.host)

    def _connected(self) -> socket.socket:
        last: OSError | None = None
        for _, _, _, _, target in socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM):
            address = ipaddress.ip_address(str(target[0]).partition("%")[0])
            if reason := forbidden(address, private_too=self._private_too):
                raise StorageTroubleError("AddressForbidden", f"{self.host} is {reason}")
            try:
                plain = socket.create_connection((str(address), self.port), TIMEOUT_SECONDS)
            except OSError as error:
                last = error
                continue
            self.is_public = address.is_global
            return plain
        raise last or OSError("no address")


def _get(url: str) -> tuple[http.client.HTTPSConnection, http.client.HTTPResponse]:
    was_public = False
    for _ in range(MAX_REDIRECTS + 1):
        parts = urlsplit(url)
        connection = _Connection(
            parts.hostname or "", parts.port or 443, ssl.create_default_context(), private_too=was_public
        )
        try:
            response = _answer(connection, parts)
        except BaseException:
            connection.close()
            raise
        if response.status == 200:
            return connection, response
        was_public = was_public or connection.is_public
        location = response.headers.get("Location") or ""
        connection.close()
        if response.status not in _REDIRECTS:
            raise _of_status(response.status)
        url = _redirected(url, location)
    raise StorageTroubleError("RedirectRefused", f"redirects more than {MAX_REDIRECTS} times")


def _answer(connection: _Connection, parts: SplitResult) -> http.client.HTTPResponse:
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("GET", path, headers={"Accept-Encoding": "identity", "User-Agent": "modelreuse"})
        return connection.getresponse()
    except ssl.SSLCertVerificationError as error:
        raise bad_certificate() from error
    except socket.gaierror as error:
        raise unreachable("its name isn't known") from error
    except (OSError, http.client.HTTPException) as error:
        raise unreachable(type(error).__name__) from error


def _redirected(url: str, location: str) -> str:
    try:
        target = urlsplit(urljoin(url, location))
        port = target.port
    except ValueError:
        raise StorageTroubleError("RedirectRefused", "redirects to something that is no URL") from None
    if target.scheme != "https" or not target.hostname or target.username or port == 0:
        raise StorageTroubleError("RedirectRefused", "redirects to something that isn't https")
    return target.geturl()


def _of_status(status: int) -> StorageTroubleError:
    if status in {404, 410}:
        return no_such_file()
    if status in {401, 403}:
        return denied("https:// is read without credentials; put the file where the pod may read it")
    return answered(f"HTTP {status}", retryable=status in _MAY_HEAL)
