"""A plain GET, against a real TLS server: what comes back, what heals, and where a pod is never sent."""

import hashlib
import ipaddress
import socket
import time
from collections.abc import Callable, Iterator

import pytest

from modelreuse.worker import TaskError
from modelreuse.worker.content import read
from modelreuse.worker.schemes import https
from modelreuse.worker.staged import stage
from storage.serving import QuietHandler, served

FIELD = "spec.data.new.uri"
DATA = bytes(range(256)) * 1000

Answers = list[Callable[[QuietHandler], None]]


@pytest.fixture
def answers() -> Answers:
    """What the server does with each request, one after the other; the last one again and again."""
    return [lambda request: request.file(DATA)]


@pytest.fixture
def asked() -> list[str]:
    """The paths that were asked for."""
    return []


@pytest.fixture
def port(answers, asked, server_context) -> Iterator[int]:
    class Handler(QuietHandler):
        def do_GET(self) -> None:  # noqa: N802 - the name that http.server calls
            asked.append(self.path)
            (answers.pop(0) if len(answers) > 1 else answers[0])(self)

    with served(Handler, server_context) as port:
        yield port


@pytest.fixture
def trusted(certificate, monkeypatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))


@pytest.fixture
def reachable(monkeypatch) -> None:
    """Loopback counts as a public address here; everything else as it is."""
    real = https.forbidden

    def judged(address, *, private_too):
        return None if address == ipaddress.ip_address("127.0.0.1") else real(address, private_too=private_too)

    monkeypatch.setattr(https, "forbidden", judged)


@pytest.fixture
def fetch(port, trusted, reachable, places):
    return lambda path="/x.npz", host="localhost", **limits: read(
        f"https://{host}:{port}{path}", FIELD, places, **limits
    )


def refused(action) -> TaskError:
    with pytest.raises(TaskError) as refusal:
        action()
    assert str(refusal.value).startswith("spec.data.new.uri: 'https://")
    return refusal.value


def test_a_file_comes_back_with_its_hash(fetch):
    content = fetch()

    assert content.data == DATA
    assert content.sha256 == "sha256:" + hashlib.sha256(DATA).hexdigest()


def test_a_name_with_spaces_and_umlauts_is_asked_for_as_such(fetch, asked):
    fetch("/a b/ü.npz")

    assert asked == ["/a%20b/%C3%BC.npz"]


def test_it_is_staged_in_the_scratch_folder_and_deleted_with_its_last_user(fetch, port, places):
    staged = stage(f"https://localhost:{port}/x.npz", FIELD, places)

    assert staged.read("x.npz") == DATA
    assert staged.root.name == "x.npz"
    del staged
    assert list(places.scratch.iterdir()) == []


def test_an_answer_without_a_length_is_read_to_its_end(fetch, answers):
    def chunked(request: QuietHandler) -> None:
        request.send_response(200)
        request.send_header("Transfer-Encoding", "chunked")
        request.end_headers()
        request.wfile.write(b"3\r\nabc\r\n0\r\n\r\n")

    answers[:] = [chunked]

    assert fetch().data == b"abc"


def test_what_is_larger_than_the_limit_is_not_read_on(fetch, answers, places, port):
    assert refused(lambda: fetch(limit=1000)).reason == "FileTooLarge"

    answers[:] = [lambda request: request.answer(200, b"\0" * (2**20 + 1))]
    error = refused(lambda: stage(f"https://localhost:{port}/x.npz", FIELD, places))
    assert error.reason == "ScratchFull"
    assert "SCRATCH_LIMIT_BYTES" in str(error)
    assert list(places.scratch.iterdir()) == []


def cut_off(request: QuietHandler) -> None:
    request.send_response(200)
    request.send_header("Content-Length", str(len(DATA)))
    request.end_headers()
    request.wfile.write(DATA[:1000])
    request.close_connection = True


def hang_up(request: QuietHandler) -> None:
    request.close_connection = True
    request.connection.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize(
    "trouble", [cut_off, hang_up, *(lambda r, s=s: r.answer(s) for s in (408, 425, 429, 500, 502, 503, 504))]
)
def test_what_may_heal_is_tried_again(fetch, answers, trouble):
    answers.insert(0, trouble)

    assert fetch().data == DATA


def test_what_does_not_heal_in_time_may_heal_later(fetch, answers, asked):
    answers[:] = [lambda request: request.answer(503, b"secret detail")]

    error = refused(fetch)

    assert (error.reason, error.retryable) == ("StorageFailed", True)
    assert "HTTP 503" in str(error)
    assert "secret" not in str(error)
    assert len(asked) == 1 + len(https_pauses())


def https_pauses() -> tuple[float, ...]:
    from modelreuse.worker.schemes import storage

    return storage.PAUSES


@pytest.mark.parametrize(
    ("status", "reason"), [(404, "FileNotFound"), (410, "FileNotFound"), (401, "AccessDenied"), (403, "AccessDenied"),
                           (400, "StorageFailed"), (204, "StorageFailed")]
)  # fmt: skip
def test_what_will_not_heal_is_asked_once(fetch, answers, asked, status, reason):
    answers[:] = [lambda request: request.answer(status)]

    error = refused(fetch)

    assert (error.reason, error.retryable) == (reason, False)
    assert len(asked) == 1


def test_a_redirect_is_followed(fetch, answers, asked):
    answers.insert(0, lambda request: request.answer(302, Location="/elsewhere?signed=1"))

    assert fetch().data == DATA
    assert asked == ["/x.npz", "/elsewhere?signed=1"]


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("http://localhost/x", "RedirectRefused"),
        ("file:///etc/passwd", "RedirectRefused"),
        ("ftp://localhost/x", "RedirectRefused"),
        ("https://user@localhost/x", "RedirectRefused"),
        ("https://localhost:99999/x", "RedirectRefused"),
        ("", "RedirectRefused"),
        ("https://169.254.169.254/latest/meta-data/", "AddressForbidden"),
        ("https://10.0.0.1/x", "AddressForbidden"),
        ("https://[::1]/x", "AddressForbidden"),
    ],
)
def test_a_redirect_to_where_nothing_may_be_fetched_is_refused(fetch, answers, asked, location, reason, monkeypatch):
    monkeypatch.setattr(https, "_Connection", _public)
    answers[:] = [lambda request: request.answer(302, **({"Location": location} if location else {}))]

    error = refused(fetch)

    assert (error.reason, error.retryable) == (reason, False)


class _public(https._Connection):  # noqa: N801 - stands in for it
    """Loopback counts as public, as in `reachable`."""

    def connect(self) -> None:
        super().connect()
        self.is_public = True


def test_redirects_in_a_circle_end(fetch, answers, asked):
    answers[:] = [lambda request: request.answer(301, Location="/x.npz")]

    assert refused(fetch).reason == "RedirectRefused"
    assert len(asked) == https.MAX_REDIRECTS + 1


def test_an_unknown_authority_is_refused(port, reachable, places):
    error = refused(lambda: read(f"https://localhost:{port}/x.npz", FIELD, places))

    assert (error.reason, error.retryable) == ("CertificateRejected", False)
    assert "SSL_CERT_FILE" in str(error)


def test_a_certificate_of_another_name_is_refused(fetch, monkeypatch):
    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *a, **k: real("127.0.0.1", *a, **k))

    assert refused(lambda: fetch(host="elsewhere.example")).reason == "CertificateRejected"


def test_a_server_that_speaks_no_tls_is_no_server(trusted, reachable, places):
    with served(QuietHandler) as port:
        error = refused(lambda: read(f"https://localhost:{port}/x.npz", FIELD, places))

    assert (error.reason, error.retryable) == ("StorageFailed", True)


def test_a_port_where_nobody_listens_may_heal(fetch, places, trusted, reachable):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    error = refused(lambda: read(f"https://localhost:{port}/x.npz", FIELD, places))

    assert (error.reason, error.retryable) == ("StorageFailed", True)


def test_a_server_that_says_nothing_is_not_waited_for_forever(fetch, answers, monkeypatch):
    monkeypatch.setattr(https, "TIMEOUT_SECONDS", 0.2)
    answers[:] = [lambda request: time.sleep(1)]

    assert refused(fetch).retryable


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_this_machine_itself_is_never_asked(port, trusted, places, asked, host):
    error = refused(lambda: read(f"https://{host}:{port}/x.npz", FIELD, places))

    assert (error.reason, error.retryable) == ("AddressForbidden", False)
    assert asked == []


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "127.8.8.8", "0.0.0.0", "169.254.169.254", "169.254.170.2", "100.100.100.200", "168.63.129.16",
     "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fd00:ec2::254", "ff02::1", "::ffff:169.254.169.254",
     "::ffff:127.0.0.1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::"],
)  # fmt: skip
def test_addresses_that_are_never_asked(address):
    assert https.forbidden(ipaddress.ip_address(address), private_too=False)


@pytest.mark.parametrize("address", ["10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "fd12::1"])
def test_private_addresses_are_for_those_who_name_them(address):
    assert https.forbidden(ipaddress.ip_address(address), private_too=False) is None
    assert https.forbidden(ipaddress.ip_address(address), private_too=True)


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700::1111", "64:ff9b::101:101"])
def test_public_addresses_are_for_everybody(address):
    assert https.forbidden(ipaddress.ip_address(address), private_too=True) is None


def test_a_folder_is_no_file_of_a_web_server(places):
    assert refused(lambda: stage("https://localhost/x/", FIELD, places, wanted=lambda _: True)).reason == "NotAFile"
